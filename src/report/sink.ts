import { fstatSync, write } from 'node:fs'
import type { Clock, Timer } from '../clock.ts'
import type { Bytes, Millis } from '../units.ts'
import { Block } from './block.ts'

/**
 * Hands `bytes` to the operating system without waiting for it; `done` follows, with an error if they were lost.
 * They are used anew after that.
 */
export type Put = (bytes: Uint8Array, done: (error: Error | null | undefined) => void) => void

/** A write this large goes out at once; fewer bytes wait for company. */
const CHUNK: Bytes = 64 * 1024
/** How long a line may wait for company. */
const LINGER: Millis = 100
/** How many blocks, 1 MiB with the one being filled, may wait for an output that does not take them. */
const MOST = 7
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
  #filling = new Block()
  /** Filled while a write was under way. */
  readonly #waiting: Block[] = []
  #leaving: Block | undefined
  #spare: Block | undefined
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
    const bytes = Buffer.from(line.endsWith('\n') ? line.slice(0, -1) : line)
    const block = this.begin(bytes.length + 1)
    if (block === undefined) return
    block.copy(bytes)
    this.end(block)
  }

  /** Where the next line is to be written; undefined where it is lost, and counted. `end` is owed at once. */
  begin(bytes: Bytes): Block | undefined {
    if (this.#filling.room >= bytes) return this.#filling
    if (bytes > Block.most || this.#waiting.length >= MOST) {
      this.dropped++
      return undefined
    }
    this.#waiting.push(this.#filling)
    this.#filling = this.#empty()
    return this.#filling
  }

  /** The line is whole but for its end. */
  end(block: Block): void {
    block.endLine()
    if (block.length >= CHUNK) this.#leave()
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
    if (this.#leaving !== undefined) return
    let block = this.#waiting.shift()
    if (block === undefined) {
      if (this.#filling.lines === 0) return this.#rest()
      block = this.#filling
      this.#filling = this.#empty()
    }
    this.#leaving = block
    this.#put(block.written(this.#torn), error => this.#left(error))
  }

  #left(error: Error | null | undefined): void {
    const block = this.#leaving
    this.#leaving = undefined
    if (block === undefined) return
    this.#torn = error instanceof Error
    if (this.#torn) this.dropped += block.lines
    block.clear()
    this.#spare = block
    const pressing = this.#waiting.length > 0 || this.#filling.length >= CHUNK
    if (pressing || this.#idle.length > 0) this.#leave()
    else if (this.#filling.lines > 0) this.#timer ??= this.#clock.after(LINGER, lingered, this)
  }

  #empty(): Block {
    const block = this.#spare ?? new Block()
    this.#spare = undefined
    return block
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
  return (bytes, done) => void stdout.write(bytes, done)
}

/** Appends to an open file, by the thread pool. */
function toFile(fd: number): Put {
  return (bytes, done) => {
    const step = (from: number): void =>
      write(fd, bytes, from, bytes.length - from, null, (error, written) => {
        if (error !== null || from + written === bytes.length) done(error)
        else step(from + written)
      })
    step(0)
  }
}
