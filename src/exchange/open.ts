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

/** What has deadlines that are looked at from time to time. */
export class Watch<T extends Watched> {
  /** In no order: the last takes the place of one that leaves. A set would hash each, and leave tables behind. */
  readonly #watched: T[] = []

  get count(): number {
    return this.#watched.length
  }

  add(one: T): void {
    if (one.place !== -1) return
    one.place = this.#watched.push(one) - 1
  }

  delete(one: T): void {
    const { place } = one
    if (place === -1) return
    one.place = -1
    const last = this.#watched.pop()
    if (last !== undefined && last !== one) {
      last.place = place
      this.#watched[place] = last
    }
  }

  sweep(now: Millis): void {
    this.each(one => one.checkDeadlines(now))
  }

  /** Calls `look` with each, of which any may leave meanwhile. */
  each(look: (one: T) => void): void {
    // backwards: what takes the place of one that leaves has been looked at
    for (let i = this.#watched.length - 1; i >= 0; i--) {
      const one = this.#watched[i]
      if (one !== undefined) look(one)
    }
  }
}

/** Every exchange that is not over: a drain waits for it. */
export class OpenExchanges extends Watch<Watched> {
  #emptied: (() => void) | undefined

  override delete(exchange: Watched): void {
    if (exchange.place === -1) return
    super.delete(exchange)
    if (this.count === 0) this.#emptied?.()
  }

  /** Calls `then` each time the last one is over, at once if there is none. */
  whenEmpty(then: () => void): void {
    this.#emptied = then
    if (this.count === 0) then()
  }
}
