import type { Millis } from '../units.ts'

/** Something with deadlines of its own. */
export interface Watched {
  /** Looks at its deadlines, and ends what is too late. */
  checkDeadlines(now: Millis): void
}

/** How often deadlines are looked at: a timer for each of them would cost more than the requests. */
export const SWEEP: Millis = 200

/** Every exchange that is not over: its deadlines are looked at from time to time, and a drain waits for it. */
export class OpenExchanges {
  readonly #open = new Set<Watched>()
  #emptied: (() => void) | undefined

  get count(): number {
    return this.#open.size
  }

  add(exchange: Watched): void {
    this.#open.add(exchange)
  }

  delete(exchange: Watched): void {
    this.#open.delete(exchange)
    if (this.#open.size === 0) this.#emptied?.()
  }

  sweep(now: Millis): void {
    for (const exchange of this.#open) exchange.checkDeadlines(now)
  }

  /** Calls `then` each time the last one is over, at once if there is none. */
  whenEmpty(then: () => void): void {
    this.#emptied = then
    if (this.#open.size === 0) then()
  }
}
