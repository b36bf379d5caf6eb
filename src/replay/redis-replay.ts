import type { Clock } from '../clock.ts'
import type { Redis, Reply, Script } from '../redis/port.ts'
import type { Millis } from '../units.ts'
import type { MemoryReplay } from './memory-replay.ts'
import type { Claim, ReplayStore } from './store.ts'

/** So many endings of a kind that Redis could not be told are kept. */
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
  local kept, ends = string.match(held, '^([01]) ([%d.e+-]+)')
  ends = tonumber(ends or '')
  if ends and now < ends then return kept == '1' and 1 or 2 end
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
  local claimed, window, owner = string.match(held, '^0 %S+ ([%d.e+-]+) ([%d.e+-]+) (.*)$')
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
  readonly key: string
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
  /** Claims that Redis did not grant, by key and owner: until when they count once they are kept. */
  readonly #alone = new Map<string, Millis>()
  readonly #owed = new Owed()
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
    void this.#pay() // first: what is owed may stand in the way of this claim
    return redis
      .run(CLAIM, [this.#nameOf(key)], [owner, lease, window], () => void this.#pay())
      .then(told => {
        const reply = told === 0 || told === 1 || told === 2 ? told : undefined
        // it may have run, and nobody else would end it
        if (reply === undefined && onError === 'closed') {
          this.#owed.add({ script: RELEASE, key, owner, until: 0 })
        }
        return this.#decide(key, owner, reply, window)
      })
  }

  keep(key: string, owner: string): void {
    this.#options.own.keep(key, owner)
    this.#end(KEEP, key, owner)
  }

  release(key: string, owner: string): void {
    this.#options.own.release(key, owner)
    this.#end(RELEASE, key, owner)
  }

  async close(): Promise<void> {}

  #decide(key: string, owner: string, reply: Reply | undefined, window: Millis): Claim {
    if (reply === 0) return 'fresh'
    const { own, clock, onError } = this.#options
    if (reply === undefined && onError === 'local') {
      this.#alone.set(idOf(key, owner), clock.now() + window)
      return 'fresh'
    }
    own.release(key, owner)
    if (reply === undefined) return 'unavailable'
    return reply === 1 ? 'delivered' : 'in_flight'
  }

  #end(script: Script, key: string, owner: string): void {
    const id = idOf(key, owner)
    const until = script === KEEP ? (this.#alone.get(id) ?? 0) : 0
    this.#alone.delete(id)
    const ending = { script, key, owner, until }
    if (!this.#options.redis.up || this.#paying || this.#owed.size > 0) {
      this.#owed.add(ending) // behind what is owed already
      return void this.#pay()
    }
    void this.#tell(ending).then(told => (told ? void this.#pay() : this.#owed.add(ending)))
  }

  async #tell({ script, key, owner, until }: Ending): Promise<boolean> {
    const { redis, clock } = this.#options
    const left = until === 0 ? 0 : Math.max(0, until - clock.now())
    return (await redis.run(script, [this.#nameOf(key)], [owner, left])) !== undefined
  }

  /** Tells what is owed, each once, as long as Redis is up. What it does not take waits for the next occasion. */
  async #pay(): Promise<void> {
    if (this.#paying) return
    this.#paying = true
    const failed: Ending[] = []
    while (this.#owed.size > 0 && this.#options.redis.up) {
      const batch = this.#owed.take(BATCH)
      const told = await Promise.all(batch.map(ending => this.#tell(ending)))
      failed.push(...batch.filter((_, i) => told[i] === false))
    }
    for (const ending of failed) this.#owed.add(ending)
    this.#paying = false
  }

  #nameOf(key: string): string {
    return `${this.#options.prefix}replay:${key}`
  }
}

/**
 * Endings not told yet, at most one for each owner of a key. A release goes before any keep: until the claim of an
 * earlier owner is gone, Redis would take no other's for kept.
 */
class Owed {
  readonly #releases = new Map<string, Ending>()
  readonly #keeps = new Map<string, Ending>()

  get size(): number {
    return this.#releases.size + this.#keeps.size
  }

  /** Beyond the bound the oldest of its kind is forgotten. */
  add(ending: Ending): void {
    const id = idOf(ending.key, ending.owner)
    const kind = ending.script === KEEP ? this.#keeps : this.#releases
    kind.set(id, ending)
    if (kind.size <= OWED) return
    const [oldest] = kind.keys()
    if (oldest !== undefined) kind.delete(oldest)
  }

  /** Takes so many of them out, in the order in which they are to be told. */
  take(count: number): Ending[] {
    const taken: Ending[] = []
    for (const kind of [this.#releases, this.#keeps]) {
      for (const [id, ending] of kind) {
        if (taken.length === count) return taken
        taken.push(ending)
        kind.delete(id)
      }
    }
    return taken
  }
}

/** No id of a request has a space. */
function idOf(key: string, owner: string): string {
  return `${owner} ${key}`
}
