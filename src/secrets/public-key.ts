import { readReference, type SecretProblem, type SecretSources } from './resolve.ts'

/** Whether a public key stands elsewhere: its text never begins like that. */
export function isReference(text: string): boolean {
  return text.startsWith('file:')
}

/** The bytes of a public key or a set of them: the text itself, or what `file:PATH` holds. */
export function resolvePublicKey(text: string, sources: SecretSources): Uint8Array | SecretProblem {
  if (!isReference(text)) return Buffer.from(text)
  const found = readReference(text, sources)
  return 'problem' in found ? found : found.bytes
}
