import type { Clock } from '../clock.ts'
import type { Redis, Reply, Script } from '../redis/port.ts'
import type { Millis } from '../units.ts'
import type { MemoryReplay } from './memory-replay.ts'
import type { Claim, ReplayStore } from './store.ts'

/** Endings that Redis could not be told, kept for its return. */
const OWED = 20_000
/** So many of them are told at once. */
const BATCH = 100

/**
 * Answers 0 fresh, 1 delivered, 2 in flight. An entry is `0 until claimed window owner` while it is claimed and `1 until`
 * once it is kept; Redis forgets it when neither matters any more.
 */
export const CLAIM: Script = {
  name: 'claim',
  lua: `local held = redis.call('GET', KEYS[1])
if held then
  local kept, ends = string.match(held, '^(%d) (%S+)')
  if now < tonumber(ends) then return kept == '1' and 1 or 2 end
end
local lease, window = tonumber(ARGV[2]), tonumber(ARGV[3])
local value = string.format('0 %.17g %.17g %.17g ', now + lease, now, window) .. ARGV[1]
redis.call('SET', KEYS[1], value, 'PX', math.ceil(math.max(lease, window)))
return 0`,
}

/** Ends a claim of ARGV[1]. Where there is none and it was claimed while Redis was away, ARGV[2] is what its window has left. */
export const KEEP: Script = {
  name: 'keep',
  lua: `local held = redis.call('GET', KEYS[1])
local ends
if held then
  local claimed, window, owner = string.match(held, '^0 %S+ (%S+) (%S+) (.*)$')
  if owner == ARGV[1] then ends = tonumber(claimed) + tonumber(window) end
elseif tonumber(ARGV[2]) > 0 then
  ends = now + tonumber(ARGV[2])
end
if ends and ends > now then
  redis.call('SET', KEYS[1], string.format('1 %.17g', ends), 'PX', math.ceil(ends - now))
end
return 0`,
}

export const RELEASE: Script = {
  name: 'release',
  lua: `local held = redis.call('GET', KEYS[1])
if held and string.match(held, '^0 %S+ %S+ %S+ (.*)$') == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0`,
}

/** An ending that Redis was not told yet. */
interface Ending {
  readonly script: Script
  readonly owner: string
  /** Until when a delivery that Redis never saw claimed counts as delivered; 0 where it may have seen the claim. */
  readonly until: Millis
}

export interface RedisReplayOptions {
  readonly redis: Redis
  /** What this process itself has delivered: asked first, and alone while Redis is away. */
  readonly own: MemoryReplay
  readonly prefix: string
  readonly clock: Clock
  /** Without Redis: go by what this process knows, or refuse. */
  readonly onError: 'local' | 'closed'
}

/** One memory of what was delivered for all replicas; it survives their restart. */
export class RedisReplay implements ReplayStore {
  readonly #options: RedisReplayOptions
  /** Claims that Redis was not asked for, by key: until when they count once they are kept. */
  readonly #alone = new Map<string, Millis>()
  readonly #owed = new Map<string, Ending>()
  #paying = false

  constructor(options: RedisReplayOptions) {
    this.#options = options
    options.redis.whenUp(() => void this.#pay())
  }

  claim(
    key: string,
    owner: string,
    lease: Millis,
    window: Millis,
    now: Millis,
  ): Claim | Promise<Claim> {
    const { redis, own, onError } = this.#options
    const ours = own.claim(key, owner, lease, window, now)
    if (ours !== 'fresh') return ours
    if (!redis.up) return this.#decide(key, owner, undefined, window)
    const late = (reply: Reply): void => {
      if (reply === 0 && onError === 'closed') redis.tell(RELEASE, [this.#nameOf(key)], [owner])
    }
    return redis
      .run(CLAIM, [this.#nameOf(key)], [owner, lease, window], late)
      .then(reply => this.#decide(key, owner, reply, window))
  }

  keep(key: string, owner: string): void {
    this.#options.own.keep(key, owner)
    this.#end(key, { script: KEEP, owner, until: this.#alone.get(key) ?? 0 })
  }

  release(key: string, owner: string): void {
    this.#options.own.release(key, owner)
    this.#end(key, { script: RELEASE, owner, until: 0 })
  }

  async close(): Promise<void> {}

  #decide(key: string, owner: string, reply: Reply | undefined, window: Millis): Claim {
    if (reply === 0) return 'fresh'
    const { own, clock, onError } = this.#options
    if (reply === undefined && onError === 'local') {
      this.#alone.set(key, clock.now() + window)
      return 'fresh'
    }
    own.release(key, owner)
    if (reply === undefined) return 'unavailable'
    return reply === 1 ? 'delivered' : 'in_flight'
  }

  #end(key: string, ending: Ending): void {
    this.#alone.delete(key)
    if (!this.#options.redis.up) return this.#owe(key, ending)
    void this.#tell(key, ending)
  }

  async #tell(key: string, ending: Ending): Promise<boolean> {
    const { script, owner, until } = ending
    const { redis, clock } = this.#options
    const left = until === 0 ? 0 : Math.max(0, until - clock.now())
    const reply = await redis.run(script, [this.#nameOf(key)], [owner, left])
    if (reply === undefined) this.#owe(key, ending)
    return reply !== undefined
  }

  #owe(key: string, ending: Ending): void {
    this.#owed.delete(key)
    this.#owed.set(key, ending)
    if (this.#owed.size <= OWED) return
    const [oldest] = this.#owed.keys()
    if (oldest !== undefined) this.#owed.delete(oldest)
  }

  /** Tells what is owed, as long as Redis takes it. */
  async #pay(): Promise<void> {
    if (this.#paying) return
    this.#paying = true
    while (this.#owed.size > 0 && this.#options.redis.up) {
      const batch = [...this.#owed.entries().take(BATCH)]
      for (const [key] of batch) this.#owed.delete(key)
      const told = await Promise.all(batch.map(([key, ending]) => this.#tell(key, ending)))
      if (told.includes(false)) break
    }
    this.#paying = false
  }

  #nameOf(key: string): string {
    return `${this.#options.prefix}replay:${key}`
  }
}
