import type { AnswerHead } from '../forward/answer-reader.ts'
import { cleanAnswer } from '../forward/clean.ts'
import type { Outgoing } from '../forward/request.ts'
import type { Answering, Failure, Flow, Sending } from '../forward/sending.ts'
import type { RejectReason } from '../reasons.ts'
import type { Millis } from '../units.ts'
import type { Reply } from './reply.ts'
import type { Provider } from './route.ts'
import type { Site } from './site.ts'

/** Who waits for the upstream's word. */
export interface Awaiting {
  /** The upstream answered with a status; the body of the answer may follow. */
  answered(status: number): void
  /** The answer is whole. */
  delivered(): void
  /**
   * No answer, or not all of one.
   *
   * @param unsent not a byte of it was written: no connection came about
   */
  undelivered(reason: RejectReason, detail: string, unsent?: boolean): void
}

/** A clean request on its way upstream, and its answer on its way back. */
export class Delivery implements Answering {
  readonly #site: Site
  readonly #provider: Provider
  readonly #reply: Reply
  readonly #awaiting: Awaiting
  #sending: Sending | undefined
  #writtenAt: Millis | undefined
  #answering = false
  /** Nobody reads the answer: the sender is gone, or has one of ours. */
  #unread: boolean

  /** @param unread the sender is gone already */
  constructor(site: Site, provider: Provider, reply: Reply, awaiting: Awaiting, unread: boolean) {
    this.#site = site
    this.#provider = provider
    this.#reply = reply
    this.#awaiting = awaiting
    this.#unread = unread
  }

  /** Whether the upstream's answer has begun. */
  get answering(): boolean {
    return this.#answering
  }

  /** How long the upstream has had it; undefined when not a byte was written. */
  took(now: Millis): Millis | undefined {
    return this.#writtenAt === undefined ? undefined : now - this.#writtenAt
  }

  send(request: Outgoing): void {
    this.#sending = this.#site.upstream.send(request, this)
  }

  /** The sender left; the upstream's word still counts. */
  leave(): void {
    this.#unread = true
  }

  /** It is given up, and its connection with it. */
  abort(): void {
    this.#unread = true
    this.#sending?.abort()
  }

  answerWritten(): void {
    this.#writtenAt = this.#site.clock.now()
  }

  answerStarted({ status, headers, coded }: AnswerHead, flow: Flow): void {
    this.#answering = true
    this.#awaiting.answered(status)
    if (this.#unread) return
    if (coded) return this.#awaiting.undelivered('upstream_error', 'the answer is coded')
    if (this.#site.draining() !== 'no') this.#reply.closeAfter()
    try {
      this.#reply.start(status, cleanAnswer(headers), flow)
    } catch {
      this.#awaiting.undelivered('upstream_error', 'the upstream sent a header that is none')
    }
  }

  answerData(chunk: Buffer): void {
    if (!this.#unread) this.#reply.write(chunk, this.#site.clock.now())
  }

  answerEnded(): void {
    this.#awaiting.delivered()
    if (!this.#unread) this.#reply.end(this.#site.clock.now())
  }

  answerFailed({ kind, message }: Failure): void {
    const reason = kind === 'timeout' ? 'upstream_timeout' : 'upstream_error'
    this.#awaiting.undelivered(reason, message, kind !== 'cut')
  }

  checkDeadlines(now: Millis): void {
    const took = this.took(now) ?? 0
    const { upstreamAnswer, upstreamWhole } = this.#provider
    if (!this.#answering && took > upstreamAnswer) this.#late('no answer began in time')
    else if (took > upstreamWhole) this.#late('the answer did not end in time')
    else if (this.#answering && !this.#unread) this.#reply.checkDeadlines(now, this.#site.idle)
  }

  #late(detail: string): void {
    this.#site.upstream.circuit.suspect()
    this.#awaiting.undelivered('upstream_timeout', detail)
  }
}
