import type { Millis, Rate } from '../units.ts'
import type { Limit } from './gcra.ts'

/** A plain value when local, a promise only across the network. */
export type Soon<T> = T | Promise<T>

/** One bucket, and the limit it is spent under. */
export interface Bucket {
  readonly limit: Limit
  readonly key: string
}

/** What a reservation came to. */
export interface Reservation {
  /** How long to wait for one's turn, 0 at once; undefined when refused. */
  readonly wait: Millis | undefined
  /** When a refused sender may try again; 0 when granted. */
  readonly retryAfter: Millis
  /** Index of the first bucket that refused; undefined when granted. */
  readonly refusedBy: number | undefined
  /** Whether replicas share what was granted: it goes back where it came from. */
  readonly shared: boolean
}

/** Remembers how far each bucket is spent. Never rejects: decides by its own fail mode. */
export interface LimitStore {
  /**
   * Reserves one in every bucket, or in none. The wait is that of the slowest, and so is the time after which one
   * that was refused may try again.
   *
   * @param now monotonic clock of this process
   * @param patience longest wait worth granting, 0 for what may not wait
   */
  reserve(buckets: readonly Bucket[], now: Millis, patience: Millis): Soon<Reservation>
  /**
   * Undoes a granted reservation in each bucket, never below `now`.
   *
   * @param shared what the reservation said
   */
  giveBack(buckets: readonly Bucket[], now: Millis, shared: boolean): void
  close(): Promise<void>
}

/** Compiles a rate: `count` at once, then `count` per `per`. */
export function limitOf(name: string, rate: Rate): Limit {
  return { name, emission: rate.per / rate.count, burst: rate.per }
}
