import type { Clock } from '../clock.ts'
import type { Redis, Reply, Script } from '../redis/port.ts'
import type { Millis } from '../units.ts'
import { Known } from './known.ts'
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
  local held = redis.call('GET', key) or ''
  local tat, under, at = string.match(held, '^([%d.e+-]+) ([%d.e+-]+) ([%d.e+-]+)$')
  tat, under, at = tonumber(tat or ''), tonumber(under or ''), tonumber(at or '')
  if not (tat and under and at) then return 0 end
  if now < at then
    tat = tat - (at - now)
    store(key, tat, under)
  end
  if under ~= burst then tat = math.min(tat, now + burst) end
  return tat
end
`

/**
 * `reserve` of gcra.ts for every bucket, or for none. Answers who refuses, 0 where nobody does; the wait, or when to come
 * back; and how far each bucket is spent now, in whole milliseconds from now.
 */
export const RESERVE: Script = {
  name: 'reserve',
  lua: `${SPENT}
local patience = tonumber(ARGV[1])
local longest, later, by = 0, 0, 0
local before, after, bursts = {}, {}, {}
for i, key in ipairs(KEYS) do
  local emission, burst = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local held = math.max(spent(key, burst), now)
  local tat = held + emission
  local slack = emission * 0.01
  local wait = tat - burst - now
  if wait <= slack then wait = 0 end
  if wait > patience + slack then
    if by == 0 then by = i end
    later = math.max(later, wait - patience)
  end
  longest = math.max(longest, wait)
  before[i], after[i], bursts[i] = held, tat, burst
end
local answer = { by, longest == 0 and 0 or string.format('%.17g', by == 0 and longest or later) }
for i, key in ipairs(KEYS) do
  if by == 0 then store(key, after[i], bursts[i]) end
  answer[i + 2] = math.ceil((by == 0 and after or before)[i] - now)
end
return answer`,
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

/** What `RESERVE` answers. */
type Answer = readonly [by: number, wait: number | string, ...ahead: Millis[]]

/** Undefined where it is no answer to that question: something between here and Redis is broken. */
function answerOf(reply: Reply | undefined, buckets: readonly Bucket[]): Answer | undefined {
  const sound = Array.isArray(reply) && reply.length === buckets.length + 2
  return sound && typeof reply[0] === 'number' ? (reply as unknown as Answer) : undefined
}

export interface RedisLimitsOptions {
  readonly redis: Redis
  /** Decides while Redis is away: it is told how far all replicas together have spent each bucket. */
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
  readonly #known = new Known()

  constructor({ redis, own, prefix, clock }: RedisLimitsOptions) {
    this.#redis = redis
    this.#own = own
    this.#prefix = prefix
    this.#clock = clock
  }

  reserve(buckets: readonly Bucket[], now: Millis, patience: Millis): Soon<Reservation> {
    if (!this.#redis.up) return this.#own.reserve(buckets, now, patience)
    const refusal = this.#known.refusal(buckets, now, patience)
    if (refusal !== undefined) return refusal
    const { keys, numbers } = this.#spell(buckets)
    let alone: Reservation | undefined
    // a late grant pays for what went by this process's own memory meanwhile; where nothing did, it is undone
    const late = (reply: Reply): void => {
      if (answerOf(reply, buckets)?.[0] === 0 && alone?.wait === undefined)
        this.#redis.tell(GIVE_BACK, keys, numbers)
    }
    return this.#redis.run(RESERVE, keys, [patience, ...numbers], late).then(reply => {
      const answer = answerOf(reply, buckets)
      if (answer !== undefined) return this.#decided(buckets, answer, now)
      const later = this.#clock.now()
      alone = this.#own.reserve(buckets, later, Math.max(0, patience - Math.max(0, later - now)))
      return alone
    })
  }

  /** What Redis did not grant, or has undone already because it came late, must not free a slot of others there. */
  giveBack(buckets: readonly Bucket[], now: Millis, shared: boolean): void {
    if (buckets.length === 0) return // who was refused has nothing
    this.#own.giveBack(buckets, now)
    this.#known.forget()
    if (!shared || !this.#redis.up) return
    const { keys, numbers } = this.#spell(buckets)
    this.#redis.tell(GIVE_BACK, keys, numbers)
  }

  async close(): Promise<void> {}

  #decided(buckets: readonly Bucket[], [by, wait, ...ahead]: Answer, asked: Millis): Reservation {
    const answered = this.#clock.now()
    this.#own.learn(buckets, ahead, answered)
    this.#known.learn(buckets, ahead, { asked, answered })
    if (by === 0) return wait === 0 ? AT_ONCE : { ...AT_ONCE, wait: Number(wait) }
    return { wait: undefined, retryAfter: Number(wait), refusedBy: by - 1, shared: false }
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
