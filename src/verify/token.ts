import { createHash, timingSafeEqual } from 'node:crypto'
import { type Head, REPEATED } from '../head.ts'
import { CLEAN, type RejectReason, type Verdict } from '../reasons.ts'
import type { Millis } from '../units.ts'
import type { CompiledScheme } from './compiled.ts'
import { readItems } from './items.ts'
import { valueAt } from './reading.ts'
import type { Check, Key, Proof, Verifier } from './verifier.ts'

interface LiveToken {
  readonly digest: Uint8Array
  readonly place: Key['place']
  readonly until: Millis | undefined
}

/** Verifies senders that show the secret itself: all is decided by the head. */
export class TokenVerifier implements Verifier {
  readonly decides = 'at_head'
  readonly #scheme: CompiledScheme
  readonly #tokens: readonly LiveToken[]

  /** @param keys with the bytes that the scheme's key template made of the secret */
  constructor(scheme: CompiledScheme, keys: readonly Key[]) {
    this.#scheme = scheme
    this.#tokens = keys.map(({ bytes, place, until }) => ({ digest: digest(bytes), place, until }))
  }

  open(head: Head, now: Millis): Check | RejectReason {
    const value = valueAt(this.#scheme.from, head)
    if (value === REPEATED) return 'signature_malformed'
    if (value === undefined) return 'signature_missing'
    const claim = readItems(this.#scheme.items, value)
    if (claim === undefined) return 'signature_malformed'
    let place: Key['place'] | undefined
    for (const candidate of claim.candidates) {
      // digests are compared, so that neither content nor length of a token shows in the time taken
      const shown = digest(Buffer.from(candidate, 'latin1'))
      for (const token of this.#tokens) {
        const live = token.until === undefined || now <= token.until
        if (timingSafeEqual(shown, token.digest) && live) place ??= token.place
      }
    }
    return place === undefined ? 'token_mismatch' : SHOWN[place]
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
