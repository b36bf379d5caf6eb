import type { Clock } from '../clock.ts'
import type { Upstream } from '../forward/upstream.ts'
import type { AddressBuckets } from '../limit/address-buckets.ts'
import type { Budget } from '../limit/budget.ts'
import type { Lateness } from '../limit/lateness.ts'
import type { LimitStore, Soon } from '../limit/store.ts'
import type { Outcome, RejectReason } from '../reasons.ts'
import type { ReplayStore } from '../replay/store.ts'
import type { Bytes, Millis } from '../units.ts'
import type { Errand, Told } from '../verify/told.ts'
import type { OpenExchanges } from './open.ts'
import type { RequestIds } from './request-ids.ts'
import type { Serving } from './route.ts'
import type { Explaining } from './witness.ts'

/** What every exchange of the process shares: it outlives generations. */
export interface Site {
  readonly clock: Clock
  readonly requestIds: RequestIds
  /** What proven deliveries spend: shared by all replicas where the map has a store. */
  readonly limits: LimitStore
  /** How far this process is behind with the turns that they wait for. */
  readonly lateness: Lateness
  /** What unproven passes spend: always this process's own, so that nobody loads a shared store without proof. */
  readonly ownLimits: LimitStore
  /** The per-address limit, spent before anything is proven: each replica's own. */
  readonly addresses: AddressBuckets
  readonly replay: ReplayStore
  readonly budget: Budget
  readonly upstream: Upstream
  readonly observer: Observer
  readonly explainer: Explaining
  readonly errands: Errands
  readonly open: OpenExchanges
  /** Longest silence: of a body, and of a sender that does not read its answer. */
  readonly idle: Millis
  /** Whether event-loop delay or held bytes say that the process has too much to do. */
  overloaded(): boolean
  /** What is served now. An exchange keeps what it began with. */
  serving(): Serving
  /** Looks for a flow that has this path. Resolves with what is said where there is none; by then `serving` may have it. */
  seek(path: string): Soon<'no_route' | 'discovery_pending'>
  /** `settling`: new work is taken, connections are closed after it. `closed`: no new work. */
  draining(): 'no' | 'settling' | 'closed'
}

/** What is fetched from hosts that the map pins, for the few entries that ask for it. Nothing here ever rejects. */
interface Errands {
  /** Settles when the certificate is known, or is known not to be had. */
  certificate(url: string): Promise<void>
  /** Calls what the answer needs: the answer, or why there is none. */
  run(errand: Errand): Promise<Told | RejectReason>
}

/** How one request ended: handed to the observer exactly once. */
interface Settled {
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
  /** From the head to the last byte of the body: the sender's share of the duration. */
  readonly receiving: Millis
  /** From the first byte sent upstream to the last byte received; undefined when nothing was forwarded. */
  readonly upstream: Millis | undefined
  /** How long a proven delivery waited its turn. */
  readonly paced: Millis
  /** Which secret proved it; undefined for what is unproven. */
  readonly secret: 'current' | 'previous' | undefined
  /** Signed time less our own; undefined where none is signed. */
  readonly skew: Millis | undefined
  /** What the operator is told of a failure upstream; undefined when nothing failed. */
  readonly detail: string | undefined
}

/** What an exchange itself says of its end. */
export interface Ending extends Pick<Settled, 'outcome' | 'status'> {
  /** Undefined for what was not refused. */
  readonly reason?: RejectReason
  readonly detail?: string | undefined
}

/** Who is told what happened. */
export interface Observer {
  settled(end: Settled): void
  /** Report mode let `reason` pass. */
  reported(provider: string, reason: RejectReason): void
  /** A secret came in a header of this name, which was not forwarded. */
  leaked(provider: string, requestId: string, header: string): void
}
