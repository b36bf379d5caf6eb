import { type Head, REPEATED } from '../head.ts'
import { CLEAN, type RejectReason, type Verdict } from '../reasons.ts'
import type { Millis } from '../units.ts'
import { Body } from './body.ts'
import { readClaim } from './claim.ts'
import type { CompiledScheme, SignedBytes } from './compiled.ts'
import { EACH } from './drawn.ts'
import { judgeTime } from './fresh.ts'
import type { JsonFields } from './json.ts'
import { inHead } from './place.ts'
import { proofOf } from './proof.ts'
import { decodeAll, liveAt, type Method, type Prover } from './prover.ts'
import { Reading, type Within } from './reading.ts'
import { judgeRequire } from './require.ts'
import type { Check, Proof, Verifier } from './verifier.ts'

/** Verifies what has to see the whole body at once: to parse it, or because its primitive takes one piece. */
export class WholeVerifier implements Verifier {
  readonly decides = 'over_whole_body'
  readonly scheme: CompiledScheme
  readonly method: Method
  /** Whether the head alone says where the signature is and whether it is well formed. */
  readonly #claimed: boolean

  constructor(scheme: CompiledScheme, method: Method) {
    this.scheme = scheme
    this.method = method
    this.#claimed = scheme.from.every(inHead)
  }

  /** What can be refused before the body is, even though the claim is read again with it. */
  open(head: Head, now: Millis): Check | RejectReason {
    if (this.#claimed) {
      const { time, require } = this.scheme
      const claim = readClaim(this.scheme, head)
      if (typeof claim === 'string') return claim
      const signatures = decodeAll(this.method, claim.candidates)
      if (typeof signatures === 'string') return signatures
      const reading = new Reading(head, claim.bound)
      const signed = time === undefined || time.inBody ? undefined : judgeTime(time, reading, now)
      if (typeof signed === 'string') return signed
      const required = judgeRequire(require, reading, false)
      if (required !== CLEAN) return required
    }
    return new WholeCheck(this, head, now)
  }
}

/** What one claim rests on. */
interface Judged {
  readonly prover: Prover
  readonly signature: Uint8Array
  readonly signed: Millis | undefined
}

class WholeCheck implements Check {
  proof: Proof | undefined
  skew: Millis | undefined
  readonly #verifier: WholeVerifier
  readonly #head: Head
  readonly #now: Millis
  #verdict: Verdict | undefined

  constructor(verifier: WholeVerifier, head: Head, now: Millis) {
    this.#verifier = verifier
    this.#head = head
    this.#now = now
  }

  update(): void {}

  final(held: readonly Uint8Array[]): Verdict {
    this.#verdict ??= this.#judge(held)
    return this.#verdict
  }

  #judge(held: readonly Uint8Array[]): Verdict {
    const body = new Body(held)
    const parts = this.#fieldsOf(body)
    if (typeof parts === 'string') return parts
    const { scheme } = this.#verifier
    let last: Judged | undefined
    let place: Proof['secret'] = 'current'
    for (const fields of parts) {
      if (fields === REPEATED) return 'signature_malformed'
      const judged = this.#part(held, { body, fields })
      if (typeof judged === 'string') return judged
      if (judged.prover.place === 'previous') place = 'previous'
      last = judged
    }
    if (last === undefined) return 'signature_missing'
    if (last.signed !== undefined) this.skew = last.signed - this.#now
    this.proof = proofOf(scheme, place, last.signature, last.signed)
    return CLEAN
  }

  /** The fields of the body, or of every element of a batch, or the reason they cannot be read. */
  #fieldsOf(body: Body): Iterable<JsonFields | typeof REPEATED | undefined> | RejectReason {
    const { json, each } = this.#verifier.scheme
    const tree = each?.array ?? json
    if (tree === undefined) return [undefined]
    const fields = body.json(tree)
    if (fields === undefined) return 'malformed_body'
    if (each === undefined || fields === REPEATED) return [fields]
    return fields.elements(EACH, each.fields)
  }

  #part(held: readonly Uint8Array[], within: Within): Judged | RejectReason {
    const { scheme, method } = this.#verifier
    const claim = readClaim(scheme, this.#head, within)
    if (typeof claim === 'string') return claim
    const signatures = decodeAll(method, claim.candidates)
    if (typeof signatures === 'string') return signatures
    const reading = new Reading(this.#head, claim.bound, within)
    const signed = scheme.time && judgeTime(scheme.time, reading, this.#now)
    if (typeof signed === 'string') return signed
    for (const inBody of [false, true]) {
      const required = judgeRequire(scheme.require, reading, inBody)
      if (required !== CLEAN) return required
    }
    let judged: Judged | undefined
    for (const prover of liveAt(method.provers, this.#now)) {
      const pieces = piecesOf(prover.sign, reading, held)
      if (typeof pieces === 'string') return pieces
      const proving = prover.begin(signatures)
      for (const piece of pieces) proving.update(piece)
      const signature = proving.proven()
      if (signature !== undefined) judged ??= { prover, signature, signed }
    } // no early exit: every key costs the same
    return judged ?? method.mismatch
  }
}

/** What is signed, in order, or the reason it cannot be written out. */
function piecesOf(
  { before, body, after }: SignedBytes,
  reading: Reading,
  held: readonly Uint8Array[],
): Uint8Array[] | RejectReason {
  // a signature over fields that are all absent would hold for every body without them
  if (!reading.hasAnyField([...before, ...after])) return 'signature_missing'
  const first = reading.render(before, 'signature_missing', true)
  if (first === undefined) return reading.refused
  const middle = body === undefined ? [] : bodyOf(body, reading, held)
  if (middle === undefined) return reading.refused
  const last = reading.render(after, 'signature_missing', true)
  if (last === undefined) return reading.refused
  return [Buffer.from(first, 'latin1'), ...middle, Buffer.from(last, 'latin1')]
}

function bodyOf(
  filters: NonNullable<SignedBytes['body']>,
  reading: Reading,
  held: readonly Uint8Array[],
): readonly Uint8Array[] | undefined {
  if (filters.length === 0) return held
  const part = { source: 'body', name: '', slot: -1, filters, column: 1 } as const
  const text = reading.render([part], 'signature_missing')
  return text === undefined ? undefined : [Buffer.from(text, 'latin1')]
}
