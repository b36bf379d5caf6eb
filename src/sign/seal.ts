import { constants, createPrivateKey, type KeyObject, sign } from 'node:crypto'
import type { SignatureAlg } from '../verify/alg.ts'

/** The private half of a sender's key. Throws where the bytes are no PEM of one. */
export function readPrivateKey(pem: Uint8Array): KeyObject {
  return createPrivateKey(Buffer.from(pem))
}

/** Signs as the holder of a private key does. Throws where the key does not fit the algorithm. */
export function seal(
  { key, hash, pss }: SignatureAlg,
  object: KeyObject,
  message: Uint8Array,
  dsaEncoding: 'der' | 'ieee-p1363',
): Uint8Array {
  if (key === 'ed25519') return sign(null, message, object)
  if (key === 'ec') return sign(hash, message, { key: object, dsaEncoding })
  if (pss === undefined) return sign(hash, message, object)
  const saltLength = constants.RSA_PSS_SALTLEN_DIGEST
  return sign(hash, message, { key: object, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength })
}
