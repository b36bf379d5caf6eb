import type { Millis } from '../units.ts'
import type { CompiledScheme } from './compiled.ts'
import type { Proof } from './verifier.ts'

/**
 * What a clean verdict rests on.
 *
 * @param signature decoded, and where one signature has two spellings the same for both: a respelled one must not
 *   count as another delivery
 */
export function proofOf(
  { signsBody, fingerprint }: CompiledScheme,
  secret: Proof['secret'],
  signature: Uint8Array,
  signed: Millis | undefined,
): Proof {
  if (!signsBody) return { secret, replay: undefined }
  return { secret, replay: `${fingerprint}.${latin1(signature)}.${signed ?? ''}` }
}

function latin1(bytes: Uint8Array): string {
  const { buffer, byteOffset, length } = bytes
  return (bytes instanceof Buffer ? bytes : Buffer.from(buffer, byteOffset, length)).toString(
    'latin1',
  )
}
