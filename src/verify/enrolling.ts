import { type Head, REPEATED } from '../head.ts'
import { CLEAN, type RejectReason, type Verdict } from '../reasons.ts'
import type { Bytes, Millis } from '../units.ts'
import { Body } from './body.ts'
import { GRAMMARS } from './handshake.ts'
import { jsonTree } from './json.ts'
import { fixed, type Told } from './told.ts'
import type { Check, Verifier } from './verifier.ts'

/** Where the first request of a sender carries the key of all others. A header goes back as it came. */
export type Enrolment = { readonly header: string } | { readonly json: string }

/** Keeps a key for good and gives the verifier that it makes; undefined where it cannot be kept. */
type Keep = (key: Uint8Array) => Verifier | undefined

/** No such request is longer. */
const LONGEST: Bytes = 8 * 1024

/**
 * Stands in for the verifier of a sender that hands over its key in a request that nothing proves: takes one key, once,
 * until a given time, and from then on is that key's verifier. Nothing but that one request passes before.
 */
export class EnrollingVerifier implements Verifier {
  readonly decides = 'over_whole_body'
  readonly #from: Enrolment
  readonly #until: Millis
  readonly #keep: Keep
  #enrolled: Verifier | undefined

  /** @param until wall clock of the last instant */
  constructor(from: Enrolment, until: Millis, keep: Keep) {
    this.#from = from
    this.#until = until
    this.#keep = keep
  }

  /** Whether it has its key. */
  get enrolled(): boolean {
    return this.#enrolled !== undefined
  }

  open(head: Head, now: Millis): Check | RejectReason {
    if (this.#enrolled !== undefined) return this.#enrolled.open(head, now)
    if (now > this.#until) return 'secret_unavailable'
    if ('json' in this.#from) return new EnrollingCheck(this, undefined)
    const shown = head.only(this.#from.header.toLowerCase())
    return isKey(shown) ? new EnrollingCheck(this, shown) : 'secret_unavailable'
  }

  /** The answer to the request that carried the key; undefined where it carried none, or came second. */
  enrol(shown: string | undefined, held: readonly Uint8Array[]): Told | undefined {
    const key = shown ?? this.#inBody(held)
    if (this.#enrolled !== undefined || !isKey(key)) return undefined
    this.#enrolled = this.#keep(Buffer.from(key, 'latin1'))
    if (this.#enrolled === undefined) return undefined
    const answer = fixed(200)
    return 'header' in this.#from ? { ...answer, header: [this.#from.header, key] } : answer
  }

  #inBody(held: readonly Uint8Array[]): string | typeof REPEATED | undefined {
    const path = 'json' in this.#from ? this.#from.json : ''
    const body = new Body(held)
    const fields = body.size > LONGEST ? undefined : body.json(jsonTree([{ path, steps: [path] }]))
    return fields === undefined || fields === REPEATED ? undefined : fields.text(path)
  }
}

function isKey(value: string | typeof REPEATED | undefined): value is string {
  return typeof value === 'string' && GRAMMARS.token.test(value)
}

/** Clean for the one request that is answered here, and for no other. */
class EnrollingCheck implements Check {
  readonly proof = undefined
  readonly skew = undefined
  readonly unclaimed = true
  told: Told | undefined
  readonly #verifier: EnrollingVerifier
  readonly #shown: string | undefined

  constructor(verifier: EnrollingVerifier, shown: string | undefined) {
    this.#verifier = verifier
    this.#shown = shown
  }

  update(): void {}

  final(held: readonly Uint8Array[]): Verdict {
    this.told = this.#verifier.enrol(this.#shown, held)
    return this.told === undefined ? 'secret_unavailable' : CLEAN
  }
}
