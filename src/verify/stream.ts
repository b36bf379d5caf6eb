import { type Head, REPEATED } from '../head.ts'
import { CLEAN, type RejectReason, type Verdict } from '../reasons.ts'
import type { Millis } from '../units.ts'
import { Body } from './body.ts'
import { readClaim } from './claim.ts'
import type { CompiledScheme } from './compiled.ts'
import { type Digest, Digests, openDigest } from './digest.ts'
import { applyFilters, digestOf } from './filters.ts'
import { judgeTime } from './fresh.ts'
import { proofOf } from './proof.ts'
import { decodeAll, liveAt, type Method, type Prover, type Proving } from './prover.ts'
import { Reading } from './reading.ts'
import { judgeRequire } from './require.ts'
import type { Check, Proof, Verifier } from './verifier.ts'

/** One key at work: what precedes the body is fed already. */
interface Running {
  readonly prover: Prover
  readonly proving: Proving
  readonly after: Uint8Array
}

/** Verifies what is fed while the body arrives, by whatever method. A time or a field inside the body is read afterwards. */
export class StreamVerifier implements Verifier {
  readonly decides: Verifier['decides']
  readonly #scheme: CompiledScheme
  readonly #method: Method

  constructor(scheme: CompiledScheme, method: Method) {
    this.decides = scheme.decides
    this.#scheme = scheme
    this.#method = method
  }

  open(head: Head, now: Millis): Check | RejectReason {
    const { sign, time, require } = this.#scheme
    const claim = readClaim(this.#scheme, head)
    if (typeof claim === 'string') return claim
    const signatures = decodeAll(this.#method, claim.candidates)
    if (typeof signatures === 'string') return signatures

    const reading = new Reading(head, claim.bound)
    const signed = time === undefined || time.inBody ? undefined : judgeTime(time, reading, now)
    if (typeof signed === 'string') return signed
    const required = judgeRequire(require, reading, false)
    if (required !== CLEAN) return required
    const running: Running[] = []
    for (const prover of liveAt(this.#method.provers, now)) {
      const before = reading.render(prover.sign.before, 'signature_missing')
      if (before === undefined) return reading.refused
      const after = reading.render(prover.sign.after, 'signature_missing')
      if (after === undefined) return reading.refused
      const proving = prover.begin(signatures)
      proving.update(Buffer.from(before, 'latin1'))
      running.push({ prover, proving, after: Buffer.from(after, 'latin1') })
    }
    if (running.length === 0) return this.#method.mismatch
    const opened = { head, now, signed, bound: claim.bound }
    const check = new StreamCheck(this.#scheme, this.#method, running, opened)
    if (sign.body !== undefined) return check
    const verdict = check.prove()
    if (verdict !== CLEAN) return verdict
    if (this.decides === 'at_head') check.final([])
    return check
  }
}

/** What the head of one delivery came to. */
interface Opened {
  readonly head: Head
  readonly now: Millis
  readonly bound: readonly (string | undefined)[]
  readonly signed: Millis | undefined
}

class StreamCheck implements Check {
  proof: Proof | undefined
  skew: Millis | undefined
  readonly #scheme: CompiledScheme
  readonly #method: Method
  readonly #running: readonly Running[]
  readonly #opened: Opened
  /** Where a digest of the body is signed and not the body itself. */
  readonly #digest: Digest | undefined
  readonly #digests: Digests
  /** Who proved it, and with which signature. */
  #proven: { readonly prover: Prover; readonly signature: Uint8Array } | undefined
  #signature: Verdict | undefined
  #verdict: Verdict | undefined

  constructor(scheme: CompiledScheme, method: Method, running: readonly Running[], opened: Opened) {
    this.#scheme = scheme
    this.#method = method
    this.#running = running
    this.#opened = opened
    this.#digests = new Digests(scheme.digests)
    const digest = digestOf(scheme.sign.body?.[0])
    this.#digest = digest === undefined ? undefined : openDigest(digest)
    if (opened.signed !== undefined) this.skew = opened.signed - opened.now
  }

  update(chunk: Uint8Array): void {
    this.#digests.update(chunk)
    if (this.#scheme.sign.body === undefined) return
    if (this.#digest !== undefined) this.#digest.update(chunk)
    else for (const { proving } of this.#running) proving.update(chunk)
  }

  final(held: readonly Uint8Array[]): Verdict {
    this.#verdict ??= this.#judge(held)
    return this.#verdict
  }

  /** What the signature alone comes to. */
  prove(): Verdict {
    this.#signature ??= this.#proves()
    return this.#signature
  }

  #proves(): Verdict {
    const digest = this.#digest === undefined ? '' : this.#digested(this.#digest)
    if (digest === undefined) return 'signature_malformed'
    for (const { prover, proving, after } of this.#running) {
      proving.update(Buffer.from(digest, 'latin1'))
      proving.update(after)
      const signature = proving.proven()
      if (signature !== undefined) this.#proven ??= { prover, signature }
    } // no early exit: every key costs the same
    return this.#proven === undefined ? this.#method.mismatch : CLEAN
  }

  /** The signature first: nothing is read of a body that nobody signed. */
  #judge(held: readonly Uint8Array[]): Verdict {
    const signature = this.prove()
    if (signature !== CLEAN || this.#proven === undefined) return signature
    const rest = this.#rest(held)
    if (typeof rest === 'string') return rest
    const { prover, signature: proven } = this.#proven
    this.proof = proofOf(this.#scheme, prover.place, proven, rest.signed)
    return CLEAN
  }

  /** What a time or an equality inside the body comes to. */
  #rest(held: readonly Uint8Array[]): { readonly signed: Millis | undefined } | RejectReason {
    const { time, require, json } = this.#scheme
    const { head, now, bound, signed } = this.#opened
    if (time?.inBody !== true && !require.some(({ inBody }) => inBody)) return { signed }
    const body = new Body(held, this.#digests)
    const fields = json && body.json(json)
    if (fields === REPEATED) return 'signature_malformed'
    if (json !== undefined && fields === undefined) return 'malformed_body'
    const reading = new Reading(head, bound, { body, fields })
    const late = time?.inBody === true ? judgeTime(time, reading, now) : signed
    if (typeof late === 'string') return late
    if (late !== undefined) this.skew = late - now
    const required = judgeRequire(require, reading, true)
    return required === CLEAN ? { signed: late } : required
  }

  /** What the filters of the body make of its digest. */
  #digested(digest: Digest): string | undefined {
    const [, ...rest] = this.#scheme.sign.body ?? []
    return applyFilters(rest, digest.digest('latin1'))
  }
}
