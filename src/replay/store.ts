import type { Millis } from '../units.ts'

/** What a claim comes to; `unavailable` where only a store that is away could tell. */
export type Claim = 'fresh' | 'delivered' | 'in_flight' | 'unavailable'

/** Remembers what was delivered, so that a repeated delivery is answered and not run again. Never rejects. */
export interface ReplayStore {
  /**
   * Claims a delivery for `owner` for at most `lease`; once kept, it counts as delivered for `window`,
   * counted from the claim.
   * @param now monotonic clock of this process
   */
  claim(
    key: string,
    owner: string,
    lease: Millis,
    window: Millis,
    now: Millis,
  ): Claim | Promise<Claim>
  /** The upstream took it. */
  keep(key: string, owner: string): void
  /** It did not, or nobody knows: let the retry through. */
  release(key: string, owner: string): void
  close(): Promise<void>
}
