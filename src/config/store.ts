import * as z from 'zod'
import { reference, scalar, Wrong, word } from './grammar.ts'
import { filled, group, optional } from './keys.ts'
import { hostOf } from './network.ts'
import type { StoreSettings } from './settings.ts'

/** Where a Redis is. */
interface RedisAddress {
  readonly tls: boolean
  /** A name or an address, without brackets. */
  readonly host: string
  readonly port: number
  readonly database: number
}

const USUAL_PREFIX = 'hookwarden:'
const USUAL_PORT = 6379
const DATABASES = 100_000
const EXPECTED = 'expected an address such as `redis://redis:6379/1` or `rediss://…`'

function readRedis(text: string): RedisAddress | Wrong {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^rediss?:\/\/[^/\\\s]/i.test(text)) return new Wrong(EXPECTED)
  if (url.username !== '' || url.password !== '') {
    return new Wrong(
      'expected an address without user name or password',
      'write `store: { url: …, password: env:NAME }`, so that the map holds no secret',
    )
  }
  const database = /^\/?(?<number>\d{0,5})$/.exec(url.pathname)?.groups?.number
  if (database === undefined || Number(database) >= DATABASES || /[?#]/.test(text)) {
    return new Wrong('expected nothing behind the host but the number of a database')
  }
  const host = hostOf(url)
  if (host === undefined) return new Wrong(EXPECTED)
  const port = url.port === '' ? USUAL_PORT : Number(url.port)
  return { tls: url.protocol === 'rediss:', host, port, database: Number(database) }
}

const redisAddress = () =>
  scalar('the address of a Redis such as `redis://redis:6379/1`', readRedis)

const storeKeys = group({
  url: redisAddress().meta({
    description: 'Where it is: `redis://HOST:PORT/DATABASE`, with TLS `rediss://…`.',
  }),
  user: optional(
    reference(),
    'the user `default`',
    'Name of its ACL user.',
    'a Redis without users has only that one',
  ),
  password: optional(
    reference(),
    'no password is sent',
    'Its password. Read at start.',
    'a Redis on loopback may have none; elsewhere the lack of one is a warning',
  ),
  ca: optional(
    z
      .string({ error: 'expected the path of a PEM file' })
      .min(1, { error: 'expected the path of a PEM file' }),
    'what the platform trusts',
    'PEM file with the authority that signed its certificate.',
    'a Redis on a private network rarely has a public certificate',
  ),
  prefix: filled(
    z.string().regex(/^[\w:.{}/-]{1,64}$/, {
      error: 'expected up to 64 letters, digits and `_:.{}/-`',
    }),
    USUAL_PREFIX,
    'What every key begins with.',
    'the Redis of Automatisch holds its jobs too, and two installations may share one',
  ),
})

/** What replicas share. */
export const store = filled(
  z.union(
    [
      scalar('`memory` or the address of a Redis such as `redis://redis:6379/1`', text =>
        text === 'memory' ? text : readRedis(text),
      ),
      storeKeys,
    ],
    { error: 'expected `memory`, an address such as `redis://redis:6379/1`, or `url` with keys' },
  ),
  'memory',
  'Where proven deliveries are counted and remembered: in the memory of this process, or in a Redis for all replicas together.',
  'one process needs nothing else; see docs/scaling.md for more',
)

export const onStoreError = filled(
  word(['local', 'closed']),
  'local',
  'While that Redis is away: whether a delivery was seen before is told by what this process knows itself, or it is 503 `store_unavailable`. Limits always go by this process.',
  'several senders never come back after a 503, and most deliveries come once',
)

/** The store that the map means; undefined for memory. */
export function storeOf(given: z.output<typeof store>): StoreSettings | undefined {
  if (given === 'memory') return undefined
  if (!('url' in given)) {
    return { ...given, user: undefined, password: undefined, ca: undefined, prefix: USUAL_PREFIX }
  }
  const { url, user, password, ca, prefix } = given
  return { ...url, user, password, ca, prefix }
}
