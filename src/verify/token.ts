import { createHash, timingSafeEqual } from 'node:crypto'
import type { Head } from '../head.ts'
import { CLEAN, type RejectReason, type Verdict } from '../reasons.ts'
import type { Millis } from '../units.ts'
import { shownBasic } from './basic.ts'
import { readClaim } from './claim.ts'
import type { CompiledScheme } from './compiled.ts'
import { MAX_ITEMS } from './items.ts'
import { decodeAll, liveAt, type Method, type Proving } from './prover.ts'
import { Reading } from './reading.ts'
import { judgeRequire } from './require.ts'
import type { Check, Key, Proof, Verifier } from './verifier.ts'

/**
 * Secrets that senders show, as they are or as name and password.
 *
 * @param keys with the bytes that the scheme's key template made of the secret
 */
export function tokenMethod({ kind, sign }: CompiledScheme, keys: readonly Key[]): Method {
  return {
    most: MAX_ITEMS,
    mismatch: 'token_mismatch',
    decode: kind === 'basic' ? shownBasic : candidate => Buffer.from(candidate, 'latin1'),
    provers: keys.map(({ bytes, place, until }) => {
      const expected = digest(bytes)
      return { place, until, sign, begin: shown => new Showing(expected, shown) }
    }),
  }
}

/** Digests are compared, so that neither content nor length of a token shows in the time taken. */
class Showing implements Proving {
  readonly #expected: Uint8Array
  readonly #shown: readonly Uint8Array[]

  constructor(expected: Uint8Array, shown: readonly Uint8Array[]) {
    this.#expected = expected
    this.#shown = shown
  }

  update(): void {}

  proven(): Uint8Array | undefined {
    let found: Uint8Array | undefined
    for (const one of this.#shown) {
      if (timingSafeEqual(digest(one), this.#expected)) found ??= this.#expected
    }
    return found
  }
}

/** Verifies senders that show the secret itself where the head decides all. */
export class TokenVerifier implements Verifier {
  readonly decides = 'at_head'
  readonly #scheme: CompiledScheme
  readonly #method: Method

  constructor(scheme: CompiledScheme, method: Method) {
    this.#scheme = scheme
    this.#method = method
  }

  open(head: Head, now: Millis): Check | RejectReason {
    const claim = readClaim(this.#scheme, head)
    if (typeof claim === 'string') return claim
    const shown = decodeAll(this.#method, claim.candidates)
    if (typeof shown === 'string') return shown
    let place: Key['place'] | undefined
    for (const prover of liveAt(this.#method.provers, now)) {
      if (prover.begin(shown).proven() !== undefined) place ??= prover.place
    }
    if (place === undefined) return this.#method.mismatch
    const required = judgeRequire(this.#scheme.require, new Reading(head, claim.bound), false)
    return required === CLEAN ? SHOWN[place] : required
  }
}

/** A check that was decided at the head. It says nothing about the body, so replay memory cannot rest on it. */
class ShownToken implements Check {
  readonly proof: Proof
  readonly skew = undefined

  constructor(secret: Key['place']) {
    this.proof = { secret, replay: undefined }
  }

  update(): void {}

  final(): Verdict {
    return CLEAN
  }
}

const SHOWN = { current: new ShownToken('current'), previous: new ShownToken('previous') } as const

function digest(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest()
}
