import type { RejectReason } from '../reasons.ts'
import type { Bytes, Millis } from '../units.ts'

/** Everything that the status page shows, as plain values. Instants are of the wall clock, 0 for never. */
export interface Status {
  readonly now: Millis
  readonly version: string
  readonly draining: boolean
  readonly providers: readonly ProviderStatus[]
  /** What matched no route. */
  readonly unrouted: Hour
  readonly upstream: {
    readonly url: string
    /** 0 closed, 1 closed while a late answer is looked into, 2 open. */
    readonly circuit: 0 | 1 | 2
    readonly answered: number
    readonly failed: number
    readonly late: number
  }
  readonly fills: readonly Fill[]
  readonly inFlight: number
  readonly overloaded: boolean
  readonly store: { readonly shared: boolean; readonly up: boolean; readonly errors: number }
  readonly certificates: readonly { readonly name: string; readonly notAfter: Millis }[]
  /** Whether files that changed could be used. */
  readonly certificatesRenewed: boolean
  /** Undefined where no flows are discovered. */
  readonly discovery: DiscoveryStatus | undefined
  readonly generation: GenerationStatus
  /** Newest first: of providers, and of what matched no route. */
  readonly refusals: readonly RefusalStatus[]
  readonly strays: readonly RefusalStatus[]
  readonly clockSuspect: boolean
  readonly addressHidden: boolean
  readonly logLinesDropped: number
  /** Automatisch's keys that are others than those that were pinned. */
  readonly changedKeys: readonly string[]
}

/** The last sixty minutes, oldest first; the last one has only begun. */
export interface Hour {
  readonly accepted: readonly number[]
  readonly refused: readonly number[]
  /** Came to nothing at the upstream, or to a 5xx. */
  readonly lost: readonly number[]
  /** Proven, and refused by a limit. */
  readonly limited: readonly number[]
}

export interface ProviderStatus {
  readonly name: string
  readonly preset: string | undefined
  readonly mode: 'enforce' | 'report' | 'off'
  readonly ready: boolean
  /** Why secrets cannot be used: references, never values. */
  readonly problems: readonly string[]
  readonly hour: Hour
  readonly lastAccepted: Millis
  readonly lastRefused: Millis
  readonly lastReason: RejectReason | undefined
  /** Which secret proved the last delivery that one proved. */
  readonly secret: 'current' | 'previous' | undefined
  /** When the first of its secrets that ends does so. */
  readonly secretEnds: Millis | undefined
  /** What explaining found last. */
  readonly found: { readonly at: Millis; readonly findings: readonly FindingStatus[] } | undefined
  /** Headers that showed a secret. */
  readonly leaks: number
}

export interface FindingStatus {
  readonly code: string
  readonly says: string
  readonly fix: string
  /** Whether it takes the sender's own signature: then it is no forgery. */
  readonly genuine: boolean
}

/** A bound, and how near it is. */
export interface Fill {
  readonly name: string
  readonly used: number
  readonly most: number
  readonly unit: 'count' | 'bytes' | 'share'
}

export interface DiscoveryStatus {
  readonly up: boolean
  /** So many flows are said to be gone that it is not believed yet. */
  readonly doubted: boolean
  readonly flows: number
  /** Published flows that no provider covers, by app; `none` for one that nobody knows. */
  readonly unprotected: readonly { readonly app: string; readonly flows: number }[]
}

/** What is served, and since when. */
export interface GenerationStatus {
  readonly number: number
  readonly since: Millis
  /** The last reading that could not be used, when it came after. */
  readonly failed: { readonly at: Millis; readonly issues: readonly string[] } | undefined
}

/** One request that was refused or came to nothing: neither body nor secret nor signature. */
export interface RefusalStatus {
  readonly at: Millis
  readonly provider: string
  readonly reason: RejectReason
  readonly address: string
  readonly requestId: string
  readonly bytes: Bytes
  /** What an operator is told of a failure upstream. */
  readonly detail: string | undefined
  readonly findings: readonly { readonly code: string; readonly detail: string }[]
}
