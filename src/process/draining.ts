import type { Clock } from '../clock.ts'
import type { OpenExchanges } from '../exchange/open.ts'
import type { Millis } from '../units.ts'

/** Resolves when so much time is over. */
export function after(clock: Clock, wait: Millis): Promise<void> {
  return new Promise(resolve => void clock.after(wait, () => resolve(), undefined))
}

/** Waits until nothing is in flight, and says how many still are when the time is over. */
export function emptyWithin(open: OpenExchanges, clock: Clock, wait: Millis): Promise<number> {
  return new Promise(resolve => {
    const timer = clock.after(wait, () => resolve(open.count), undefined)
    open.whenEmpty(() => {
      timer.cancel()
      resolve(0)
    })
  })
}
