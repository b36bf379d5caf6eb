import type { Clock } from '../clock.ts'
import type { Millis } from '../units.ts'
import type { Block } from './block.ts'

const SECOND: Millis = 1000

/** The `time` of a line: all but its milliseconds is written once for each second. */
export class Stamp {
  readonly #clock: Clock
  #second: Millis | undefined
  #until = ''

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** With the comma before it, as pino takes it. */
  text(): string {
    const now = this.#clock.wall()
    return `${this.#upTo(now)}${String(millisOf(now)).padStart(3, '0')}Z"`
  }

  /** The same, onto a block. */
  onto(block: Block): void {
    const now = this.#clock.wall()
    block.ascii(this.#upTo(now))
    block.threeDigits(millisOf(now))
    block.ascii('Z"')
  }

  #upTo(now: Millis): string {
    const second = Math.floor(now / SECOND)
    if (second !== this.#second) {
      this.#second = second
      this.#until = `,"time":"${new Date(now).toISOString().slice(0, -'000Z'.length)}`
    }
    return this.#until
  }
}

function millisOf(now: Millis): number {
  return Math.floor(now) % SECOND
}
