import type { Millis } from '../units.ts'
import type { ReplayStore } from './store.ts'

/** One claimed delivery; its neighbours in the lane were claimed before and after it. */
interface Entry {
  readonly key: string
  readonly owner: string
  readonly claimed: Millis
  readonly window: Millis
  readonly lane: Lane
  /** Until when a repetition is held off: the lease, or the window once it is kept. */
  until: Millis
  kept: boolean
  older: Entry | undefined
  newer: Entry | undefined
}

/** Entries held equally long, in the order they were claimed: the oldest is the first to go. */
interface Lane {
  /** How long after its claim an entry is held: the lease or the window, whichever is longer. */
  readonly span: Millis
  oldest: Entry | undefined
  newest: Entry | undefined
}

/** What this process alone has delivered, for a bounded number of deliveries. Every call is amortised O(1). */
export class MemoryReplay implements ReplayStore {
  readonly #max: number
  readonly #entries = new Map<string, Entry>()
  /** One for each span in use: a handful, since spans come from the map. */
  #lanes: Lane[] = []
  #evicted = 0

  /** `max` deliveries are remembered; beyond it the oldest is forgotten. */
  constructor(options: { readonly max: number }) {
    this.#max = options.max
  }

  /** Deliveries remembered. */
  get size(): number {
    return this.#entries.size
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
    const before = this.#entries.get(key)
    if (before !== undefined) {
      if (now < before.until) return before.kept ? 'delivered' : 'in_flight'
      this.#forget(before)
    }
    this.#expire(now)
    while (this.#entries.size >= this.#max && this.#evictOldest());
    this.#remember(key, owner, lease, window, now)
    return 'fresh'
  }

  /** The window counts from the claim. Ignored when the lease ran out and another has claimed it since. */
  keep(key: string, owner: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.owner !== owner) return
    entry.kept = true
    entry.until = entry.claimed + entry.window
  }

  /** Ignored for what is kept already, and when another has claimed it since. */
  release(key: string, owner: string): void {
    const entry = this.#entries.get(key)
    if (entry !== undefined && entry.owner === owner && !entry.kept) this.#forget(entry)
  }

  async close(): Promise<void> {}

  #remember(key: string, owner: string, lease: Millis, window: Millis, now: Millis): void {
    const lane = this.#laneOf(Math.max(lease, window))
    const older = lane.newest
    const entry: Entry = {
      key,
      owner,
      claimed: now,
      window,
      lane,
      until: now + lease,
      kept: false,
      older,
      newer: undefined,
    }
    if (older === undefined) lane.oldest = entry
    else older.newer = entry
    lane.newest = entry
    this.#entries.set(key, entry)
  }

  #forget(entry: Entry): void {
    const { lane, older, newer } = entry
    if (older === undefined) lane.oldest = newer
    else older.newer = newer
    if (newer === undefined) lane.newest = older
    else newer.older = older
    this.#entries.delete(entry.key)
  }

  #laneOf(span: Millis): Lane {
    for (const lane of this.#lanes) if (lane.span === span) return lane
    const lane: Lane = { span, oldest: undefined, newest: undefined }
    this.#lanes.push(lane)
    return lane
  }

  #expire(now: Millis): void {
    let empty = false
    for (const lane of this.#lanes) {
      let { oldest } = lane
      while (oldest !== undefined && oldest.claimed + lane.span <= now) {
        this.#forget(oldest)
        oldest = lane.oldest
      }
      empty ||= oldest === undefined
    }
    if (empty) this.#lanes = this.#lanes.filter(lane => lane.oldest !== undefined) // a reload changes spans
  }

  #evictOldest(): boolean {
    let oldest: Entry | undefined
    for (const lane of this.#lanes) {
      const first = lane.oldest
      if (first !== undefined && (oldest === undefined || first.claimed < oldest.claimed)) {
        oldest = first
      }
    }
    if (oldest === undefined) return false
    this.#forget(oldest)
    this.#evicted++
    return true
  }
}
