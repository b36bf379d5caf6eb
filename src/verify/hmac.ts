import assert from 'node:assert/strict'
import {
  createHmac,
  createSecretKey,
  type Hmac,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto'
import { type Head, REPEATED } from '../head.ts'
import { CLEAN, type RejectReason, type Verdict } from '../reasons.ts'
import type { Millis } from '../units.ts'
import { HASHES } from './alg.ts'
import { withoutCandidate } from './claim.ts'
import type { CompiledScheme } from './compiled.ts'
import { decode, type Encoding } from './decode.ts'
import { type Digest, openDigest } from './digest.ts'
import { applyFilters, digestOf } from './filters.ts'
import { judgeTime } from './fresh.ts'
import { readItems } from './items.ts'
import type { Place } from './place.ts'
import { proofOf } from './proof.ts'
import { Reading, valueAt } from './reading.ts'
import type { Check, Key, Proof, Verifier } from './verifier.ts'

/** A key as it is used: imported once, with its place and its end. */
interface LiveKey {
  readonly object: KeyObject
  readonly place: Key['place']
  readonly until: Millis | undefined
}

/** Verifies schemes that MAC a template around the body with a shared secret, all else of it known from the head. */
export class HmacVerifier implements Verifier {
  readonly decides: Verifier['decides']
  readonly #scheme: CompiledScheme
  readonly #from: Place
  readonly #keys: readonly LiveKey[]
  readonly #bytes: number
  /** Whether any key ends, so that the usual case filters nothing. */
  readonly #ends: boolean
  /** Whether anything beside the body is signed: the commonest scheme signs the body alone. */
  readonly #signsHead: boolean

  /** @param keys with the bytes that the scheme's key template made of the secret */
  constructor(scheme: CompiledScheme, keys: readonly Key[]) {
    this.decides = scheme.decides
    this.#scheme = scheme
    const [from, ...more] = scheme.from
    assert(from !== undefined && more.length === 0, 'one place: others have another verifier')
    this.#from = from
    this.#bytes = HASHES[scheme.hash]
    const { sign, time } = scheme
    this.#signsHead = time !== undefined || sign.before.length > 0 || sign.after.length > 0
    this.#ends = keys.some(key => key.until !== undefined)
    this.#keys = keys.map(({ bytes, place, until }) => ({
      object: createSecretKey(bytes),
      place,
      until,
    }))
  }

  open(head: Head, now: Millis): Check | RejectReason {
    const { items, encoding, sign, time } = this.#scheme
    const value = valueAt(this.#from, head)
    if (value === REPEATED) return 'signature_malformed'
    if (value === undefined) return 'signature_missing'
    const claim = readItems(items, value)
    if (claim === undefined) return 'signature_malformed'
    const signatures = decodeAll(claim.candidates, encoding, this.#bytes)
    if (signatures.length === 0) return withoutCandidate(claim)

    let signed: Millis | undefined
    let before: string | undefined = ''
    let after: string | undefined = ''
    if (this.#signsHead) {
      const reading = new Reading(head, claim.bound)
      const judged = time === undefined ? undefined : judgeTime(time, reading, now)
      if (typeof judged === 'string') return judged
      signed = judged
      before = reading.render(sign.before, 'signature_missing')
      if (before === undefined) return reading.refused
      after = reading.render(sign.after, 'signature_missing')
      if (after === undefined) return reading.refused
    }
    const keys = this.#ends ? this.#keys.filter(key => (key.until ?? now) >= now) : this.#keys
    if (keys.length === 0) return 'signature_mismatch'
    const check = new HmacCheck(this.#scheme, keys, signatures, before, after, signed, now)
    if (sign.body !== undefined) return check
    const verdict = check.final()
    return verdict === CLEAN ? check : verdict
  }
}

function decodeAll(
  candidates: readonly string[],
  encoding: Encoding,
  bytes: number,
): readonly Uint8Array[] {
  if (candidates.length === 1) {
    const signature = decode(candidates[0] as string, encoding, bytes)
    return signature === undefined ? [] : [signature]
  }
  const signatures: Uint8Array[] = []
  for (const candidate of candidates) {
    const signature = decode(candidate, encoding, bytes)
    if (signature !== undefined) signatures.push(signature)
  }
  return signatures
}

function start(scheme: CompiledScheme, key: LiveKey, before: string): Hmac {
  const mac = createHmac(scheme.hash, key.object)
  if (before !== '') mac.update(before, 'latin1')
  return mac
}

/** One delivery: a MAC for each live key, fed in step while the body arrives. */
class HmacCheck implements Check {
  proof: Proof | undefined
  readonly #keys: readonly LiveKey[]
  readonly #macs: readonly Hmac[]
  readonly #signatures: readonly Uint8Array[]
  readonly #after: string
  readonly #signed: Millis | undefined
  readonly #now: Millis
  readonly #scheme: CompiledScheme
  /** Where a digest of the body is signed and not the body itself. */
  readonly #digest: Digest | undefined
  #verdict: Verdict | undefined

  constructor(
    scheme: CompiledScheme,
    keys: readonly LiveKey[],
    signatures: readonly Uint8Array[],
    before: string,
    after: string,
    signed: Millis | undefined,
    now: Millis,
  ) {
    this.#scheme = scheme
    this.#keys = keys
    this.#signatures = signatures
    this.#after = after
    this.#signed = signed
    this.#now = now
    const digest = digestOf(scheme.sign.body?.[0])
    this.#digest = digest === undefined ? undefined : openDigest(digest)
    const [first] = keys
    const sole = keys.length === 1 && first !== undefined
    this.#macs = sole ? [start(scheme, first, before)] : keys.map(key => start(scheme, key, before))
  }

  get skew(): Millis | undefined {
    return this.#signed === undefined ? undefined : this.#signed - this.#now
  }

  update(chunk: Uint8Array): void {
    if (this.#scheme.sign.body === undefined) return
    if (this.#digest !== undefined) this.#digest.update(chunk)
    else for (const mac of this.#macs) mac.update(chunk)
  }

  final(): Verdict {
    this.#verdict ??= this.#judge()
    return this.#verdict
  }

  #judge(): Verdict {
    const digest = this.#digest === undefined ? '' : this.#digested(this.#digest)
    if (digest === undefined) return 'signature_malformed'
    const after = digest + this.#after
    for (let i = 0; i < this.#macs.length; i++) {
      const mac = this.#macs[i] as Hmac
      if (after !== '') mac.update(after, 'latin1')
      const expected = mac.digest()
      for (const signature of this.#signatures) {
        if (timingSafeEqual(expected, signature)) this.proof ??= this.#prove(i, expected)
      }
    } // no early exit: every key and every candidate costs the same
    return this.proof === undefined ? 'signature_mismatch' : CLEAN
  }

  /** What the filters of the body make of its digest. */
  #digested(digest: Digest): string | undefined {
    const [, ...rest] = this.#scheme.sign.body ?? []
    return applyFilters(rest, digest.digest('latin1'))
  }

  #prove(index: number, mac: Buffer): Proof {
    return proofOf(this.#scheme, (this.#keys[index] as LiveKey).place, mac, this.#signed)
  }
}
