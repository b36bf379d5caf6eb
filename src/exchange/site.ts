import type { Outcome, RejectReason } from '../reasons.ts'
import type { Bytes, Millis } from '../units.ts'

/** How one request ended: handed to the observer exactly once. */
export interface Settled {
  /** Provider of the map, or `none` for what matched no route. */
  readonly provider: string
  readonly outcome: Outcome
  readonly reason: RejectReason | undefined
  /** Status answered; 0 when the sender left before one. */
  readonly status: number
  /** Whose answer the sender got. */
  readonly from: 'upstream' | 'hookwarden'
  /** As received: for the log alone. */
  readonly method: string
  /** The configured path, never the sender's; undefined for what matched no route. */
  readonly route: string | undefined
  readonly bytes: Bytes
  readonly requestId: string
  readonly address: string
  readonly duration: Millis
  /** From the first byte sent upstream to the last byte received; undefined when nothing was forwarded. */
  readonly upstream: Millis | undefined
  /** How long a proven delivery waited its turn. */
  readonly paced: Millis
  /** Which secret proved it; undefined for what is unproven. */
  readonly secret: 'current' | 'previous' | undefined
  /** Signed time less our own; undefined where none is signed. */
  readonly skew: Millis | undefined
}

/** Who is told what happened. */
export interface Observer {
  settled(end: Settled): void
  /** Report mode let `reason` pass. */
  reported(provider: string, reason: RejectReason): void
}
