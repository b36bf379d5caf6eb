import type { Lending } from '../forward/writes.ts'
import type { Blocks } from './blocks.ts'

/**
 * Blocks that are on their way upstream. They go back once the exchange is over and no write holds them any more: an
 * upstream may answer while a rest of the body still waits to be written, and must never be sent another body's bytes.
 */
export class Lent implements Lending {
  readonly #blocks: readonly Buffer[]
  readonly #pool: Blocks
  #writes = 0
  #over = false

  constructor(blocks: readonly Buffer[], pool: Blocks) {
    this.#blocks = blocks
    this.#pool = pool
  }

  get over(): boolean {
    return this.#over
  }

  begun(): void {
    this.#writes++
  }

  ended(): void {
    this.#writes--
    if (this.#over && this.#writes === 0) this.#pool.give(this.#blocks)
  }

  /** The exchange is over: nothing is written any more that was not begun. */
  end(): void {
    if (this.#over) return
    this.#over = true
    if (this.#writes === 0) this.#pool.give(this.#blocks)
  }
}
