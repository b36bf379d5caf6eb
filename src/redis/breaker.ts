/** So many failures in a row mean that it is not worth waiting for the next. */
const FAILURES = 3

/** Who is told of each change, once. */
export interface Told {
  up(): void
  /** @param cause what the operator may read */
  down(cause: string): void
}

/** Whether a store is worth asking. It starts open: nothing has proved itself yet. */
export class Breaker {
  readonly #told: Told
  #state: 'unknown' | 'up' | 'down' = 'unknown'
  #failures = 0

  constructor(told: Told) {
    this.#told = told
  }

  get up(): boolean {
    return this.#state === 'up'
  }

  /** It answered as it should: one slow answer now and then is no trouble. */
  answered(): void {
    this.#failures = 0
  }

  failed(cause: string): void {
    this.#failures++
    if (this.#failures >= FAILURES) this.lost(cause)
  }

  /** No further failure is needed to know. */
  lost(cause: string): void {
    if (this.#state === 'down') return
    this.#state = 'down'
    this.#told.down(cause)
  }

  /** A probe passed. */
  proved(): void {
    this.#failures = 0
    if (this.#state === 'up') return
    this.#state = 'up'
    this.#told.up()
  }
}
