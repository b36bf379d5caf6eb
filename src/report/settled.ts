import type { Outcome, RejectReason } from '../reasons.ts'
import type { Bytes, Millis } from '../units.ts'

/** How one request ended, as far as it is reported. The exchange's own record fits it. */
export interface Settled {
  /** Provider of the map, or `none`. */
  readonly provider: string
  readonly outcome: Outcome
  readonly reason: RejectReason | undefined
  /** 0 when the sender left before an answer. */
  readonly status: number
  readonly from: 'upstream' | 'hookwarden'
  readonly method: string
  /** The configured path, never the sender's. */
  readonly route: string | undefined
  readonly bytes: Bytes
  readonly requestId: string
  readonly address: string
  readonly duration: Millis
  /** From the head to the last byte of the body: the sender's share of the duration. */
  readonly receiving: Millis
  readonly upstream: Millis | undefined
  readonly paced: Millis
  readonly secret: 'current' | 'previous' | undefined
  readonly skew: Millis | undefined
  /** What the operator is told of a failure upstream. */
  readonly detail: string | undefined
}
