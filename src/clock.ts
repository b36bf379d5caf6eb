import type { Millis } from './units.ts'

/** A call that waits for its time. */
export interface Timer {
  cancel(): void
}

/** The only source of time. Tests move one by hand. */
export interface Clock {
  /** Milliseconds that only ever grow: for limits, deadlines and replay memory. */
  now(): Millis
  /** Milliseconds since 1970, as the machine believes: for signed times and logs. */
  wall(): Millis
  /** Calls `run(subject)` once, `wait` from now. Passing the subject spares a closure for each wait. */
  after<T>(wait: Millis, run: (subject: T) => void, subject: T): Timer
}

/** The global one is asked for by a function each time. */
const { performance } = globalThis

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(wait, run, subject) {
    const timer = setTimeout(run, wait, subject)
    return { cancel: () => clearTimeout(timer) }
  },
}
