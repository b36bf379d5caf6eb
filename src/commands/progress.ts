import type { Clock, Timer } from '../clock.ts'
import type { Millis } from '../units.ts'

/** Nobody wonders before. */
const PATIENCE: Millis = 2000
const EVERY: Millis = 1000

/** The line of a terminal that can be written over. */
export interface StatusLine {
  /** Whether a person watches it. */
  readonly isTTY?: boolean
  write(text: string): unknown
}

/**
 * Shows that a command is still at it, from its third second on and for as long as it runs. Only a terminal gets to see
 * it: nothing is left on it afterwards, and nothing of it reaches a file.
 */
export class Progress {
  readonly #what: string
  readonly #clock: Clock
  readonly #line: StatusLine
  readonly #since: Millis
  #timer: Timer | undefined
  #shown = false

  constructor(what: string, clock: Clock, line: StatusLine) {
    this.#what = what
    this.#clock = clock
    this.#line = line
    this.#since = clock.now()
    if (line.isTTY === true) this.#timer = clock.after(PATIENCE, show, this)
  }

  show(): void {
    const seconds = Math.round((this.#clock.now() - this.#since) / 1000)
    this.#shown = true
    this.#line.write(`\r${this.#what}: still at it, ${seconds} s`)
    this.#timer = this.#clock.after(EVERY, show, this)
  }

  /** Takes it away. */
  end(): void {
    this.#timer?.cancel()
    if (this.#shown) this.#line.write('\r\u001b[K')
    this.#shown = false
  }
}

function show(progress: Progress): void {
  progress.show()
}
