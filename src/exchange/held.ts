import type { Bytes } from '../units.ts'

/** Chunks below this are copied together: a million one-byte chunks would weigh a hundred times their bytes. */
const SMALL: Bytes = 1024
const BLOCK: Bytes = 4096

/** Shared by all that hold nothing, and never changed. */
const NONE: Uint8Array[] = []

/**
 * A body, as the chunks in which it arrived: room is made for what has come, never for what was promised.
 *
 * @see docs/decisions/body-memory.md
 */
export class Held {
  #chunks = NONE
  /** Where small chunks are copied to: up to `filled`, of which what is before `listed` is among the chunks already. */
  #block: Buffer | undefined
  /** Every block so far; undefined while there is none. */
  #blocks: Buffer[] | undefined
  #listed = 0
  #filled = 0
  size: Bytes = 0

  add(chunk: Uint8Array): void {
    const first = this.size === 0
    this.size += chunk.length
    if (chunk.length >= SMALL || first) {
      this.#close()
      if (this.#chunks === NONE) this.#chunks = [chunk]
      else this.#chunks.push(chunk)
      return
    }
    if (this.#block === undefined || this.#filled + chunk.length > BLOCK) this.#open()
    this.#block?.set(chunk, this.#filled)
    this.#filled += chunk.length
  }

  /** Every chunk in order. Nothing may be added after. */
  chunks(): readonly Uint8Array[] {
    this.#close()
    return this.#chunks
  }

  /** Lets go of the bytes; `size` stays. A kept-alive connection must not keep its last body. */
  drop(): void {
    this.#chunks = NONE
    this.#block = undefined
    this.#blocks = undefined
  }

  /**
   * Lets go of the bytes and frees them now, not when they are collected: for what was refused before it was whole, while more
   * of the like comes. Nobody may have been shown them but who was done with them at once.
   */
  free(): void {
    for (const { buffer, byteLength } of this.#chunks)
      if (buffer.byteLength === byteLength) detach(buffer) // nothing else lies in it
    for (const { buffer } of this.#blocks ?? []) detach(buffer)
    this.drop()
  }

  #open(): void {
    this.#close()
    this.#block = Buffer.allocUnsafeSlow(BLOCK) // of no pool: it is freed as a whole
    if (this.#blocks === undefined) this.#blocks = [this.#block]
    else this.#blocks.push(this.#block)
    this.#listed = 0
    this.#filled = 0
  }

  #close(): void {
    if (this.#block === undefined || this.#filled === this.#listed) return
    this.#chunks.push(this.#block.subarray(this.#listed, this.#filled)) // never the first
    this.#listed = this.#filled
  }
}

function detach(buffer: ArrayBufferLike): void {
  if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0)
}
