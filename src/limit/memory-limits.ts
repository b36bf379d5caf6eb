import type { Millis } from '../units.ts'
import { BucketTable } from './bucket-table.ts'
import { type Limit, reserve, returned } from './gcra.ts'
import type { Bucket, LimitStore, Reservation } from './store.ts'

/** How many keys of one limit have their names remembered. */
const NAMES = 10_000
/** Most go at once: nothing is allocated for them. */
const AT_ONCE: Reservation = { wait: 0, retryAfter: 0, refusedBy: undefined, shared: false }

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

  reserve(buckets: readonly Bucket[], now: Millis, patience: Millis): Reservation {
    let wait = 0
    for (let i = 0; i < buckets.length; i++) {
      const { limit, key } = buckets[i] as Bucket
      const place = this.#placeOf(limit, key, now)
      if (place === undefined) return this.#refuse(buckets, i, now, patience, limit.emission)
      const slot = reserve(limit, this.#spent(place, limit, now), now, patience)
      if (slot.wait === undefined) return this.#refuse(buckets, i, now, patience, slot.retryAfter)
      this.#buckets.tat[place] = slot.tat
      if (slot.wait > wait) wait = slot.wait
    }
    return wait === 0 ? AT_ONCE : { wait, retryAfter: 0, refusedBy: undefined, shared: false }
  }

  giveBack(buckets: readonly Bucket[], now: Millis): void {
    for (const { limit, key } of buckets) this.#return(limit, key, now)
  }

  /** Is told how far others have spent buckets too, in milliseconds from `now`: what it knows itself may be more. */
  learn(buckets: readonly Bucket[], ahead: readonly Millis[], now: Millis): void {
    for (let i = 0; i < buckets.length; i++) {
      const { limit, key } = buckets[i] as Bucket
      const place = this.#placeOf(limit, key, now)
      if (place === undefined) continue
      const spent = this.#spent(place, limit, now)
      this.#buckets.tat[place] = Math.max(spent, now + (ahead[i] ?? 0))
    }
  }

  /** How far a bucket is spent: 0 at rest, its burst when the next has to wait. */
  ahead({ limit, key }: Bucket, now: Millis): Millis {
    const place = this.#buckets.find(this.#nameOf(limit, key))
    return place === undefined ? 0 : Math.max(0, this.#spent(place, limit, now) - now)
  }

  /** How much of a bucket is spent: 0 at rest, 1 when the next has to wait. For people. */
  fullness(bucket: Bucket, now: Millis): number {
    return Math.min(1, this.ahead(bucket, now) / bucket.limit.burst)
  }

  async close(): Promise<void> {}

  /** Undoes what was granted before `by` refused, and asks those behind it how long they would take. */
  #refuse(
    buckets: readonly Bucket[],
    by: number,
    now: Millis,
    patience: Millis,
    first: Millis,
  ): Reservation {
    let retryAfter = first
    for (let i = 0; i < buckets.length; i++) {
      const { limit, key } = buckets[i] as Bucket
      if (i < by) this.#return(limit, key, now)
      if (i <= by) continue
      const place = this.#buckets.find(this.#nameOf(limit, key))
      if (place === undefined) continue
      const slot = reserve(limit, this.#spent(place, limit, now), now, patience)
      retryAfter = Math.max(retryAfter, slot.retryAfter)
    }
    return { wait: undefined, retryAfter, refusedBy: by, shared: false }
  }

  #return(limit: Limit, key: string, now: Millis): void {
    const place = this.#buckets.find(this.#nameOf(limit, key))
    if (place === undefined) return
    this.#buckets.tat[place] = returned(limit, this.#spent(place, limit, now), now)
  }

  #placeOf(limit: Limit, key: string, now: Millis): number | undefined {
    const name = this.#nameOf(limit, key)
    return this.#buckets.find(name) ?? this.#buckets.displace(name, now)
  }

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
