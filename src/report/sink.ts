import { fstatSync, write } from 'node:fs'
import type { Clock, Timer } from '../clock.ts'
import type { Bytes, Millis } from '../units.ts'

/** Hands `text` to the operating system without waiting for it; `done` follows, with an error if it was lost. */
export type Put = (text: string, done: (error: Error | null | undefined) => void) => void

/** A write this large goes out at once; fewer bytes wait for company. */
const CHUNK: Bytes = 32 * 1024
/** How long a line may wait for company. */
const LINGER: Millis = 100
/** How much may wait for an output that does not take it. */
const MOST: Bytes = 1024 ** 2
/** How long `flush` waits for such an output. */
const FLUSH: Millis = 1000

/**
 * Where log lines go. Never blocks, throws or grows: what cannot be written is dropped and counted.
 * It stands in for pino's own destination, which blocks the process at exit when a pipe is full.
 */
export class Sink {
  /** Lines that were lost. */
  dropped = 0
  readonly #put: Put
  readonly #clock: Clock
  #pending = ''
  #lines = 0
  /** Lines in the write under way; 0 when none is. */
  #leaving = 0
  /** Whether the last write failed, and so may have ended inside a line. */
  #torn = false
  #timer: Timer | undefined
  #idle: (() => void)[] = []

  constructor(put: Put, clock: Clock) {
    this.#put = put
    this.#clock = clock
  }

  /** Takes one whole line, with its line feed. */
  write(line: string): void {
    if (this.#pending.length + line.length > MOST) {
      this.dropped++
      return
    }
    this.#pending += line
    this.#lines++
    if (this.#pending.length >= CHUNK) this.#leave()
    else this.#timer ??= this.#clock.after(LINGER, lingered, this)
  }

  /** Resolves when every line is out or lost, and after a second in any case. */
  flush(): Promise<void> {
    return new Promise(resolve => {
      const timer = this.#clock.after(FLUSH, resolve, undefined)
      this.#idle.push(() => {
        timer.cancel()
        resolve()
      })
      this.#leave()
    })
  }

  /** The wait for company is over. */
  linger(): void {
    this.#timer = undefined
    this.#leave()
  }

  #leave(): void {
    if (this.#leaving > 0) return
    if (this.#lines === 0) {
      this.#rest()
      return
    }
    const text = this.#torn ? `\n${this.#pending}` : this.#pending
    this.#leaving = this.#lines
    this.#pending = ''
    this.#lines = 0
    this.#put(text, error => this.#left(error))
  }

  #left(error: Error | null | undefined): void {
    this.#torn = error instanceof Error
    if (this.#torn) this.dropped += this.#leaving
    this.#leaving = 0
    if (this.#pending.length >= CHUNK || this.#idle.length > 0) this.#leave()
    else if (this.#lines > 0) this.#timer ??= this.#clock.after(LINGER, lingered, this)
  }

  #rest(): void {
    for (const idle of this.#idle.splice(0)) idle()
  }
}

function lingered(sink: Sink): void {
  sink.linger()
}

/** Standard output, as something that never makes the process wait. */
export function standardOutput(): Put {
  const { stdout } = process
  const kind = fstatSync(stdout.fd)
  // Node makes a pipe non-blocking; writing to a file through the stream would wait for the disk
  if (!kind.isFIFO() && !kind.isSocket() && !stdout.isTTY) return toFile(stdout.fd)
  stdout.on('error', () => {}) // each write hears of it as well
  return (text, done) => void stdout.write(text, done)
}

/** Appends to an open file, by the thread pool. */
function toFile(fd: number): Put {
  return (text, done) => {
    const bytes = Buffer.from(text)
    const step = (from: number): void =>
      write(fd, bytes, from, bytes.length - from, null, (error, written) => {
        if (error !== null || from + written === bytes.length) done(error)
        else step(from + written)
      })
    step(0)
  }
}
