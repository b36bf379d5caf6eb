import type { Clock } from '../clock.ts'
import { REASONS, type RejectReason } from '../reasons.ts'
import type { Millis } from '../units.ts'
import { ClockWatch } from './clock-watch.ts'
import { Floods } from './floods.ts'
import type { ConnectionRefusal } from './labels.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import { Recent } from './recent.ts'
import type { Settled } from './settled.ts'

/** A sender chooses how long the names of its headers are. */
const MOST_OF_A_NAME = 64

/** What an exchange tells when it ends: counted and logged. */
export class Report {
  /** What was refused last. */
  readonly recent = new Recent()
  readonly #metrics: Metrics
  readonly #log: Log
  readonly #clock: Clock
  readonly #floods: Floods
  /** Of what report mode let pass. */
  readonly #passed: Floods
  readonly #watch: ClockWatch
  #toldOfFiles = false

  constructor(metrics: Metrics, log: Log, clock: Clock) {
    this.#metrics = metrics
    this.#log = log
    this.#clock = clock
    this.#floods = new Floods(clock, ({ provider, word, count }) =>
      log.warn('more requests ended alike than are logged one by one', {
        provider,
        ...(Object.hasOwn(REASONS, word)
          ? { reason: word, page: `docs/reasons/${word}.md` }
          : { outcome: word }),
        count,
      }),
    )
    this.#passed = new Floods(clock, ({ provider, word, count }) =>
      log.info('report mode let more pass than is logged one by one', {
        provider,
        reason: word,
        mode: 'report',
        count,
      }),
    )
    this.#watch = new ClockWatch(clock, off => this.#clockChanged(off))
  }

  /** Whether what senders sign says that this machine's clock is wrong. */
  get clockSuspect(): boolean {
    return this.#watch.suspect
  }

  settled(end: Settled): void {
    if (end.skew !== undefined && end.secret !== undefined) this.#watch.saw(end.provider, end.skew)
    this.#metrics.settled(end)
    if (end.reason !== undefined) this.recent.saw(end, this.#clock.wall())
    if (isAnybodys(end) && !this.#floods.passes(end.provider, end.reason ?? end.outcome)) return
    this.#log.settled(end)
  }

  /** A refusal was explained: each cause is counted, and all of them make one line. */
  explained(
    { provider, requestId, reason }: { provider: string; requestId: string; reason: RejectReason },
    findings: readonly {
      readonly code: string
      readonly detail: string
      readonly skew?: Millis | undefined
    }[],
  ): void {
    this.recent.explained(requestId, findings)
    this.#metrics.explained(
      provider,
      findings.map(({ code }) => code),
    )
    for (const { skew } of findings) if (skew !== undefined) this.#watch.saw(provider, skew)
    this.#log.info('explained', {
      request_id: requestId,
      provider,
      reason,
      finding: findings.map(({ code }) => code).join(' '),
      detail: findings.map(({ detail }) => detail).join('; '),
      page: `docs/findings/${findings[0]?.code}.md`,
    })
  }

  #clockChanged(off: Millis | undefined): void {
    if (off === undefined) return this.#log.info('the clock agrees with what senders sign again')
    this.#log.warn(
      'all senders sign another time: the clock of this machine is wrong, set it (NTP)',
      {
        behind_seconds: Math.round(off / 1000),
      },
    )
  }

  /** Report mode let `reason` pass. */
  reported(provider: string, reason: RejectReason): void {
    this.#metrics.reported(provider, reason)
    if (!this.#passed.passes(provider, reason)) return
    this.#log.info('report mode let it pass', { provider, reason, mode: 'report' })
  }

  /** Says what was counted instead of logged so far: nothing follows. */
  close(): void {
    this.#floods.turn()
    this.#passed.turn()
  }

  /** A connection was closed before its first byte. */
  connectionRejected(why: ConnectionRefusal): void {
    this.#metrics.connectionRejected(why)
    if (why !== 'open_files' || this.#toldOfFiles) return
    this.#toldOfFiles = true // once: the counter says how often, and lines would need a file too
    this.#log.error('connections are refused: the limit on open files is reached')
  }

  handshakeFailed(code: string | undefined): void {
    this.#metrics.handshakeFailed(code)
  }

  /** Every connection so far came from one private address. */
  addressHidden(address: string): void {
    const message =
      'all connections come from one private address: something in between hides the senders, and caps for one address do not apply to it'
    this.#log.warn(message, { address })
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

/** Whether anybody could have brought it about: no proof, and nothing that has to be delivered again. */
function isAnybodys({ outcome, secret }: Settled): boolean {
  return secret === undefined && (outcome === 'rejected' || outcome === 'aborted')
}
