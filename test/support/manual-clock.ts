import type { Clock, Timer } from '../../src/clock.ts'
import type { Millis } from '../../src/units.ts'

interface Pending {
  readonly due: Millis
  readonly order: number
  readonly fire: () => void
}

/** A clock that moves only when told. Timers fire in the order of their time, then of their making. */
export class ManualClock implements Clock {
  #now: Millis
  #offset: Millis
  #made = 0
  readonly #pending = new Set<Pending>()

  /**
   * @param start what `now()` says at first
   * @param wall what `wall()` says at first
   */
  constructor({ start = 1_000, wall = 1_700_000_000_000 } = {}) {
    this.#now = start
    this.#offset = wall - start
  }

  now(): Millis {
    return this.#now
  }

  wall(): Millis {
    return this.#now + this.#offset
  }

  after<T>(wait: Millis, run: (subject: T) => void, subject: T): Timer {
    this.#made += 1
    const timer: Pending = {
      due: this.#now + Math.max(0, wait),
      order: this.#made,
      fire: () => run(subject),
    }
    this.#pending.add(timer)
    return { cancel: () => void this.#pending.delete(timer) }
  }

  /** How many timers wait. */
  get waiting(): number {
    return this.#pending.size
  }

  /** When the next timer is due, undefined when none waits. */
  get next(): Millis | undefined {
    return this.#earliest()?.due
  }

  /** Moves time on; each timer due on the way sees the instant it asked for, those it makes included. */
  advance(by: Millis): void {
    const end = this.#now + by
    for (let timer = this.#earliest(); timer && timer.due <= end; timer = this.#earliest()) {
      this.#pending.delete(timer)
      this.#now = Math.max(this.#now, timer.due)
      timer.fire()
    }
    this.#now = end
  }

  /** Sets the wall clock alone, as an administrator or NTP would: timers and `now()` do not notice. */
  setWall(to: Millis): void {
    this.#offset = to - this.#now
  }

  #earliest(): Pending | undefined {
    let first: Pending | undefined
    for (const timer of this.#pending) {
      if (first === undefined || timer.due < first.due) first = timer
      else if (timer.due === first.due && timer.order < first.order) first = timer
    }
    return first
  }
}
