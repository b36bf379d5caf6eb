import type { Millis } from '../units.ts'

/** How many buckets one newcomer looks at: bounds the work an unknown key can cause. */
const LOOKS = 16

/**
 * At most `max` buckets by key. A place is reused once its bucket has refilled, because a refilled bucket
 * and one never seen decide alike: so nothing is lost, and no timer has to sweep. A hand goes round the
 * places, a few for each new key; every operation is O(1).
 */
export class BucketTable {
  /** Theoretical arrival time of the bucket at each place. */
  readonly tat: Float64Array
  /** Until when a refilled bucket keeps its place all the same. */
  readonly #kept: Float64Array
  readonly #keys: string[] = []
  readonly #places = new Map<string, number>()
  readonly #max: number
  #hand = 0
  #evicted = 0

  constructor(max: number) {
    this.#max = max
    this.tat = new Float64Array(max)
    this.#kept = new Float64Array(max)
  }

  /** Keys held. */
  get size(): number {
    return this.#keys.length
  }

  /** Buckets forgotten although they had not refilled. */
  get evicted(): number {
    return this.#evicted
  }

  /** The place of a key's bucket; undefined when it has none. */
  find(key: string): number | undefined {
    return this.#places.get(key)
  }

  /** Makes an unspent bucket for a key that has none; undefined when the places looked at are all in use. */
  add(key: string, now: Millis): number | undefined {
    for (let looks = Math.min(LOOKS, this.#keys.length); looks > 0; looks--) {
      const place = this.#next()
      if ((this.tat[place] ?? 0) <= now && (this.#kept[place] ?? 0) <= now) {
        return this.#put(place, key)
      }
    }
    return this.#keys.length < this.#max ? this.#put(this.#keys.length, key) : undefined
  }

  /** As `add`, but where all are in use the least spent one that nobody keeps is forgotten. */
  displace(key: string, now: Millis): number | undefined {
    const free = this.add(key, now)
    if (free !== undefined) return free
    let least: number | undefined
    for (let looks = Math.min(LOOKS, this.#keys.length); looks > 0; looks--) {
      const place = this.#next()
      if ((this.#kept[place] ?? 0) > now) continue
      if (least === undefined || (this.tat[place] ?? 0) < (this.tat[least] ?? 0)) least = place
    }
    if (least === undefined) return undefined
    if ((this.tat[least] ?? 0) > now) this.#evicted++
    return this.#put(least, key)
  }

  /** Lets the bucket at `place` keep it until then, also against `displace`. */
  keep(place: number, until: Millis): void {
    this.#kept[place] = until
  }

  #next(): number {
    this.#hand = this.#hand + 1 < this.#keys.length ? this.#hand + 1 : 0
    return this.#hand
  }

  #put(place: number, key: string): number {
    const before = this.#keys[place]
    if (before !== undefined) this.#places.delete(before)
    this.#keys[place] = key
    this.#places.set(key, place)
    this.tat[place] = 0
    return place
  }
}
