import assert from 'node:assert/strict'
import type { CompiledScheme } from './compiled.ts'
import { HmacVerifier } from './hmac.ts'
import { keyBytes } from './key.ts'
import { TokenVerifier } from './token.ts'
import type { Key, Verifier } from './verifier.ts'

/**
 * Binds a scheme to the secrets of a provider. Without any key nothing verifies.
 *
 * @param keys secrets for which `keyProblem` found nothing: any other is a bug and throws
 */
export function bindVerifier(compiled: CompiledScheme, keys: readonly Key[]): Verifier {
  const bound = keys.map(key => {
    const bytes = keyBytes(compiled, key.bytes)
    assert(typeof bytes !== 'string' && bytes.length > 0, 'keyProblem comes first')
    return { ...key, bytes }
  })
  return compiled.kind === 'token'
    ? new TokenVerifier(compiled, bound)
    : new HmacVerifier(compiled, bound)
}
