import type { Networks } from '../admit/networks.ts'
import type { Credentials } from '../forward/clean.ts'
import type { Leaks } from '../forward/leaks.ts'
import type { InflatedCoding } from '../inspect/inflate.ts'
import type { Inspector } from '../inspect/inspector.ts'
import type { Gate } from '../limit/gate.ts'
import type { Limit } from '../limit/gcra.ts'
import type { Bucket } from '../limit/store.ts'
import type { RejectReason } from '../reasons.ts'
import type { RouteTable } from '../route/table.ts'
import type { Bytes, Millis } from '../units.ts'
import type { BoundHandshake } from '../verify/bound-handshake.ts'
import type { Verifier } from '../verify/verifier.ts'

/** What one generation serves. */
export interface Serving {
  readonly routes: RouteTable<Route>
  /** Names of ours; empty for any. */
  readonly hosts: ReadonlySet<string>
  readonly trusted: Networks
  /** What requests without a route spend, by address. */
  readonly unrouted: Limit
  /** The secrets of every provider. */
  readonly leaks: Leaks
  readonly inspector: Inspector
}

/** A path that senders call, and where it leads. */
export interface Route {
  readonly path: string
  readonly upstreamPath: string
  /** Whether the sender waits for the flow's own answer. */
  readonly sync: boolean
  /** Whether the flow is not published: then only what is proven passes. */
  readonly draft: boolean
  /** Flow id and a space: replay memory never mixes flows. */
  readonly replayPrefix: string
  /** Window of replay memory; undefined when off. */
  readonly replay: Millis | undefined
  readonly provider: Provider
}

/** One sender with everything about it worked out. */
export interface Provider {
  readonly name: string
  readonly mode: 'enforce' | 'report' | 'off'
  readonly methods: ReadonlySet<string>
  /** Value of `Allow`. */
  readonly allow: string
  readonly contentTypes: ReadonlySet<string>
  /** What Automatisch is told instead of these types; undefined where all stay as they came. */
  readonly forwardAs: { readonly type: string; readonly of: ReadonlySet<string> } | undefined
  /** Codings that the sender may use; none where empty. */
  readonly encodings: ReadonlySet<InflatedCoding>
  readonly maxBody: Bytes
  /** Answers for trouble of our own that its sender would not repeat after, and what it is told instead. */
  readonly instead: ReadonlyMap<RejectReason, number>
  /** Headers and body. */
  readonly deadline: Millis
  /** Undefined when every address may send. */
  readonly allowIps: Networks | undefined
  /** Whether its sender has to show a certificate. */
  readonly asksCertificate: boolean
  /** Undefined while no secret is usable. */
  readonly verifier: Verifier | undefined
  /** How the sender is answered when it asks whether the URL is ours; undefined where it is not. */
  readonly handshake: BoundHandshake | undefined
  readonly credentials: Credentials
  /** Value of X-Hookwarden-Verified, by the secret that proved a delivery. */
  readonly introduced: { readonly current: string; readonly previous: string }
  readonly addressLimit: Limit
  /** What a proven delivery spends: the provider's own limit first, then the process's. */
  readonly proven: readonly PaceLimit[]
  /** What an unproven pass spends. */
  readonly unproven: readonly PaceLimit[]
  readonly gate: Gate
  /** How long a proven delivery may wait in all. */
  readonly patience: Millis
  readonly answerWithin: Millis
  /** Upstream deadline to the first answer byte. */
  readonly upstreamAnswer: Millis
  /** Upstream deadline for the whole answer: never less than the first byte's. */
  readonly upstreamWhole: Millis
  /** How long a replay claim is held for its owner. */
  readonly lease: Millis
}

/** A bucket that paces, and the reason it refuses with. */
export interface PaceLimit extends Bucket {
  readonly reason: 'rate_provider' | 'rate_global'
}
