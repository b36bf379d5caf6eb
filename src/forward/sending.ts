import type { AnswerHead } from './answer-reader.ts'
import type { Outgoing } from './request.ts'

/** Who is told how the upstream answered. Every call comes in a later turn than the request was sent in. */
export interface Answering {
  /** The request begins to be written: from here on the upstream may have it. */
  answerWritten(): void
  answerStarted(head: AnswerHead, flow: Flow): void
  answerData(chunk: Buffer): void
  answerEnded(): void
  /** No answer, or not all of one. */
  answerFailed(failure: Failure): void
}

/** `connect`: no connection, nothing was written. `timeout`: the same, for it took too long. `cut`: anything else. */
export interface Failure {
  readonly kind: 'connect' | 'timeout' | 'cut'
  /** For the operator's log: no text from the sender. */
  readonly message: string
}

/** Back-pressure on an answer. */
export interface Flow {
  pause(): void
  resume(): void
}

/** What carries a request. */
export interface Carrier extends Flow {
  /** Ends it: what is under way on it is wanted by nobody. */
  destroy(): void
}

/** What is left of a request that is over. */
const NOTHING: Outgoing = { method: '', target: '', headers: [], body: [], length: 0 }

/** One request on its way, until its answer is whole, or will never be. */
export class Sending implements Flow {
  #request: Outgoing
  readonly #answering: Answering
  #carrier: Carrier | undefined
  #over = false

  constructor(request: Outgoing, answering: Answering) {
    this.#request = request
    this.#answering = answering
  }

  /** Of one that is over nothing is kept: its body is counted no longer, though a slow sender may read the answer for long. */
  get request(): Outgoing {
    return this.#request
  }

  /** Nobody waits for an answer any more. */
  get over(): boolean {
    return this.#over
  }

  /** Gives it up, whatever it is at, and its connection with it. Nothing is told of it any more. */
  abort(): void {
    const carrier = this.#carrier
    this.#settle()
    carrier?.destroy()
  }

  pause(): void {
    this.#carrier?.pause()
  }

  resume(): void {
    this.#carrier?.resume()
  }

  /** @package a connection has it, or will once it came about */
  carriedBy(carrier: Carrier): void {
    this.#carrier = carrier
  }

  /** @package */
  written(): void {
    this.#answering.answerWritten()
  }

  /** @package */
  started(head: AnswerHead): void {
    this.#answering.answerStarted(head, this)
  }

  /** @package */
  data(chunk: Buffer): void {
    this.#answering.answerData(chunk)
  }

  /** @package */
  ended(): void {
    this.#settle()
    this.#answering.answerEnded()
  }

  /** @package */
  failed(failure: Failure): void {
    if (this.#over) return
    this.#settle()
    this.#answering.answerFailed(failure)
  }

  #settle(): void {
    this.#over = true
    this.#carrier = undefined
    this.#request = NOTHING
  }
}
