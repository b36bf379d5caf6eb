import { type Head, REPEATED } from '../head.ts'
import type { RejectReason, Verdict } from '../reasons.ts'
import type { Millis } from '../units.ts'
import { readMultipart } from './multipart.ts'
import type { Check, Verifier } from './verifier.ts'

/**
 * Takes the JSON of a Dropbox Sign event out of the form that carries it; the rest is the scheme's. As the body is not
 * signed, only the plainest of forms passes.
 *
 * @see "Events and Callbacks Walkthrough", Dropbox Sign
 */
export class DropboxSignVerifier implements Verifier {
  readonly decides = 'over_whole_body'
  readonly #inner: Verifier

  constructor(inner: Verifier) {
    this.#inner = inner
  }

  open(head: Head, now: Millis): Check | RejectReason {
    const type = head.only('content-type')
    if (type === REPEATED || type === undefined) return 'malformed_body'
    const opened = this.#inner.open(head, now)
    return typeof opened === 'string' ? opened : new FormCheck(opened, type)
  }
}

class FormCheck implements Check {
  readonly #inner: Check
  readonly #type: string

  constructor(inner: Check, type: string) {
    this.#inner = inner
    this.#type = type
  }

  get proof() {
    return this.#inner.proof
  }

  get skew() {
    return this.#inner.skew
  }

  update(): void {}

  final(held: readonly Uint8Array[]): Verdict {
    const json = readMultipart(this.#type, Buffer.concat(held).toString('latin1'))?.get('json')
    return json === undefined ? 'malformed_body' : this.#inner.final([Buffer.from(json, 'latin1')])
  }
}
