import {
  constants,
  createVerify,
  type Verify,
  type VerifyKeyObjectInput,
  verify,
} from 'node:crypto'
import type { SignatureAlg } from './alg.ts'
import type { CompiledScheme } from './compiled.ts'
import { decode, decodeUpTo } from './decode.ts'
import { fromDer, longestDer, oneSpelling } from './ecdsa.ts'
import type { Method, Proving } from './prover.ts'
import type { PublicKey } from './public-key.ts'
import type { Key } from './verifier.ts'

/** Each candidate costs a pass over the whole body, and whoever forges offers as many as may be. */
export const MOST_SIGNATURES = 4

const ED25519_BYTES = 64

/** RSA, ECDSA (in DER) or Ed25519 over a template. */
export function signatureMethod(
  { encoding, sign }: CompiledScheme,
  alg: SignatureAlg,
  { object }: PublicKey,
  { place, until }: Pick<Key, 'place' | 'until'>,
): Method {
  const input = verifyInput(alg, object)
  const begin = (signatures: readonly Uint8Array[]): Proving =>
    alg.hash === undefined
      ? new OneShot(alg, input, signatures)
      : new Streamed(alg, alg.hash, input, signatures)
  const bytes = lengthOf(alg, object)
  const { curve } = alg
  return {
    most: MOST_SIGNATURES,
    mismatch: 'signature_mismatch',
    provers: [{ place, until, sign, begin }],
    decode: candidate => {
      if (curve === undefined) return decode(candidate, encoding, bytes)
      const der = decodeUpTo(candidate, encoding, longestDer(curve))
      return der && fromDer(der, curve)
    },
  }
}

/** The exact length of a signature: of an elliptic curve, of its two halves; of RSA, of its key. */
export function lengthOf({ curve, key }: SignatureAlg, object?: PublicKey['object']): number {
  if (key === 'ed25519') return ED25519_BYTES
  if (curve !== undefined) return 2 * curve.bytes
  return Math.ceil((object?.asymmetricKeyDetails?.modulusLength ?? 0) / 8)
}

/** What node:crypto throws for a key or a signature proves nothing, as a signature that does not hold. */
function holds(verified: () => boolean): boolean {
  try {
    return verified()
  } catch {
    return false
  }
}

/** Verifies a message at once. Ed25519 brings its own hash. */
export function verifies(
  { hash }: SignatureAlg,
  input: VerifyKeyObjectInput,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  return holds(() => verify(hash, message, input, signature))
}

/** What node:crypto has to know beside the hash. */
export function verifyInput(
  { key, pss }: SignatureAlg,
  object: PublicKey['object'],
): VerifyKeyObjectInput {
  if (key === 'ec') return { key: object, dsaEncoding: 'ieee-p1363' }
  if (key === 'ed25519') return { key: object }
  if (pss === undefined) return { key: object, padding: constants.RSA_PKCS1_PADDING }
  const saltLength =
    pss === 'digest' ? constants.RSA_PSS_SALTLEN_DIGEST : constants.RSA_PSS_SALTLEN_AUTO
  return { key: object, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }
}

/** The one spelling of a signature that holds. */
export function canonical({ curve }: SignatureAlg, signature: Uint8Array): Uint8Array {
  return curve === undefined ? signature : oneSpelling(signature, curve)
}

/** One hash for each candidate, as node:crypto ends it with the first signature. */
class Streamed implements Proving {
  readonly #alg: SignatureAlg
  readonly #input: VerifyKeyObjectInput
  readonly #runs: readonly (readonly [Verify, Uint8Array])[]

  constructor(
    alg: SignatureAlg,
    hash: string,
    input: VerifyKeyObjectInput,
    signatures: readonly Uint8Array[],
  ) {
    this.#alg = alg
    this.#input = input
    this.#runs = signatures.map(signature => [createVerify(hash), signature])
  }

  update(bytes: Uint8Array): void {
    for (const [run] of this.#runs) run.update(bytes)
  }

  proven(): Uint8Array | undefined {
    const found = this.#runs.find(([run, signature]) =>
      holds(() => run.verify(this.#input, signature)),
    )
    return found && canonical(this.#alg, found[1])
  }
}

/** For Ed25519, which node:crypto verifies in one piece. */
class OneShot implements Proving {
  readonly #alg: SignatureAlg
  readonly #input: VerifyKeyObjectInput
  readonly #signatures: readonly Uint8Array[]
  readonly #pieces: Uint8Array[] = []

  constructor(alg: SignatureAlg, input: VerifyKeyObjectInput, signatures: readonly Uint8Array[]) {
    this.#alg = alg
    this.#input = input
    this.#signatures = signatures
  }

  update(bytes: Uint8Array): void {
    this.#pieces.push(bytes)
  }

  proven(): Uint8Array | undefined {
    const message = Buffer.concat(this.#pieces)
    return this.#signatures.find(one => verifies(this.#alg, this.#input, message, one))
  }
}
