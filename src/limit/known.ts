import type { Millis } from '../units.ts'
import { SLACK } from './gcra.ts'
import type { Bucket, Reservation } from './store.ts'

/** So long an answer is believed: as old as one may be that a slow Redis gave. */
const BELIEVED: Millis = 250
/** How far a bucket is spent is told in whole milliseconds, rounded up. */
const ROUNDED: Millis = 1

/** When a question left and when its answer came, on the monotonic clock: in between the answer was true. */
export interface Asked {
  readonly asked: Millis
  readonly answered: Millis
}

interface Told extends Asked {
  readonly ahead: readonly Millis[]
}

/**
 * Remembers how far Redis said that buckets are spent, so that it need not be asked about a delivery that it would refuse:
 * a schedule only moves forward, and what was spent beyond somebody's patience still is until that time has passed. Only
 * what another replica gives back moves it the other way; that is found out a quarter of a second later at most.
 */
export class Known {
  #told = new WeakMap<readonly Bucket[], Told>()

  /** @param ahead how far each bucket is spent, in whole milliseconds from when Redis answered, rounded up */
  learn(buckets: readonly Bucket[], ahead: readonly Millis[], { asked, answered }: Asked): void {
    this.#told.set(buckets, { ahead, asked, answered })
  }

  /** Something was given back: nothing that was known is certain any more. */
  forget(): void {
    this.#told = new WeakMap()
  }

  /**
   * A refusal, where Redis would answer one now; undefined where it has to be asked. Who is refused is told the time that
   * was known: others may have spent more since.
   */
  refusal(buckets: readonly Bucket[], now: Millis, patience: Millis): Reservation | undefined {
    const told = this.#told.get(buckets)
    if (told === undefined || now - told.asked > BELIEVED) return undefined
    const age = now - told.asked
    let refusedBy: number | undefined
    let longest = 0
    for (let i = 0; i < buckets.length; i++) {
      const { emission, burst } = (buckets[i] as Bucket).limit
      const wait = (told.ahead[i] ?? 0) - ROUNDED + emission - burst - age
      if (wait > patience + emission * SLACK) refusedBy ??= i
      longest = Math.max(longest, wait)
    }
    if (refusedBy === undefined) return undefined
    const retryAfter = longest + ROUNDED + (told.answered - told.asked) - patience
    return { wait: undefined, retryAfter, refusedBy, shared: false }
  }
}
