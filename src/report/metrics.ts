import { setImmediate as nextTurn } from 'node:timers/promises'
import { collectDefaultMetrics, Registry } from 'prom-client'
import type { Clock } from '../clock.ts'
import type { RejectReason } from '../reasons.ts'
import { type CatalogueOptions, catalogue } from './catalogue.ts'
import { Counts } from './counts.ts'
import type {
  ConnectionRefusal,
  ConsoleRefusalLabel,
  ProviderLabel,
  ReloadResult,
  RenewalResult,
} from './labels.ts'
import { Sampled } from './sampled.ts'
import type { Settled } from './settled.ts'

/** prom-client's gauges that are named like counters, which Prometheus' own linter refuses. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

export interface MetricsOptions extends CatalogueOptions {
  /** Those of the map at first. */
  readonly providers: readonly ProviderLabel[]
  readonly clock: Clock
  /** Whether Node's own series are shown beside ours, such as the memory of the process; they are unless said. */
  readonly runtime?: boolean | undefined
}

/**
 * Counts what happens and writes it in Prometheus' text format when asked.
 * Labels come from the map or from closed lists: a name that is in neither is counted as `none`.
 */
export class Metrics {
  readonly #counts: Counts
  readonly #registry = new Registry()

  constructor(options: MetricsOptions) {
    this.#counts = new Counts(options.providers, options.clock)
    for (const sampling of catalogue(this.#counts, options)) new Sampled(this.#registry, sampling)
    if (options.runtime === false) return
    collectDefaultMetrics({ register: this.#registry })
    for (const name of MISNAMED) this.#registry.removeSingleMetric(name)
  }

  /** The providers of the map from now on. What was counted of one before stays with its name. */
  use(providers: readonly ProviderLabel[]): void {
    this.#counts.use(providers)
  }

  /** Counts one request, whatever became of it: called exactly once for each. */
  settled(end: Settled): void {
    this.#counts.settled(end)
  }

  /** Counts what report mode let pass. */
  reported(provider: string, reason: RejectReason): void {
    this.#counts.reported(provider, reason)
  }

  /** Counts the causes that were found for a refusal: words of a closed list. */
  explained(provider: string, findings: readonly string[]): void {
    this.#counts.explained(provider, findings)
  }

  /** The numbers themselves. */
  get counts(): Counts {
    return this.#counts
  }

  /** Counts a header that would have shown a secret to the upstream. */
  leaked(provider: string): void {
    this.#counts.leaked(provider)
  }

  /** Counts a connection that was closed at once. */
  consoleRefused(why: ConsoleRefusalLabel): void {
    this.#counts.consoleRefused(why)
  }

  connectionRejected(why: ConnectionRefusal): void {
    this.#counts.connectionRejected(why)
  }

  /** Counts what came of certificate files that changed. */
  certificatesRenewed(result: RenewalResult): void {
    this.#counts.certificatesRenewed(result)
  }

  /** Counts what came of reading the map again. */
  configReloaded(result: ReloadResult): void {
    this.#counts.configReloaded(result)
  }

  /** Counts a TLS handshake that came to nothing, by the code of Node's error. */
  handshakeFailed(code: string | undefined): void {
    this.#counts.handshakeFailed(code)
  }

  /** Everything, in the format that `contentType` names. Lets deliveries through between two metrics. */
  async text(): Promise<string> {
    const metrics: string[] = []
    for (const { name } of this.#registry.getMetricsAsArray()) {
      metrics.push(await this.#registry.getSingleMetricAsString(name))
      await nextTurn()
    }
    // the library's spelling is not the format's
    return `${metrics.join('\n\n')}\n`.replaceAll(' Nan\n', ' NaN\n')
  }

  get contentType(): string {
    return this.#registry.contentType
  }
}
