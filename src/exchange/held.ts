import type { Declared } from '../admit/length.ts'
import type { Bytes } from '../units.ts'

/** Chunks below this are copied together: a million one-byte chunks would weigh a hundred times their bytes. */
const SMALL: Bytes = 1024
const BLOCK: Bytes = 4096
/** The share of a declared length that has to arrive before room is made for all of it: promises cost nothing. */
const EARNEST = 1 / 4

/** Shared by all that hold nothing, and never changed. */
const NONE: Uint8Array[] = []

/**
 * A body as it arrived. One whose length was declared is put in one piece while its chunks are still in the
 * processor's cache, which is cheaper than joining them at the end and than writing each of them by itself.
 */
export class Held {
  readonly #declared: Bytes | undefined
  #chunks = NONE
  /** The piece; `size` bytes of it are filled. */
  #whole: Uint8Array | undefined
  #block: Buffer | undefined
  #filled = 0
  size: Bytes = 0

  /** @param declared length of the whole body, which its parser does not let it exceed */
  constructor(declared: Declared) {
    this.#declared = typeof declared === 'number' ? declared : undefined
  }

  add(chunk: Uint8Array): void {
    const before = this.size
    const declared = this.#declared
    this.size += chunk.length
    if (this.#whole !== undefined) return this.#whole.set(chunk, before)
    if (before > 0 && declared !== undefined && this.size >= declared * EARNEST) {
      this.#whole = this.#gathered(declared)
      return this.#whole.set(chunk, before)
    }
    if (chunk.length >= SMALL || before === 0) {
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
    if (this.#whole !== undefined) return [this.#whole.subarray(0, this.size)]
    this.#close()
    return this.#chunks
  }

  /** Lets go of the bytes; `size` stays. A kept-alive connection must not keep its last body. */
  drop(): void {
    this.#chunks = NONE
    this.#whole = undefined
    this.#block = undefined
  }

  #gathered(declared: Bytes): Uint8Array {
    this.#close()
    const whole = Buffer.allocUnsafeSlow(declared)
    let at = 0
    for (const chunk of this.#chunks) {
      whole.set(chunk, at)
      at += chunk.length
    }
    this.#chunks = NONE
    return whole
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
