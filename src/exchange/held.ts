import type { Bytes } from '../units.ts'
import { BLOCK, type Blocks } from './blocks.ts'
import { Lent } from './lent.ts'

/** Chunks below this are copied together: a million one-byte chunks would weigh a hundred times their bytes. */
const SMALL: Bytes = 1024
const PAGE: Bytes = 4096
/** A body of several chunks takes blocks from here on: a few bytes alone make no claim to one. */
const EARNEST: Bytes = 16 * 1024

/** Shared by all that hold nothing, and never changed. */
const NONE: Buffer[] = []

/**
 * A body as it arrived. A large one is copied into blocks while its chunks are still in the processor's cache, so that
 * they are collected young; a body of one chunk is never copied.
 */
export class Held {
  readonly #pool: Blocks
  #chunks: Uint8Array[] = NONE
  #page: Buffer | undefined
  #blocks = NONE
  /** Bytes of the page, or of the last block, that are filled. */
  #filled = 0
  #lent: Lent | undefined
  size: Bytes = 0

  constructor(pool: Blocks) {
    this.#pool = pool
  }

  add(chunk: Uint8Array): void {
    const before = this.size
    this.size += chunk.length
    if (this.#blocks !== NONE) return this.#fill(chunk)
    if (before > 0 && this.size > EARNEST) {
      this.#gather()
      return this.#fill(chunk)
    }
    if (chunk.length >= SMALL || before === 0) {
      this.#close()
      if (this.#chunks === NONE) this.#chunks = [chunk]
      else this.#chunks.push(chunk)
      return
    }
    if (this.#page === undefined || this.#filled + chunk.length > PAGE) this.#open()
    this.#page?.set(chunk, this.#filled)
    this.#filled += chunk.length
  }

  /** Every chunk in order. Nothing may be added after; what is in blocks is gone with `drop`. */
  chunks(): readonly Uint8Array[] {
    if (this.#blocks === NONE) {
      this.#close()
      return this.#chunks
    }
    return this.#blocks.with(-1, (this.#blocks.at(-1) as Buffer).subarray(0, this.#filled))
  }

  /** Has blocks survive `drop` while they are written upstream; undefined where there are none. */
  lend(): Lent | undefined {
    if (this.#blocks !== NONE) this.#lent ??= new Lent(this.#blocks, this.#pool)
    return this.#lent
  }

  /** Lets go of the bytes; `size` stays. A kept-alive connection must not keep its last body. */
  drop(): void {
    if (this.#lent !== undefined) this.#lent.end()
    else this.#pool.give(this.#blocks)
    this.#chunks = NONE
    this.#blocks = NONE
    this.#page = undefined
  }

  #gather(): void {
    this.#close()
    const chunks = this.#chunks
    this.#chunks = NONE
    this.#blocks = [this.#pool.take()]
    for (const chunk of chunks) this.#fill(chunk)
  }

  #fill(chunk: Uint8Array): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#filled === BLOCK) {
        this.#blocks.push(this.#pool.take())
        this.#filled = 0
      }
      const part = chunk.subarray(at, at + BLOCK - this.#filled)
      this.#blocks.at(-1)?.set(part, this.#filled)
      this.#filled += part.length
      at += part.length
    }
  }

  #open(): void {
    this.#close()
    this.#page = Buffer.allocUnsafeSlow(PAGE)
  }

  #close(): void {
    if (this.#page !== undefined) this.#chunks.push(this.#page.subarray(0, this.#filled)) // never the first
    this.#page = undefined
    this.#filled = 0
  }
}
