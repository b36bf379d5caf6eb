import type { Bytes } from '../units.ts'

/** Bytes of one block. */
export const BLOCK: Bytes = 64 * 1024
/** Blocks that are made at once, as parts of one buffer. */
const TOGETHER = 16

/**
 * Memory for bodies, used again and again: touching a page for the first time costs more than all else that is done
 * with its bytes, and what is given back to the collector comes back late. What is held beyond `most` is made for
 * the occasion.
 *
 * @see docs/decisions/body-memory.md
 */
export class Blocks {
  readonly #free: Buffer[] = []
  readonly #most: number
  #made = 0

  /** @param most bytes that are kept once they were needed */
  constructor(most: Bytes) {
    this.#most = Math.ceil(most / BLOCK)
  }

  /** Blocks that are kept and not in use. */
  get free(): number {
    return this.#free.length
  }

  take(): Buffer {
    const block = this.#free.pop()
    if (block !== undefined) return block
    if (this.#made >= this.#most) return Buffer.allocUnsafeSlow(BLOCK)
    const together = Buffer.allocUnsafeSlow(BLOCK * TOGETHER)
    for (let i = 0; i < TOGETHER; i++)
      this.#free.push(together.subarray(i * BLOCK, (i + 1) * BLOCK))
    this.#made += TOGETHER
    return this.#free.pop() as Buffer
  }

  /** Takes blocks back. Nobody may read them any more: the next body overwrites them. */
  give(blocks: readonly Buffer[]): void {
    for (const block of blocks) if (block.buffer.byteLength > BLOCK) this.#free.push(block)
  }
}
