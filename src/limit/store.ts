import type { Millis, Rate } from '../units.ts'
import type { Limit } from './gcra.ts'

/** A plain value when local, a promise only across the network. */
export type Soon<T> = T | Promise<T>

/** What a reservation came to. */
export interface Reservation {
  /** How long to wait for one's turn, 0 at once; undefined when refused. */
  readonly wait: Millis | undefined
  /** When a refused sender may try again; 0 when granted. */
  readonly retryAfter: Millis
}

/** Remembers how far each bucket is spent. Never rejects: decides by its own fail mode. */
export interface LimitStore {
  reserve(limit: Limit, key: string, now: Millis, patience: Millis): Soon<Reservation>
  /** Undoes a granted reservation, never below `now`. */
  giveBack(limit: Limit, key: string, now: Millis): void
  close(): Promise<void>
}

/** Compiles a rate: `count` at once, then `count` per `per`. */
export function limitOf(name: string, rate: Rate): Limit {
  return { name, emission: rate.per / rate.count, burst: rate.per }
}
