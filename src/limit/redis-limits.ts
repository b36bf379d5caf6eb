import type { Clock } from '../clock.ts'
import type { Redis, Reply, Script } from '../redis/port.ts'
import type { Millis } from '../units.ts'
import type { MemoryLimits } from './memory-limits.ts'
import type { Bucket, LimitStore, Reservation, Soon } from './store.ts'

/**
 * How far a bucket is spent, as `gcra.ts` and `memory-limits.ts` have it. A clock of Redis that was set back since the
 * bucket was written takes the bucket with it.
 */
const SPENT = `local function store(key, tat, burst)
  local value = string.format('%.17g %.17g %.17g', tat, burst, now)
  redis.call('SET', key, value, 'PX', math.max(1, math.ceil(tat - now)))
end
local function spent(key, burst)
  local held = redis.call('GET', key)
  if not held then return 0 end
  local tat, under, at = string.match(held, '^(%S+) (%S+) (%S+)$')
  tat, under, at = tonumber(tat), tonumber(under), tonumber(at)
  if now < at then
    tat = tat - (at - now)
    store(key, tat, under)
  end
  if under ~= burst then tat = math.min(tat, now + burst) end
  return tat
end
`

/** `reserve` of gcra.ts for every bucket, or for none. Answers 0, the wait, or who refuses and when to come back. */
export const RESERVE: Script = {
  name: 'reserve',
  lua: `${SPENT}
local patience = tonumber(ARGV[1])
local longest, later, by = 0, 0, nil
local tats, bursts = {}, {}
for i, key in ipairs(KEYS) do
  local emission, burst = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local tat = math.max(spent(key, burst), now) + emission
  local slack = emission * 0.01
  local wait = tat - burst - now
  if wait <= slack then wait = 0 end
  if wait > patience + slack then
    by = by or i
    later = math.max(later, wait - patience)
  end
  longest = math.max(longest, wait)
  tats[i], bursts[i] = tat, burst
end
if by then return { by, string.format('%.17g', later) } end
for i, key in ipairs(KEYS) do store(key, tats[i], bursts[i]) end
if longest == 0 then return 0 end
return string.format('%.17g', longest)`,
}

/** `returned` of gcra.ts for every bucket. */
export const GIVE_BACK: Script = {
  name: 'giveBack',
  lua: `${SPENT}
for i, key in ipairs(KEYS) do
  local emission, burst = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local tat = math.max(now, spent(key, burst) - emission)
  if tat > now then store(key, tat, burst) else redis.call('DEL', key) end
end
return 0`,
}

/** What the scripts are told of a list of buckets. */
interface Spelled {
  readonly keys: readonly string[]
  readonly numbers: readonly number[]
}

const AT_ONCE: Reservation = { wait: 0, retryAfter: 0, refusedBy: undefined, shared: true }

export interface RedisLimitsOptions {
  readonly redis: Redis
  /** Decides while Redis is away; what Redis grants to this process is spent there too, so that it knows. */
  readonly own: MemoryLimits
  readonly prefix: string
  readonly clock: Clock
}

/** The limits of all replicas together: one emission schedule, by the clock of Redis. */
export class RedisLimits implements LimitStore {
  readonly #redis: Redis
  readonly #own: MemoryLimits
  readonly #prefix: string
  readonly #clock: Clock
  /** The lists are those of a generation: each is spelled once. */
  readonly #spelled = new WeakMap<readonly Bucket[], Spelled>()

  constructor({ redis, own, prefix, clock }: RedisLimitsOptions) {
    this.#redis = redis
    this.#own = own
    this.#prefix = prefix
    this.#clock = clock
  }

  reserve(buckets: readonly Bucket[], now: Millis, patience: Millis): Soon<Reservation> {
    if (!this.#redis.up) return this.#own.reserve(buckets, now, patience)
    const { keys, numbers } = this.#spell(buckets)
    const late = (reply: Reply): void => {
      if (!Array.isArray(reply)) this.#redis.tell(GIVE_BACK, keys, numbers)
    }
    return this.#redis
      .run(RESERVE, keys, [patience, ...numbers], late)
      .then(reply => this.#decided(buckets, reply, now, patience))
  }

  /** What Redis did not grant, or has undone already because it came late, must not free a slot of others there. */
  giveBack(buckets: readonly Bucket[], now: Millis, shared: boolean): void {
    this.#own.giveBack(buckets, now)
    if (!shared || !this.#redis.up || buckets.length === 0) return
    const { keys, numbers } = this.#spell(buckets)
    this.#redis.tell(GIVE_BACK, keys, numbers)
  }

  async close(): Promise<void> {}

  #decided(
    buckets: readonly Bucket[],
    reply: Reply | undefined,
    asked: Millis,
    patience: Millis,
  ): Reservation {
    const now = this.#clock.now()
    if (reply === undefined) {
      return this.#own.reserve(buckets, now, Math.max(0, patience - Math.max(0, now - asked)))
    }
    if (Array.isArray(reply)) {
      const [by, later] = reply as readonly Reply[]
      return {
        wait: undefined,
        retryAfter: Number(later),
        refusedBy: Number(by) - 1,
        shared: false,
      }
    }
    this.#own.reserve(buckets, now, Number.POSITIVE_INFINITY)
    return reply === 0 ? AT_ONCE : { ...AT_ONCE, wait: Number(reply) }
  }

  #spell(buckets: readonly Bucket[]): Spelled {
    let spelled = this.#spelled.get(buckets)
    if (spelled === undefined) {
      spelled = {
        keys: buckets.map(({ limit, key }) => `${this.#prefix}limit:${limit.name}:${key}`),
        numbers: buckets.flatMap(({ limit }) => [limit.emission, limit.burst]),
      }
      this.#spelled.set(buckets, spelled)
    }
    return spelled
  }
}
