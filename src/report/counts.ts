import type { Clock } from '../clock.ts'
import type { RejectReason } from '../reasons.ts'
import { Explanations } from './explanations.ts'
import { HANDSHAKE_FAILURES, handshakeFailure } from './handshake.ts'
import {
  CONNECTION_REFUSALS,
  type ConnectionRefusal,
  RENEWALS,
  type RenewalResult,
  UPSTREAM_RESULTS,
} from './labels.ts'
import type { Settled } from './settled.ts'
import { BOUNDS, Spread, Tally, zeros } from './tally.ts'

/** Everything that is counted, as plain numbers. A name that is not in the map counts as `none`. */
export class Counts {
  /** By provider in the order of the map, `none` last. */
  readonly tallies: ReadonlyMap<string, Tally>
  readonly explanations: Explanations
  readonly overhead = new Spread(BOUNDS.overhead)
  readonly upstreamRequests = zeros(UPSTREAM_RESULTS)
  readonly connectionsRejected = zeros(CONNECTION_REFUSALS)
  readonly certificateRenewals = zeros(RENEWALS)
  /** 0 after one that could not be used. */
  lastRenewalUsed = true
  readonly handshakesFailed = zeros(HANDSHAKE_FAILURES)
  readonly #none = new Tally()
  readonly #clock: Clock

  constructor(providers: readonly string[], clock: Clock) {
    const named = providers.map((name): [string, Tally] => [name, new Tally()])
    this.tallies = new Map([...named, ['none', this.#none]])
    this.explanations = new Explanations(providers)
    this.#clock = clock
  }

  settled(end: Settled): void {
    this.#of(end.provider).settled(end, this.#clock.wall())
    this.#forwarded(end)
  }

  reported(provider: string, reason: RejectReason): void {
    this.#of(provider).reported[reason]++
  }

  leaked(provider: string): void {
    this.#of(provider).leaks++
  }

  connectionRejected(why: ConnectionRefusal): void {
    this.connectionsRejected[why]++
  }

  certificatesRenewed(result: RenewalResult): void {
    this.certificateRenewals[result]++
    this.lastRenewalUsed = result === 'renewed'
  }

  handshakeFailed(code: string | undefined): void {
    this.handshakesFailed[handshakeFailure(code)]++
  }

  #of(provider: string): Tally {
    return this.tallies.get(provider) ?? this.#none
  }

  #forwarded({ upstream, reason, outcome, duration, receiving, paced }: Settled): void {
    if (reason === 'upstream_error' || reason === 'upstream_timeout') {
      this.upstreamRequests[reason === 'upstream_error' ? 'error' : 'timeout']++
      return
    }
    if (upstream === undefined) return
    if (outcome === 'aborted') {
      this.upstreamRequests.aborted++
      return
    }
    this.upstreamRequests.answered++
    this.overhead.observe(Math.max(0, duration - receiving - paced - upstream) / 1000)
  }
}
