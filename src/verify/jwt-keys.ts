import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'
import { HASHES, type JwtAlg } from './alg.ts'
import type { Token } from './jwt-token.ts'
import { fits, type PublicKey } from './public-key.ts'
import { canonical, lengthOf, verifies, verifyInput } from './signature.ts'
import type { Key } from './verifier.ts'

/** One key that a token may be signed with. */
export interface JwtKey {
  readonly place: Key['place']
  readonly until: Key['until']
  /** The signature of a token in its one spelling, where it holds; undefined where it does not. */
  proven(token: Token, alg: JwtAlg): Uint8Array | undefined
}

/** @param bytes what the scheme's key template made of the secret */
export function secretKey({ bytes, place, until }: Key): JwtKey {
  const key = createSecretKey(bytes)
  return { place, until, proven: (token, alg) => provenByMac(token, alg, key) }
}

export function publicKey(one: PublicKey, { place, until }: Pick<Key, 'place' | 'until'>): JwtKey {
  return { place, until, proven: (token, alg) => provenBySignature(token, alg, one) }
}

/** Whether a signature is as long as its algorithm makes it; of RSA, as long as its key, which is known later. */
export function isWhole({ signature }: Token, { mac, signature: alg }: JwtAlg): boolean {
  if (mac !== undefined) return signature.length === HASHES[mac]
  return alg.key === 'rsa' || signature.length === lengthOf(alg)
}

function provenByMac({ signed, signature }: Token, { mac }: JwtAlg, key: KeyObject) {
  if (mac === undefined) return undefined
  const expected = createHmac(mac, key).update(signed).digest()
  return timingSafeEqual(expected, signature) ? expected : undefined
}

/** A key is used for its own algorithm alone, whatever the token says. @see RFC 8725, 3.1 */
function provenBySignature(
  { signed, signature, kid }: Token,
  { name, signature: alg }: JwtAlg,
  key: PublicKey,
) {
  const named = kid === undefined || key.kid === undefined || key.kid === kid
  if (alg === undefined || !named || (key.alg !== undefined && key.alg !== name)) return undefined
  if (!fits(key.object, alg) || signature.length !== lengthOf(alg, key.object)) return undefined
  const holds = verifies(alg, verifyInput(alg, key.object), signed, signature)
  return holds ? canonical(alg, signature) : undefined
}
