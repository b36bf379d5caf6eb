import { nacl } from './nacl.ts'
import type { OpeningKey } from './sealing-key.ts'

/**
 * A sealed box: anyone can close one with the public half, and only the private half opens it. Not even who closed it can
 * open it again, because the key that closed it is thrown away.
 *
 * Layout: version (1), name of the public half (8), the thrown-away key's public half (32), NaCl box. The nonce is taken
 * from both public halves, which no other box has.
 *
 * @see "Public-key authenticated encryption: crypto_box", nacl.cr.yp.to, and "Sealed boxes", libsodium
 */
const VERSION = 1
const NAME = 8
const HEAD = 1 + NAME
const KEY = 32
const NONCE = 24
const OVERHEAD = 16

/** What stands in the way of opening a box; never says what was in it. */
export type SealProblem = 'not_sealed' | 'other_version' | 'other_key' | 'changed'

export const SEAL_PROBLEMS: Readonly<Record<SealProblem, string>> = {
  not_sealed: 'is nothing that was sealed, or was cut',
  other_version: 'was sealed by another version',
  other_key: 'was sealed to another key than those at hand',
  changed: 'was changed after it was sealed, or cut',
}

/** Closes a box around `bytes`, to the holder of the private half. Gives base64. */
export function seal(bytes: Uint8Array, publicKey: Uint8Array): string {
  const once = nacl().box.keyPair()
  const nonce = nonceOf(once.publicKey, publicKey)
  const box = nacl().box(bytes, nonce, publicKey, once.secretKey)
  once.secretKey.fill(0)
  return Buffer.concat([Uint8Array.of(VERSION), nameOf(publicKey), once.publicKey, box]).toString(
    'base64',
  )
}

/** Opens a box with whichever of `keys` it was closed to: several, while one is being replaced. */
export function unseal(text: string, keys: readonly OpeningKey[]): Uint8Array | SealProblem {
  const bytes = decoded(text)
  if (bytes === undefined || bytes.length < HEAD + KEY + OVERHEAD) return 'not_sealed'
  if (bytes[0] !== VERSION) return 'other_version'
  const name = bytes.subarray(1, HEAD)
  const key = keys.find(({ publicKey }) => nacl().verify(nameOf(publicKey), name))
  if (key === undefined) return 'other_key'
  const once = bytes.subarray(HEAD, HEAD + KEY)
  const nonce = nonceOf(once, key.publicKey)
  const box = bytes.subarray(HEAD + KEY)
  return nacl().box.open(box, nonce, once, key.secretKey.bytes) ?? 'changed'
}

function nameOf(publicKey: Uint8Array): Uint8Array {
  return nacl().hash(publicKey).subarray(0, NAME)
}

function nonceOf(once: Uint8Array, publicKey: Uint8Array): Uint8Array {
  return nacl()
    .hash(Buffer.concat([once, publicKey]))
    .subarray(0, NONCE)
}

function decoded(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(text, { lastChunkHandling: 'strict' })
  } catch {
    return undefined
  }
}
