import type { Millis } from '../units.ts'

/** Something with deadlines of its own. */
export interface Watched {
  /** Where it is listed; -1 while it is not. Written by the list alone. */
  place: number
  /** Looks at its deadlines, and ends what is too late. */
  checkDeadlines(now: Millis): void
}

/**
 * How often deadlines are looked at. A timer for each would cost more than the requests; were it seldom, thousands that
 * are late would end at once, and all others wait for it.
 */
export const SWEEP: Millis = 100

/** Every exchange that is not over: its deadlines are looked at from time to time, and a drain waits for it. */
export class OpenExchanges {
  /** In no order: the last takes the place of one that leaves. A set would hash each, and leave tables behind. */
  readonly #open: Watched[] = []
  #emptied: (() => void) | undefined

  get count(): number {
    return this.#open.length
  }

  add(exchange: Watched): void {
    if (exchange.place !== -1) return
    exchange.place = this.#open.push(exchange) - 1
  }

  delete(exchange: Watched): void {
    const { place } = exchange
    if (place === -1) return
    exchange.place = -1
    const last = this.#open.pop()
    if (last !== undefined && last !== exchange) {
      last.place = place
      this.#open[place] = last
    }
    if (this.#open.length === 0) this.#emptied?.()
  }

  sweep(now: Millis): void {
    // backwards: what takes the place of one that leaves meanwhile has been looked at
    for (let i = this.#open.length - 1; i >= 0; i--) this.#open[i]?.checkDeadlines(now)
  }

  /** Calls `then` each time the last one is over, at once if there is none. */
  whenEmpty(then: () => void): void {
    this.#emptied = then
    if (this.#open.length === 0) then()
  }
}
