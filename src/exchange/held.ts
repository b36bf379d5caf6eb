import type { Bytes } from '../units.ts'

/** Chunks below this are copied together: a million one-byte chunks would weigh a hundred times their bytes. */
const SMALL: Bytes = 1024
const BLOCK: Bytes = 4096

/** Shared by all that hold nothing, and never changed. */
const NONE: Uint8Array[] = []

/** A body as it arrived: large chunks as they came, small ones joined. */
export class Held {
  #chunks = NONE
  #block: Buffer | undefined
  #filled = 0
  size: Bytes = 0

  add(chunk: Uint8Array): void {
    this.size += chunk.length
    if (chunk.length >= SMALL || this.size === chunk.length) {
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
  }

  #open(): void {
    this.#close()
    this.#block = Buffer.allocUnsafeSlow(BLOCK)
  }

  #close(): void {
    if (this.#block !== undefined) this.#chunks.push(this.#block.subarray(0, this.#filled)) // never the first
    this.#block = undefined
    this.#filled = 0
  }
}
