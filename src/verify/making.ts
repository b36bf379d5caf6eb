import { createHash, createHmac } from 'node:crypto'
import type { HashName } from './alg.ts'

/** The MAC that a sender makes: for tools that sign. A delivery is never judged by it. */
export function makeMac(hash: HashName, key: Uint8Array, message: Uint8Array): Uint8Array {
  return createHmac(hash, key).update(message).digest()
}

/** The hash that a sender makes where the secret is part of the message. */
export function makeHash(hash: HashName, message: Uint8Array): Uint8Array {
  return createHash(hash).update(message).digest()
}
