import { connect, exchange } from '../../support/sender.ts'
import { GITHUB, genuine, PROVIDERS, type Stage } from '../stage.ts'
import { both, type Case, refused, rows, type Table, taken } from './case.ts'
import { delivery, ROOMY, signatureOf } from './deliveries.ts'

const KIB = 1024
const MIB = 1024 ** 2
const SIZE = refused(413, 'body_too_large')
const sized = (size: number) => `{"a":"${'b'.repeat(size - 8)}"}`
const JSON_TYPE = 'Content-Type: application/json\r\n'

/** A genuine delivery in chunks of a size. */
function chunked(body: string, size: number): string {
  let chunks = ''
  for (let at = 0; at < body.length; at += size) {
    const chunk = body.slice(at, at + size)
    chunks += `${chunk.length.toString(16)}\r\n${chunk}\r\n`
  }
  const lines = `${JSON_TYPE}X-Hub-Signature-256: ${signatureOf(body)}\r\n`
  return delivery({ lines, body: `${chunks}0\r\n\r\n`, framing: 'Transfer-Encoding: chunked\r\n' })
}

/** A head alone that declares a body. */
const declares = (size: number | string, target = GITHUB) =>
  `POST ${target} HTTP/1.1\r\nHost: localhost\r\n${JSON_TYPE}X-Hub-Signature-256: ${signatureOf('')}\r\nContent-Length: ${size}\r\n\r\n`

const FEWER = ROOMY.replace('limits: {', 'limits: { body: 1KiB,')
const SIZES = rows([
  ['a body of 1 KiB', delivery({ body: sized(KIB) }), taken(sized(KIB))],
  ['a byte more', delivery({ body: sized(KIB + 1) }), SIZE],
  ['64 KiB', delivery({ body: sized(64 * KIB) }), SIZE],
  ['64 KiB and a byte', delivery({ body: sized(64 * KIB + 1) }), { ...SIZE, after: 'close' }],
  ['2 MiB declared', declares(2 * MIB), { ...SIZE, after: 'close' }],
  ['a petabyte declared', declares('999999999999999'), { ...SIZE, after: 'close' }],
  ['1 KiB in chunks', chunked(sized(KIB), 100), taken(sized(KIB))],
  ['1 KiB in chunks of a byte', chunked(sized(KIB), 1), taken(sized(KIB))],
  ['a byte more in chunks', chunked(sized(KIB + 1), 100), { ...SIZE, after: 'close' }],
  ['a byte more in one chunk', chunked(sized(KIB + 1), MIB), { ...SIZE, after: 'close' }],
  ['60 KiB in chunks', chunked(sized(60 * KIB), 4096), { ...SIZE, after: 'close' }],
  [
    'a chunk of a terabyte begun',
    `${delivery({ body: '10000000000\r\nabc', framing: 'Transfer-Encoding: chunked\r\n' })}${'a'.repeat(2000)}`,
    { ...SIZE, after: 'close' },
  ],
])

/** Writes after a head until it is told to stop, and gives how many bytes went out. */
async function pours(port: number, head: string): Promise<number> {
  const connection = await connect(port)
  connection.socket.on('error', () => {})
  const block = Buffer.alloc(64 * KIB, 'x')
  let out = 0
  await connection.write(head)
  while (out < 64 * MIB && (await connection.write(block))) out += block.length
  connection.destroy()
  return out
}

/** A case that looks at more than its own connection. */
function deed(
  what: string,
  expected: Omit<Case, 'what' | 'send'>,
  act: (on: Stage) => Promise<void>,
): Case {
  return { what, ...expected, send: (_, on) => act(on) }
}

