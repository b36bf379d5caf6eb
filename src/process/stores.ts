import { randomBytes } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { isLoopback } from '../config/network.ts'
import type { Settings, StoreSettings } from '../config/settings.ts'
import { Fault } from '../errors.ts'
import { MemoryLimits } from '../limit/memory-limits.ts'
import type { LimitStore } from '../limit/store.ts'
import { MemoryReplay } from '../replay/memory-replay.ts'
import type { ReplayStore } from '../replay/store.ts'
import type { Log } from '../report/log.ts'
import { readReference, type SecretSources } from '../secrets/resolve.ts'

/** Where proven deliveries are counted and remembered. */
export interface Stores {
  readonly limits: LimitStore
  readonly replay: ReplayStore
  /** Of this process alone: the same as the two above unless the map names a store. */
  readonly ownLimits: MemoryLimits
  readonly ownReplay: MemoryReplay
  readonly up: () => boolean
  readonly errors: () => number
  readonly close: () => Promise<void>
}

export interface StoresOptions {
  readonly settings: Pick<Settings, 'store' | 'onStoreError'>
  readonly sources: SecretSources
  readonly clock: Clock
  readonly log: Log
}

const LIMIT_KEYS = 10_000
const REPLAY_ENTRIES = 200_000

/** Opens what the map names. Throws a fault where a password or a certificate cannot be read. */
export function openStores(options: StoresOptions): Stores | Promise<Stores> {
  const ownLimits = new MemoryLimits(LIMIT_KEYS)
  const ownReplay = new MemoryReplay({ max: REPLAY_ENTRIES, seed: randomWords(4) })
  const own = { ownLimits, ownReplay }
  const { store } = options.settings
  if (store !== undefined) return openShared(store, own, options)
  return {
    ...own,
    limits: ownLimits,
    replay: ownReplay,
    up: () => true,
    errors: () => 0,
    close: async () => {},
  }
}

async function openShared(
  store: StoreSettings,
  own: Pick<Stores, 'ownLimits' | 'ownReplay'>,
  { settings, sources, clock, log }: StoresOptions,
): Promise<Stores> {
  // loaded where it is needed alone: whoever has no Redis starts sooner
  const [{ connectRedis }, limits, replay] = await Promise.all([
    import('../redis/connect.ts'),
    import('../limit/redis-limits.ts'),
    import('../replay/redis-replay.ts'),
  ])
  const { host, port, database, prefix } = store
  const told = { store: `${host}:${port}/${database}` }
  if (store.password === undefined && !isLoopback(host)) {
    log.warn('the shared store asks for no password: who reaches it can undo every limit', told)
  }
  const redis = await connectRedis({
    ...{ host, port, database, prefix, clock },
    user: textOf('user', store.user, sources),
    password: textOf('password', store.password, sources),
    tls: store.tls ? { ca: store.ca && textOf('ca', `file:${store.ca}`, sources) } : undefined,
    scripts: [limits.RESERVE, limits.GIVE_BACK, replay.CLAIM, replay.KEEP, replay.RELEASE],
    told: {
      up: () => log.info('the shared store answers', told),
      down: cause =>
        log.error('the shared store is away', {
          ...told,
          cause,
          ...CONSEQUENCES[settings.onStoreError],
        }),
    },
  })
  const shared = { redis, prefix, clock }
  return {
    ...own,
    limits: new limits.RedisLimits({ ...shared, own: own.ownLimits }),
    replay: new replay.RedisReplay({
      ...shared,
      own: own.ownReplay,
      onError: settings.onStoreError,
    }),
    up: () => redis.up,
    errors: () => redis.errors,
    close: () => redis.close(),
  }
}

/** What the operator has to expect meanwhile. */
const CONSEQUENCES = {
  local: { meanwhile: 'this process counts and remembers alone' },
  closed: { meanwhile: 'deliveries that replay memory covers are answered 503 store_unavailable' },
} as const

function textOf(
  key: 'user' | 'password' | 'ca',
  ref: string | undefined,
  sources: SecretSources,
): string | undefined {
  if (ref === undefined) return undefined
  const found = readReference(ref, sources)
  if ('problem' in found) throw new Fault('store_unusable', `store.${key}: ${found.problem}`)
  return new TextDecoder().decode(found.bytes)
}

function randomWords(count: number): Uint32Array {
  return new Uint32Array(new Uint8Array(randomBytes(4 * count)).buffer)
}
