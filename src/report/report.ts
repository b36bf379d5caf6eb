import type { RejectReason } from '../reasons.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { Settled } from './settled.ts'

/** A sender chooses how long the names of its headers are. */
const MOST_OF_A_NAME = 64

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

  /** A refusal was explained: each cause is counted, and all of them make one line. */
  explained(
    { provider, requestId, reason }: { provider: string; requestId: string; reason: RejectReason },
    findings: readonly { readonly code: string; readonly detail: string }[],
  ): void {
    for (const { code } of findings) this.#metrics.explained(provider, code)
    this.#log.info('explained', {
      request_id: requestId,
      provider,
      reason,
      finding: findings.map(({ code }) => code).join(' '),
      detail: findings.map(({ detail }) => detail).join('; '),
      page: `docs/findings/${findings[0]?.code}.md`,
    })
  }

  /** Report mode let `reason` pass. */
  reported(provider: string, reason: RejectReason): void {
    this.#metrics.reported(provider, reason)
    this.#log.info('report mode let it pass', { provider, reason, mode: 'report' })
  }

  /** A secret came in a header, which was not forwarded: whoever reads its value may forge. */
  leaked(provider: string, requestId: string, header: string): void {
    this.#metrics.leaked(provider)
    this.#log.warn('a header showed a secret and was dropped: tell the sender, change the secret', {
      request_id: requestId,
      provider,
      header: header.slice(0, MOST_OF_A_NAME),
    })
  }
}
