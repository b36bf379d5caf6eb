import type { Millis } from '../units.ts'

/** Of the time that passes a late process may catch up so much. */
const CATCH_UP = 0.1
/** Later than this nobody waits for the sake of distance. */
const MOST: Millis = 1000
/** Timers are late by so much without anybody's fault. */
const USUAL: Millis = 5

/**
 * What a process owes its schedule. Turns that come late, because it stood still, are not let go all at once: they keep
 * nine tenths of the distance that they were to have, until the process is on time again.
 */
export class Lateness {
  #late: Millis = 0
  #due: Millis = 0

  /** How much longer one waits that was due at `due`; 0: it goes now. */
  hold(due: Millis, now: Millis): Millis {
    const late = now - due
    const least = Math.min(MOST, this.#late) - CATCH_UP * Math.max(0, due - this.#due)
    if (late < least) return least - late
    this.#late = late > USUAL ? late : 0
    this.#due = Math.max(due, this.#due)
    return 0
  }
}
