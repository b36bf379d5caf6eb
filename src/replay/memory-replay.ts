import type { Millis } from '../units.ts'
import { KeyDigest } from './digest.ts'
import type { ReplayStore } from './store.ts'

/** What stands for no place. */
const NONE = -1

/** Entries held equally long, in the order they were claimed: the oldest is the first to go. */
interface Lane {
  /** How long after its claim an entry is held: the lease or the window, whichever is longer. */
  readonly span: Millis
  oldest: number
  newest: number
}

/**
 * What this process alone has delivered, for a bounded number of deliveries. Every call is amortised O(1).
 *
 * An entry is a place in arrays of numbers: 200,000 objects with their keys would take 90 MB, and the collector would
 * copy each of them twice.
 */
export class MemoryReplay implements ReplayStore {
  readonly #max: number
  readonly #digest: KeyDigest
  /** The first place of each chain; a chain holds the keys whose digests begin alike. */
  readonly #chains: Int32Array
  /** The next place of the chain, or the next free one. */
  readonly #next: Int32Array
  /** Four words of digest for each place. */
  readonly #words: Uint32Array
  readonly #claimed: Float64Array
  readonly #window: Float64Array
  /** Until when a repetition is held off: the lease, or the window once it is kept. */
  readonly #until: Float64Array
  readonly #kept: Uint8Array
  readonly #lane: Uint16Array
  /** Neighbours in the lane. */
  readonly #older: Int32Array
  readonly #newer: Int32Array
  /** Who holds the claim; empty once it is kept. */
  readonly #owners: string[] = []
  /** One for each span in use: a handful, since spans come from the map. */
  readonly #lanes: Lane[] = []
  #free = NONE
  #size = 0
  #evicted = 0

  /**
   * @param options.max deliveries remembered; beyond it the oldest is forgotten
   * @param options.seed four random words
   */
  constructor(options: { readonly max: number; readonly seed: Uint32Array }) {
    const { max, seed } = options
    this.#max = max
    this.#digest = new KeyDigest(seed)
    this.#chains = new Int32Array(2 ** Math.ceil(Math.log2(max + 1))).fill(NONE)
    this.#next = new Int32Array(max)
    this.#words = new Uint32Array(4 * max)
    this.#claimed = new Float64Array(max)
    this.#window = new Float64Array(max)
    this.#until = new Float64Array(max)
    this.#kept = new Uint8Array(max)
    this.#lane = new Uint16Array(max)
    this.#older = new Int32Array(max)
    this.#newer = new Int32Array(max)
  }

  /** Deliveries remembered. */
  get size(): number {
    return this.#size
  }

  /** Deliveries forgotten before their time: the bound is too small. */
  get evicted(): number {
    return this.#evicted
  }

