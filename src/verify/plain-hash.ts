import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { HASHES } from './alg.ts'
import type { CompiledScheme, SignedBytes } from './compiled.ts'
import { decode } from './decode.ts'
import { MAX_ITEMS } from './items.ts'
import { isSecret, secretText } from './key.ts'
import { Comparing } from './mac.ts'
import type { Method } from './prover.ts'
import type { Part } from './template.ts'
import type { Key } from './verifier.ts'

/**
 * A hash without a key, over a template that holds the secret. What is signed is another for each secret.
 *
 * @param keys with the bytes of the secret itself
 */
export function hashMethod({ hash, encoding, sign }: CompiledScheme, keys: readonly Key[]): Method {
  return {
    most: MAX_ITEMS,
    mismatch: 'signature_mismatch',
    decode: candidate => decode(candidate, encoding, HASHES[hash]),
    provers: keys.map(({ bytes, place, until }) => ({
      place,
      until,
      sign: withSecret(sign, bytes),
      begin: signatures => new Comparing(createHash(hash), signatures),
    })),
  }
}

/** What is signed with the secret filled in. */
export function withSecret({ before, body, after }: SignedBytes, bytes: Uint8Array): SignedBytes {
  const filled = (part: Part): Part => {
    if (!isSecret(part)) return part
    const text = secretText(part, bytes)
    assert(typeof text === 'string', 'keyProblem comes first')
    return { ...part, source: 'text', name: text, filters: [] }
  }
  return { before: before.map(filled), body, after: after.map(filled) }
}
