import type { Millis } from '../units.ts'
import { BucketTable } from './bucket-table.ts'
import { type Limit, reserve, returned } from './gcra.ts'
import { keyedHash } from './keyed-hash.ts'

/** Buckets for addresses that found no place of their own; a power of two. */
const SHARED = 4096
/** How long a sender that proved itself keeps its place while the table is full. */
const KEPT: Millis = 15 * 60_000

/** What one spend came to. */
export interface Spend {
  readonly granted: boolean
  /** How long until one more would be granted; 0 when granted. */
  readonly retryAfter: Millis
}

const GRANTED: Spend = { granted: true, retryAfter: 0 }

/**
 * The key of an address under a provider.
 *
 * @param group an IPv4 address, or the first four groups of an IPv6 address (its /64): dropping what follows
 *   the last `.` or `:` gives the network that shares a bucket when the table is full (/24, /48)
 */
export function addressKey(provider: string, group: string): string {
  return `${provider} ${group}`
}

/**
 * What each address has spent before it proved itself. Bounded: when no place is left an unknown address shares
 * a bucket with its neighbours, chosen by a keyed hash, so that a flood from many networks can neither grow the
 * table nor aim at one sender's bucket; and a proven sender gets a place of its own at an unproven one's cost.
 */
export class AddressBuckets {
  readonly #own: BucketTable
  readonly #shared = new Float64Array(SHARED)
  readonly #hashKey: Uint8Array

  /** `max` bounds the addresses with a bucket of their own; `hashKey` is 8 random bytes. */
  constructor(options: { readonly max: number; readonly hashKey: Uint8Array }) {
    this.#own = new BucketTable(options.max)
    this.#hashKey = options.hashKey
  }

  /** Addresses with a bucket of their own. */
  get size(): number {
    return this.#own.size
  }

  /** Unproven addresses that lost a bucket before it had refilled. */
  get evicted(): number {
    return this.#own.evicted
  }

  /** Spends one, or refuses. */
  spend(limit: Limit, key: string, now: Millis): Spend {
    const own = this.#own.find(key) ?? this.#own.add(key, now)
    return own === undefined
      ? spendFrom(this.#shared, this.#shareOf(key), limit, now)
      : spendFrom(this.#own.tat, own, limit, now)
  }

  /** Undoes a spend that was granted. */
  giveBack(limit: Limit, key: string, now: Millis): void {
    const own = this.#own.find(key)
    if (own === undefined) returnTo(this.#shared, this.#shareOf(key), limit, now)
    else returnTo(this.#own.tat, own, limit, now)
  }

  /** The sender proved itself: from now on it has a bucket of its own, if need be an unproven one's. */
  proven(key: string, now: Millis): void {
    const own = this.#own.find(key) ?? this.#own.displace(key, now)
    if (own !== undefined) this.#own.keep(own, now + KEPT)
  }

  #shareOf(key: string): number {
    const end = Math.max(key.lastIndexOf('.'), key.lastIndexOf(':'))
    return keyedHash(this.#hashKey, key.slice(0, end)) & (SHARED - 1)
  }
}

function spendFrom(tats: Float64Array, at: number, limit: Limit, now: Millis): Spend {
  const slot = reserve(limit, spentOf(tats, at, limit, now), now, 0)
  tats[at] = slot.tat
  return slot.wait === undefined ? { granted: false, retryAfter: slot.retryAfter } : GRANTED
}

function returnTo(tats: Float64Array, at: number, limit: Limit, now: Millis): void {
  tats[at] = returned(limit, spentOf(tats, at, limit, now), now)
}

/** A bucket is full at most, whatever longer limit another provider or the map before a reload spent it under. */
function spentOf(tats: Float64Array, at: number, limit: Limit, now: Millis): Millis {
  return Math.min(tats[at] ?? 0, now + limit.burst)
}
