import { type Head, REPEATED } from '../head.ts'
import { CLEAN, type RejectReason, type Verdict } from '../reasons.ts'
import type { Millis } from '../units.ts'
import { Body } from './body.ts'
import { readClaim } from './claim.ts'
import type { ClaimRule, CompiledScheme, JwtRules } from './compiled.ts'
import { Digests } from './digest.ts'
import type { Claim } from './items.ts'
import type { JsonFields } from './json.ts'
import { isWhole, type JwtKey } from './jwt-keys.ts'
import { readToken } from './jwt-token.ts'
import { inHead } from './place.ts'
import { proofOf } from './proof.ts'
import { Reading, type Within } from './reading.ts'
import { judgeRequire, sameText } from './require.ts'
import { MOST_SIGNATURES } from './signature.ts'
import type { Check, Proof, Verifier } from './verifier.ts'

/** How far a sender's clock may be from ours where the token itself says when it holds. @see RFC 7519, 4.1.4 */
const LEEWAY: Millis = 60_000

/** A token that holds, as far as it was looked at. */
interface Passed {
  readonly payload: JsonFields
  readonly place: Proof['secret']
  readonly signature: Uint8Array
  /** Its `iat`. */
  readonly signed: Millis | undefined
}

/** What a token is judged by. */
interface Rules extends JwtRules {
  readonly scheme: CompiledScheme
  readonly keys: readonly JwtKey[]
}

/** Verifies JSON Web Tokens: signature, times and all claims that need no body before a byte of it is read. */
export class JwtVerifier implements Verifier {
  readonly decides: Verifier['decides']
  readonly #rules: Rules
  readonly #claimed: boolean

  constructor(scheme: CompiledScheme, jwt: JwtRules, keys: readonly JwtKey[]) {
    this.decides = scheme.decides
    this.#rules = { ...jwt, scheme, keys }
    this.#claimed = scheme.from.every(inHead)
  }

