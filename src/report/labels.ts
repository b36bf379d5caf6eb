import type { Bytes, Millis } from '../units.ts'

/** What metrics know of one provider of the map. */
export interface ProviderLabel {
  readonly name: string
  /** Undefined where the entry brings a scheme of its own. */
  readonly preset: string | undefined
  readonly mode: 'enforce' | 'report' | 'off'
  /** What proves a delivery: a MAC or signature, a token, or nothing. */
  readonly signed: 'signature' | 'token' | 'none'
  /** Whether its scheme signs a time. */
  readonly timed: boolean
  /** `limits.body`. */
  readonly maxBody: Bytes
  /** So many failures in a row make its sender disable the hook; undefined where that is not known. */
  readonly failureRow: number | undefined
  /** Wall clock when the first of its secrets that ends does so; undefined when none does. */
  readonly secretExpiry: Millis | undefined
  /** Whether what nobody proved is refused as `no_route` where its flow is a draft. */
  readonly drafts: boolean
}

export const LIMITER_SCOPES = ['address', 'proven'] as const
/** Buckets spent before the verdict, and by what is proven after it. */
export type LimiterScope = (typeof LIMITER_SCOPES)[number]

export const CONNECTION_REFUSALS = [
  'connections',
  'connections_per_address',
  'proxy_header',
  'open_files',
] as const
/** Why a connection was closed at once: the key under `limits` that was reached, or what a balancer did not say. */
export type ConnectionRefusal = (typeof CONNECTION_REFUSALS)[number]

export const CONSOLE_REFUSALS = [
  'address',
  'connections',
  'certificate',
  'rate',
  'framing',
  'path',
  'method',
  'body',
  'upgrade',
  'upstream',
] as const
/** Why the console refused a connection or a request. */
export type ConsoleRefusalLabel = (typeof CONSOLE_REFUSALS)[number]

export const RENEWALS = ['renewed', 'failed'] as const
/** What came of certificate files that changed. */
export type RenewalResult = (typeof RENEWALS)[number]

export const RELOADS = ['reloaded', 'failed'] as const
/** What came of reading the map again. */
export type ReloadResult = (typeof RELOADS)[number]

/** How a forwarded request ended; `aborted`: the sender left, so nobody was told. */
export const UPSTREAM_RESULTS = ['answered', 'error', 'timeout', 'aborted'] as const

/** What is known of flows that are discovered. Both maps are empty where none are. */
export interface DiscoveredLabel {
  readonly up: boolean
  readonly doubted: boolean
  /** By provider. */
  readonly flows: ReadonlyMap<string, number>
  /** By app of a closed list, `none` for the rest. */
  readonly unprotected: ReadonlyMap<string, number>
}

/** Numbers that others keep, read at each scrape. */
export interface Gauges {
  inFlight(): number
  buffered(): Bytes
  /** `limits.buffered`, as lowered where memory is short, and beside the connections that are open. */
  bufferedLimit(): Bytes
  connections(): number
  /** `limits.connections`, as lowered at start. */
  connectionsLimit(): number
  overloaded(): boolean
  /** Whether what senders sign says that the clock is wrong. */
  clockSuspect(): boolean
  limiterKeys(scope: LimiterScope): number
  limiterEvicted(scope: LimiterScope): number
  replayEntries(): number
  replayEvicted(): number
  /** Whether limits and replay memory are where the map says. */
  storeUp(): boolean
  storeErrors(): number
  /** Whether the provider has a usable secret, or needs none. */
  ready(provider: string): boolean
  certificates(): readonly { readonly name: string; readonly notAfter: Millis }[]
  logLinesDropped(): number
  /** Automatisch's own keys that were pinned, as found at start. */
  pinnedKeys(): readonly { readonly key: string; readonly state: 'same' | 'changed' | 'unseen' }[]
  discovered(): DiscoveredLabel
  /** Whether every connection comes from one private address. */
  addressHidden(): boolean
  /** 0 closed, 1 closed while a late answer is looked into, 2 open. */
  circuit(): 0 | 1 | 2
}
