import type { AnswerHead } from './answer-reader.ts'
import type { Asked } from './circuit.ts'
import type { Pool } from './pool.ts'
import { type Answering, Sending } from './sending.ts'

/** What Automatisch answers while it lives, whatever becomes of its database. */
const QUESTION = { method: 'GET', target: '/healthcheck', headers: [], body: [], length: 0 }

/**
 * Asks the upstream once whether it is there. Any answer says so but a 5xx: a proxy before Automatisch would give
 * that for it.
 */
export class Probe implements Answering, Asked {
  #told: ((alive: boolean) => void) | undefined
  readonly #sending: Sending

  constructor(connections: Pool, told: (alive: boolean) => void) {
    this.#told = told
    this.#sending = new Sending(QUESTION, this)
    connections.send(this.#sending)
  }

  cancel(): void {
    this.#told = undefined
    this.#sending.abort()
  }

  answerWritten(): void {}

  answerStarted({ status }: AnswerHead): void {
    this.#tell(status < 500)
  }

  answerData(): void {}

  answerEnded(): void {}

  answerFailed(): void {
    this.#tell(false)
  }

  #tell(alive: boolean): void {
    const told = this.#told
    this.#told = undefined
    told?.(alive)
  }
}