const NOTHING = { answers: [], reasons: [], after: 'keep', reaches: [] } as const
const POURED = [
  ['a body that is refused at its head', declares(64 * MIB, '/nowhere'), 'no_route'],
  [
    'chunks that are refused at their head',
    `POST /nowhere HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n4000000\r\n`,
    'no_route',
  ],
  ['a body that is too large', declares(64 * MIB), 'body_too_large'],
  ['what is no HTTP', `${delivery()}\0`, 'malformed_http'],
] as const
const POURING = POURED.map(([what, head, reason]) =>
  deed(
    `${what} is drained a little, and cut`,
    { ...NOTHING, reasons: [reason], reaches: reason === 'malformed_http' ? ['{"a":1}'] : [] },
    async on => {
      const out = await pours(on.port, head)
      if (out > 24 * MIB) throw new Error(`${out} bytes were taken`)
    },
  ),
)

const FORGED = delivery({ lines: `${JSON_TYPE}X-Hub-Signature-256: sha256=${'0'.repeat(64)}\r\n` })
const STALE = `POST /in/stripe HTTP/1.1\r\nHost: localhost\r\n${JSON_TYPE}Stripe-Signature: t=1,v1=${'0'.repeat(64)}\r\nContent-Length: 0\r\n\r\n`
const RATE = refused(429, 'rate_address')
const WRONG = refused(401, 'signature_mismatch')
const NOWHERE = refused(404, 'no_route')
const nowhere = (n: number) => `GET /${n} HTTP/1.1\r\nHost: localhost\r\n\r\n`
const bodied = (body: string) => delivery({ body })

const BY_ADDRESS = rows([
  ['a forgery', FORGED, WRONG],
  ['another', FORGED, WRONG],
  ['the third', FORGED, RATE],
  ['a claim that is none, for the same sender', delivery({ lines: JSON_TYPE }), RATE],
  ['a genuine delivery from the same address', bodied('{"a":2}'), taken('{"a":2}')],
  ['a forgery behind a genuine delivery', bodied('{"a":3}') + FORGED, both(taken('{"a":3}'), RATE)],
  ['another sender has its own', STALE, refused(401, 'timestamp_stale')],
  ['what leads nowhere has its own', nowhere(1), NOWHERE],
  ['other places', nowhere(2), NOWHERE],
  ['the third of them', nowhere(3), RATE],
  [
    'a method that is not allowed spends nothing',
    delivery({ method: 'GET' }),
    refused(405, 'method'),
  ],
])

const HEADS = { map: `limits: { connections_per_address: 3 }\n${ROOMY}` }
const CONNECTIONS = [
  deed('a fourth connection of an address is closed unheard', { ...NOTHING }, async on => {
    const others = [await connect(on.port), await connect(on.port)]
    const fourth = await connect(on.port).then(
      connection => connection.closed.then(() => 'closed'),
      () => 'closed',
    )
    if (fourth !== 'closed') throw new Error('it was let in')
    for (const other of others) other.destroy()
    await Promise.all(others.map(other => other.closed))
    await on.until(async () => (await on.hookwarden.metrics()).get('hookwarden_connections') === 1)
  }),
  deed('another address still comes in', { ...NOTHING, reaches: ['{"a":4}'] }, async on => {
    const others = [await connect(on.port), await connect(on.port)]
    const bytes = genuine('github', GITHUB, '{"a":4}')
    const answer = await exchange(on.port, bytes, { localAddress: '127.0.0.2' })
    if (answer?.status !== 204) throw new Error(`answered ${answer?.status}`)
    for (const other of others) other.destroy()
    await Promise.all(others.map(other => other.closed))
    await on.until(async () => (await on.hookwarden.metrics()).get('hookwarden_connections') === 1)
  }),
]

export const LIMITS: readonly Table[] = [
  { name: 'sizes', cases: SIZES, options: { map: FEWER } },
  { name: 'what is poured in', cases: POURING, options: { map: ROOMY } },
  {
    name: 'by address',
    cases: BY_ADDRESS,
    still: true,
    options: { map: `defaults: { replay: off, limits: { per_address: 2/1h } }${PROVIDERS}` },
  },
  { name: 'connections', cases: CONNECTIONS, options: HEADS },
]
