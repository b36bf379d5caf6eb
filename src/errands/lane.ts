/** Errands of one kind: one at a time, and a bounded few in turn behind it. */
export class Lane {
  readonly #most: number
  #last: Promise<unknown> = Promise.resolve()
  #taken = 0

  /** @param most how many it takes, the one under way included */
  constructor(most: number) {
    this.#most = most
  }

  /** Settles when the work is done; undefined where the lane is full. The work must not reject. */
  take(work: () => Promise<void>): Promise<void> | undefined {
    if (this.#taken === this.#most) return undefined
    this.#taken++
    const turn = this.#last.then(work)
    this.#last = turn
    return turn.then(() => {
      this.#taken--
    })
  }
}
