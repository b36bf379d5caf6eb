import type { Millis } from '../units.ts'
import { BucketTable } from './bucket-table.ts'
import { type Limit, reserve, returned } from './gcra.ts'
import type { LimitStore, Reservation } from './store.ts'

/** How many keys of one limit have their names remembered. */
const NAMES = 10_000

/** The limits of this process alone, for a bounded number of keys. */
export class MemoryLimits implements LimitStore {
  readonly #buckets: BucketTable
  /** The burst each bucket was last spent under. */
  readonly #burst: Float64Array
  /** Names of buckets by limit and key: both come from the map, so there are few. */
  readonly #names = new Map<string, Map<string, string>>()

  /** @param max keys remembered; beyond it refilled buckets go first, then the least spent ones */
  constructor(max: number) {
    this.#buckets = new BucketTable(max)
    this.#burst = new Float64Array(max)
  }

  /** Keys remembered, for the gauge. */
  get size(): number {
    return this.#buckets.size
  }

  /** Buckets forgotten before they had refilled: the bound is too small. */
  get evicted(): number {
    return this.#buckets.evicted
  }

  reserve(limit: Limit, key: string, now: Millis, patience: Millis): Reservation {
    const name = this.#nameOf(limit, key)
    const place = this.#buckets.find(name) ?? this.#buckets.displace(name, now)
    if (place === undefined) return { wait: undefined, retryAfter: limit.emission } // a bound of none
    const slot = reserve(limit, this.#spent(place, limit, now), now, patience)
    this.#buckets.tat[place] = slot.tat
    return slot
  }

  giveBack(limit: Limit, key: string, now: Millis): void {
    const place = this.#buckets.find(this.#nameOf(limit, key))
    if (place === undefined) return
    this.#buckets.tat[place] = returned(limit, this.#spent(place, limit, now), now)
  }

  async close(): Promise<void> {}

  #nameOf({ name }: Limit, key: string): string {
    let names = this.#names.get(name)
    if (names === undefined) {
      names = new Map()
      this.#names.set(name, names)
    }
    let known = names.get(key)
    if (known === undefined) {
      known = `${name} ${key}`
      if (names.size < NAMES) names.set(key, known)
    }
    return known
  }

  /** How far a bucket is spent. After a reload with another rate it is full at most, not shut for the old window. */
  #spent(place: number, limit: Limit, now: Millis): Millis {
    const tat = this.#buckets.tat[place] ?? 0
    if (this.#burst[place] === limit.burst) return tat
    this.#burst[place] = limit.burst
    return Math.min(tat, now + limit.burst)
  }
}