  claim(
    key: string,
    owner: string,
    lease: Millis,
    window: Millis,
    now: Millis,
  ): 'fresh' | 'delivered' | 'in_flight' {
    const before = this.#find(key)
    if (before !== NONE) {
      if (now < at(this.#until, before)) return this.#kept[before] === 1 ? 'delivered' : 'in_flight'
      this.#forget(before)
    }
    this.#expire(now)
    if (this.#size >= this.#max && !this.#evictOldest()) return 'fresh' // a bound of none
    const place = this.#take()
    this.#claimed[place] = now
    this.#window[place] = window
    this.#until[place] = now + lease
    this.#kept[place] = 0
    this.#owners[place] = owner
    this.#join(place, Math.max(lease, window))
    return 'fresh'
  }

  /** The window counts from the claim. Ignored when the lease ran out and another has claimed it since. */
  keep(key: string, owner: string): void {
    const place = this.#find(key)
    if (place === NONE || this.#owners[place] !== owner) return
    this.#kept[place] = 1
    this.#owners[place] = ''
    this.#until[place] = at(this.#claimed, place) + at(this.#window, place)
  }

  /** Ignored for what is kept already, and when another has claimed it since. */
  release(key: string, owner: string): void {
    const place = this.#find(key)
    if (place !== NONE && this.#owners[place] === owner) this.#forget(place)
  }

  async close(): Promise<void> {}

  /** The place of a key, or none; its digest stays in `#digest.words` for `#take`. */
  #find(key: string): number {
    this.#digest.of(key)
    const { words } = this.#digest
    let place = at(this.#chains, this.#chainOf(words, 0))
    while (place !== NONE && !this.#stands(place, words)) place = at(this.#next, place)
    return place
  }

  #stands(place: number, words: Uint32Array): boolean {
    for (let i = 0; i < 4; i++) if (this.#words[4 * place + i] !== words[i]) return false
    return true
  }

  #chainOf(words: Uint32Array, from: number): number {
    return at(words, from) & (this.#chains.length - 1)
  }

  /** A place for the key that was looked for last. */
  #take(): number {
    let place = this.#size
    if (this.#free !== NONE) {
      place = this.#free
      this.#free = at(this.#next, place)
    }
    this.#size++
    const { words } = this.#digest
    const chain = this.#chainOf(words, 0)
    for (let i = 0; i < 4; i++) this.#words[4 * place + i] = at(words, i) // `set` costs ten times as much for four
    this.#next[place] = at(this.#chains, chain)
    this.#chains[chain] = place
    return place
  }

  #join(place: number, span: Millis): void {
    const number = this.#laneOf(span)
    const lane = this.#lanes[number] as Lane
    this.#lane[place] = number
    this.#older[place] = lane.newest
    this.#newer[place] = NONE
    if (lane.newest === NONE) lane.oldest = place
    else this.#newer[lane.newest] = place
    lane.newest = place
  }

  #forget(place: number): void {
    const lane = this.#lanes[at(this.#lane, place)] as Lane
    const older = at(this.#older, place)
    const newer = at(this.#newer, place)
    if (older === NONE) lane.oldest = newer
    else this.#newer[older] = newer
    if (newer === NONE) lane.newest = older
    else this.#older[newer] = older
    this.#unchain(place)
    this.#owners[place] = ''
    this.#next[place] = this.#free
    this.#free = place
    this.#size--
  }

  #unchain(place: number): void {
    const chain = this.#chainOf(this.#words, 4 * place)
    const after = at(this.#next, place)
    let before = at(this.#chains, chain)
    if (before === place) {
      this.#chains[chain] = after
      return
    }
    while (at(this.#next, before) !== place) before = at(this.#next, before)
    this.#next[before] = after
  }

  /** Its number: that of an empty lane where the span is new, so that reloads do not add up. */
  #laneOf(span: Millis): number {
    let empty = NONE
    for (let i = 0; i < this.#lanes.length; i++) {
      const lane = this.#lanes[i] as Lane
      if (lane.span === span) return i
      if (lane.oldest === NONE) empty = i
    }
    if (empty === NONE) empty = this.#lanes.length
    this.#lanes[empty] = { span, oldest: NONE, newest: NONE }
    return empty
  }

  #expire(now: Millis): void {
    for (const lane of this.#lanes) {
      while (lane.oldest !== NONE && at(this.#claimed, lane.oldest) + lane.span <= now) {
        this.#forget(lane.oldest)
      }
    }
  }

  #evictOldest(): boolean {
    let oldest = NONE
    for (const lane of this.#lanes) {
      if (lane.oldest === NONE) continue
      if (oldest === NONE || at(this.#claimed, lane.oldest) < at(this.#claimed, oldest)) {
        oldest = lane.oldest
      }
    }
    if (oldest === NONE) return false
    this.#forget(oldest)
    this.#evicted++
    return true
  }
}

/** What stands at a place that is known to be there. */
function at(array: Int32Array | Uint32Array | Uint16Array | Float64Array, place: number): number {
  return array[place] as number
}
