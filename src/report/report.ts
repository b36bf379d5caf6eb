import type { RejectReason } from '../reasons.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { Settled } from './settled.ts'

/** What an exchange tells when it ends: counted and logged. */
export class Report {
  readonly #metrics: Metrics
  readonly #log: Log

  constructor(metrics: Metrics, log: Log) {
    this.#metrics = metrics
    this.#log = log
  }

  settled(end: Settled): void {
    this.#metrics.settled(end)
    this.#log.settled(end)
  }

  /** Report mode let `reason` pass. */
  reported(provider: string, reason: RejectReason): void {
    this.#metrics.reported(provider, reason)
    this.#log.info('report mode let it pass', { provider, reason, mode: 'report' })
  }
}
