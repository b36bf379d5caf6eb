import { createHmac, createSecretKey, type Hmac, timingSafeEqual } from 'node:crypto'
import { HASHES } from './alg.ts'
import type { CompiledScheme } from './compiled.ts'
import { decode } from './decode.ts'
import { MAX_ITEMS } from './items.ts'
import type { Method, Proving } from './prover.ts'
import type { Key } from './verifier.ts'

/**
 * HMAC where more than the head and a streamed body decides; the plain case has `HmacVerifier`.
 *
 * @param keys with the bytes that the scheme's key template made of the secret
 */
export function macMethod({ hash, encoding, sign }: CompiledScheme, keys: readonly Key[]): Method {
  return {
    most: MAX_ITEMS,
    mismatch: 'signature_mismatch',
    decode: candidate => decode(candidate, encoding, HASHES[hash]),
    provers: keys.map(({ bytes, place, until }) => {
      const key = createSecretKey(bytes)
      return {
        place,
        until,
        sign,
        begin: signatures => new Comparing(createHmac(hash, key), signatures),
      }
    }),
  }
}

/** A digest of what is signed, compared with every candidate. */
export class Comparing implements Proving {
  readonly #digest: Pick<Hmac, 'update' | 'digest'>
  readonly #signatures: readonly Uint8Array[]

  constructor(digest: Pick<Hmac, 'update' | 'digest'>, signatures: readonly Uint8Array[]) {
    this.#digest = digest
    this.#signatures = signatures
  }

  update(bytes: Uint8Array): void {
    this.#digest.update(bytes)
  }

  proven(): Uint8Array | undefined {
    const expected = this.#digest.digest()
    let found = false
    for (const signature of this.#signatures) {
      if (timingSafeEqual(expected, signature)) found = true
    } // no early exit: every candidate costs the same
    return found ? expected : undefined
  }
}
