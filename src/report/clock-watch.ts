import type { Clock } from '../clock.ts'
import type { Millis } from '../units.ts'

/** A clock that is less off does no harm yet. */
const OFF: Millis = 30_000
/** Providers whose times are off by the same clock differ by no more: their deliveries take different ways. */
const ALIKE: Millis = 30_000
/** What was seen longer ago says nothing of now. */
const RECENT: Millis = 10 * 60_000

interface Seen {
  readonly skew: Millis
  readonly at: Millis
}

/**
 * Compares this machine's clock with what senders signed: when two or more are all off by about the same, it is the
 * clock here that is wrong. Only signatures that hold are told, in time or not, so no stranger can make it suspect.
 */
export class ClockWatch {
  readonly #clock: Clock
  readonly #changed: (off: Millis | undefined) => void
  readonly #seen = new Map<string, Seen>()
  #suspect = false

  /** @param changed told once when the clock becomes suspect, with how far it is off, and once when it is not any more */
  constructor(clock: Clock, changed: (off: Millis | undefined) => void) {
    this.#clock = clock
    this.#changed = changed
  }

  /** Whether the clock is suspect now. */
  get suspect(): boolean {
    this.#judge()
    return this.#suspect
  }

  /** A provider's signature held, and its time was `skew` later than this machine's. */
  saw(provider: string, skew: Millis): void {
    this.#seen.set(provider, { skew, at: this.#clock.now() })
    if (this.#suspect || Math.abs(skew) > OFF) this.#judge()
  }

  #judge(): void {
    const since = this.#clock.now() - RECENT
    let least = Number.POSITIVE_INFINITY
    let most = Number.NEGATIVE_INFINITY
    let providers = 0
    for (const { skew, at } of this.#seen.values()) {
      if (at < since) continue
      providers++
      least = Math.min(least, skew)
      most = Math.max(most, skew)
    }
    const suspect = providers > 1 && most - least <= ALIKE && (least > OFF || most < -OFF)
    if (suspect === this.#suspect) return
    this.#suspect = suspect
    this.#changed(suspect ? (least + most) / 2 : undefined)
  }
}