  open(head: Head, now: Millis): Check | RejectReason {
    if (!this.#claimed) return new JwtCheck(this.#rules, head, now, undefined)
    const opened = openTokens(this.#rules, head, now)
    if (typeof opened === 'string') return opened
    const check = new JwtCheck(this.#rules, head, now, opened)
    if (this.decides === 'at_head') check.final([])
    return check
  }
}

/** The tokens that pass so far, and the claim they came in. */
interface Opened {
  readonly claim: Claim
  readonly passed: readonly Passed[]
}

class JwtCheck implements Check {
  proof: Proof | undefined
  skew: Millis | undefined
  readonly #rules: Rules
  readonly #head: Head
  readonly #now: Millis
  readonly #opened: Opened | undefined
  readonly #digests: Digests
  #verdict: Verdict | undefined

  /** @param opened undefined where the token is in the body */
  constructor(rules: Rules, head: Head, now: Millis, opened: Opened | undefined) {
    this.#rules = rules
    this.#head = head
    this.#now = now
    this.#opened = opened
    this.#digests = new Digests(opened === undefined ? [] : rules.scheme.digests)
    const [first] = opened?.passed ?? []
    if (first?.signed !== undefined) this.skew = first.signed - now
  }

  update(chunk: Uint8Array): void {
    this.#digests.update(chunk)
  }

  final(held: readonly Uint8Array[]): Verdict {
    this.#verdict ??= this.#judge(held)
    return this.#verdict
  }

  #judge(held: readonly Uint8Array[]): Verdict {
    const { scheme, claims } = this.#rules
    const body = new Body(held, this.#digests)
    const fields = scheme.json && body.json(scheme.json)
    if (fields === REPEATED) return 'signature_malformed'
    if (scheme.json !== undefined && fields === undefined) return 'malformed_body'
    const within: Within = { body, fields }
    const opened = this.#opened ?? openTokens(this.#rules, this.#head, this.#now, within)
    if (typeof opened === 'string') return opened
    const reading = new Reading(this.#head, opened.claim.bound, within)
    const late = claims.filter(({ inBody }) => inBody)
    let refused: RejectReason = 'signature_mismatch'
    for (const token of opened.passed) {
      const verdict = judgeClaims(late, token.payload, reading, body.size > 0)
      if (verdict === CLEAN) return this.#proven(token, reading)
      refused = verdict
    }
    return refused
  }

  #proven({ place, signature, signed }: Passed, reading: Reading): Verdict {
    const { scheme } = this.#rules
    const required = judgeRequire(scheme.require, reading, true)
    if (required !== CLEAN) return required
    if (signed !== undefined) this.skew = signed - this.#now
    this.proof = proofOf(scheme, place, signature, signed)
    return CLEAN
  }
}

/** The tokens that pass all that the head, or the body where they stand in it, says of them; else the first reason. */
function openTokens(rules: Rules, head: Head, now: Millis, within?: Within): Opened | RejectReason {
  const claim = readClaim(rules.scheme, head, within)
  if (typeof claim === 'string') return claim
  if (claim.candidates.length > MOST_SIGNATURES) return 'signature_malformed'
  const reading = new Reading(head, claim.bound, within)
  const passed: Passed[] = []
  let refused: RejectReason | undefined
  for (const candidate of claim.candidates) {
    const judged = judgeToken(rules, candidate, reading, now)
    if (typeof judged !== 'string') passed.push(judged)
    // a token that was understood says more of what is wrong than one that was not
    else if (refused === undefined || refused === 'signature_malformed') refused = judged
  }
  if (passed.length === 0) return refused ?? 'signature_malformed'
  const required = judgeRequire(rules.scheme.require, reading, false)
  return required === CLEAN ? { claim, passed } : required
}

function judgeToken(
  { algs, claims, maxAge, payload, keys }: Rules,
  text: string,
  reading: Reading,
  now: Millis,
): Passed | RejectReason {
  const token = readToken(text, payload)
  const alg = algs.find(({ name }) => name === token?.alg)
  if (token === undefined || alg === undefined || !isWhole(token, alg)) return 'signature_malformed'
  const signed = judgeTimes(token.payload, maxAge, now)
  if (typeof signed === 'string') return signed
  let passed: Passed | undefined
  for (const key of keys) {
    if (key.until !== undefined && key.until < now) continue
    const signature = key.proven(token, alg)
    if (signature === undefined) continue
    passed ??= { payload: token.payload, place: key.place, signature, signed }
  } // no early exit: every key costs the same
  if (passed === undefined) return 'signature_mismatch'
  const early = claims.filter(({ inBody }) => !inBody)
  const verdict = judgeClaims(early, token.payload, reading, false)
  return verdict === CLEAN ? passed : verdict
}

/** The `iat` of a token whose times hold. @see RFC 7519, 4.1.4 to 4.1.6 */
function judgeTimes(
  payload: JsonFields,
  maxAge: Millis | undefined,
  now: Millis,
): Millis | undefined | RejectReason {
  const exp = dateOf(payload, 'exp')
  const nbf = dateOf(payload, 'nbf')
  const iat = dateOf(payload, 'iat')
  if (exp === REPEATED || nbf === REPEATED || iat === REPEATED) return 'signature_malformed'
  if (exp !== undefined && now >= exp + LEEWAY) return 'timestamp_stale'
  if (nbf !== undefined && now < nbf - LEEWAY) return 'timestamp_future'
  if (iat !== undefined && now < iat - LEEWAY) return 'timestamp_future'
  if (maxAge !== undefined && iat === undefined) return 'timestamp_missing'
  if (maxAge !== undefined && iat !== undefined && iat < now - maxAge) return 'timestamp_stale'
  return iat
}

/** A NumericDate; REPEATED where it is something else. Null is absent. */
function dateOf(payload: JsonFields, name: string): Millis | typeof REPEATED | undefined {
  const text = payload.text(name)
  if (text === undefined || text === REPEATED) return text
  if (payload.isString(name) || !/^\d{1,11}(?:\.\d{1,9})?$/.test(text)) return REPEATED
  return Math.floor(Number(text) * 1000)
}

/** Whether every claim says what it has to. */
function judgeClaims(
  rules: readonly ClaimRule[],
  payload: JsonFields,
  reading: Reading,
  withBody: boolean,
): Verdict {
  for (const { name, is, whenBody } of rules) {
    if (whenBody && !withBody) {
      if (payload.has(name)) return 'signature_mismatch'
      continue
    }
    const expected = reading.render(is, 'signature_missing')
    if (expected === undefined) return reading.refused
    if (!saysIt(name, expected, payload)) return 'signature_mismatch'
  }
  return CLEAN
}

/** A token may be for several audiences; every other claim says one thing. @see RFC 7519, 4.1.3 */
function saysIt(name: string, expected: string, payload: JsonFields): boolean {
  const said = payload.text(name)
  if (typeof said === 'string') return sameText(said, expected)
  if (name !== 'aud') return false
  return payload.texts(name)?.some(one => sameText(one, expected)) ?? false
}
