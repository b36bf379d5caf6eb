import type { CompiledScheme } from './compiled.ts'
import { applyFilter } from './filters.ts'

/**
 * Why these bytes cannot be a secret under this scheme; undefined when they can. For the operator, at load: the
 * sentence never repeats the secret.
 */
export function keyProblem(compiled: CompiledScheme, bytes: Uint8Array): string | undefined {
  const key = keyBytes(compiled, bytes)
  if (typeof key === 'string') return key
  if (key.length === 0) return 'the secret leaves an empty key'
  if (compiled.kind === 'token' && compiled.from.source === 'header' && !isHeaderText(key)) {
    return 'the token has a line end, another control character or a blank at its start or end, so no header can carry it'
  }
  return undefined
}

/** The key that a secret comes to, or the sentence that says why it comes to none. */
export function keyBytes(compiled: CompiledScheme, bytes: Uint8Array): Uint8Array | string {
  if (bytes.length === 0) return 'the secret is empty'
  let text = ''
  for (const part of compiled.key) {
    let value = part.source === 'secret' ? Buffer.from(bytes).toString('latin1') : part.name
    for (const filter of part.filters) {
      const next = applyFilter(filter, value)
      if (next === undefined) {
        return `the secret cannot be decoded by '${filter.name}', as the scheme's key demands`
      }
      value = next
    }
    text += value
  }
  return Buffer.from(text, 'latin1')
}

/** Whether the bytes survive the trip in a field value. See RFC 9110, 5.5. */
function isHeaderText(bytes: Uint8Array): boolean {
  const blank = (code: number | undefined): boolean => code === 0x20 || code === 0x09
  if (blank(bytes[0]) || blank(bytes.at(-1))) return false
  return bytes.every(code => (code >= 0x20 && code !== 0x7f) || code === 0x09)
}
