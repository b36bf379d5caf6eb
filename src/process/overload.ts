import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Clock, Timer } from '../clock.ts'
import type { Millis } from '../units.ts'

/** Above this the process has more to do than it can. */
const TOO_SLOW: Millis = 250
const SECOND: Millis = 1000

/** Watches how late the event loop runs: the 99th percentile of the last second. */
export class LoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: 20 })
  readonly #clock: Clock
  #timer: Timer
  #slow = false

  constructor(clock: Clock) {
    this.#clock = clock
    this.#histogram.enable()
    this.#timer = clock.after(SECOND, look, this)
  }

  get slow(): boolean {
    return this.#slow
  }

  look(): void {
    this.#slow = this.#histogram.percentile(99) / 1e6 > TOO_SLOW
    this.#histogram.reset()
    this.#timer = this.#clock.after(SECOND, look, this)
  }

  stop(): void {
    this.#timer.cancel()
    this.#histogram.disable()
  }
}

function look(delay: LoopDelay): void {
  delay.look()
}
