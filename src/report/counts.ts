import type { Clock } from '../clock.ts'
import type { RejectReason } from '../reasons.ts'
import { Explanations, isAnybodys } from './explanations.ts'
import { HANDSHAKE_FAILURES, handshakeFailure } from './handshake.ts'
import {
  CONNECTION_REFUSALS,
  CONSOLE_REFUSALS,
  type ConnectionRefusal,
  type ConsoleRefusalLabel,
  type ProviderLabel,
  RELOADS,
  RENEWALS,
  type ReloadResult,
  type RenewalResult,
  UPSTREAM_RESULTS,
} from './labels.ts'
import type { Settled } from './settled.ts'
import { BOUNDS, Spread, Tally, zeros } from './tally.ts'

/** So many providers that left the map are remembered. */
const GONE = 64

/** Everything that is counted, as plain numbers. A name that is not in the map counts as `none`. */
export class Counts {
  readonly explanations = new Explanations([])
  readonly overhead = new Spread(BOUNDS.overhead)
  readonly upstreamRequests = zeros(UPSTREAM_RESULTS)
  readonly connectionsRejected = zeros(CONNECTION_REFUSALS)
  readonly consoleRefusals = zeros(CONSOLE_REFUSALS)
  readonly certificateRenewals = zeros(RENEWALS)
  /** 0 after one that could not be used. */
  lastRenewalUsed = true
  readonly reloads = zeros(RELOADS)
  /** 0 after one that was refused. */
  lastReloadServed = true
  readonly handshakesFailed = zeros(HANDSHAKE_FAILURES)
  readonly #none = new Tally()
  readonly #clock: Clock

  /** Of providers that are in the map no more: their last requests end, and they may come back. */
  readonly #gone = new Map<string, Tally>()
  #providers: readonly ProviderLabel[] = []
  #tallies: ReadonlyMap<string, Tally> = new Map()

  constructor(providers: readonly ProviderLabel[], clock: Clock) {
    this.#clock = clock
    this.use(providers)
  }

  /** By provider in the order of the map, `none` last. */
  get tallies(): ReadonlyMap<string, Tally> {
    return this.#tallies
  }

  get providers(): readonly ProviderLabel[] {
    return this.#providers
  }

  /** The providers of the map from now on. */
  use(providers: readonly ProviderLabel[]): void {
    const named = providers.map(({ name }): [string, Tally] => {
      const known = this.#tallies.get(name) ?? this.#gone.get(name)
      this.#gone.delete(name)
      return [name, known ?? new Tally()]
    })
    const next = new Map([...named, ['none', this.#none]])
    for (const [name, tally] of this.#tallies) if (!next.has(name)) this.#gone.set(name, tally)
    for (const name of this.#gone.keys()) {
      if (this.#gone.size <= GONE) break
      this.#gone.delete(name) // the one that has been gone for longest
    }
    this.#providers = providers
    this.#tallies = next
    this.explanations.use(providers.map(({ name }) => name))
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

  /** Causes were found for a refusal: words of a closed list. What takes the sender's own signature breaks its streak. */
  explained(provider: string, codes: readonly string[]): void {
    const tally = this.#of(provider)
    for (const code of codes) {
      this.explanations.count(provider, code)
      if (!isAnybodys(code)) tally.broken()
    }
    tally.found = { at: this.#clock.wall(), codes }
  }

  connectionRejected(why: ConnectionRefusal): void {
    this.connectionsRejected[why]++
  }

  consoleRefused(why: ConsoleRefusalLabel): void {
    this.consoleRefusals[why]++
  }

  certificatesRenewed(result: RenewalResult): void {
    this.certificateRenewals[result]++
    this.lastRenewalUsed = result === 'renewed'
  }

  configReloaded(result: ReloadResult): void {
    this.reloads[result]++
    this.lastReloadServed = result === 'reloaded'
  }

  handshakeFailed(code: string | undefined): void {
    this.handshakesFailed[handshakeFailure(code)]++
  }

  #of(provider: string): Tally {
    return this.#tallies.get(provider) ?? this.#gone.get(provider) ?? this.#none
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
