import type { Head } from '../head.ts'
import type { RejectReason, Verdict } from '../reasons.ts'
import type { Millis } from '../units.ts'
import type { Check, Proof, Verifier } from './verifier.ts'

const OBJECT = 0x7b
const LIST = 0x5b

/** Whether the first byte of a body is `{` or `[`. */
export function beginsAsJson(held: readonly Uint8Array[]): boolean {
  const first = held.find(({ length }) => length > 0)?.[0]
  return first === OBJECT || first === LIST
}

/**
 * Takes only bodies that begin with `{` or `[`. Whoever may have a value signed under the same key must not be able to
 * send that value as a delivery.
 */
export class JsonOnlyVerifier implements Verifier {
  readonly decides: Verifier['decides']
  readonly #verifier: Verifier

  constructor(verifier: Verifier) {
    this.decides = verifier.decides
    this.#verifier = verifier
  }

  open(head: Head, now: Millis): Check | RejectReason {
    const opened = this.#verifier.open(head, now)
    return typeof opened === 'string' ? opened : new JsonOnlyCheck(opened)
  }
}

class JsonOnlyCheck implements Check {
  readonly #check: Check

  constructor(check: Check) {
    this.#check = check
  }

  update(chunk: Uint8Array): void {
    this.#check.update(chunk)
  }

  final(held: readonly Uint8Array[]): Verdict {
    const verdict = this.#check.final(held)
    if (typeof verdict === 'string') return verdict
    return beginsAsJson(held) ? verdict : 'malformed_body'
  }

  get proof(): Proof | undefined {
    return this.#check.proof
  }

  get skew(): Millis | undefined {
    return this.#check.skew
  }
}
