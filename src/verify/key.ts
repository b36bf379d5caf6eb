import type { CompiledScheme } from './compiled.ts'
import { applyFilter } from './filters.ts'
import { publicKeys } from './public-key.ts'
import type { Part } from './template.ts'
import type { Key } from './verifier.ts'

/**
 * Why these bytes cannot be a key under this scheme; undefined when they can. For the operator, at load: the sentence
 * never repeats the secret.
 *
 * @param bytes a secret; where `proves` is `public_key`, the key as `key_format` says or, with `form: 'set'`, a JWKS
 */
export function keyProblem(
  compiled: CompiledScheme,
  bytes: Uint8Array,
  form: Key['form'] = 'one',
): string | undefined {
  if (compiled.proves === 'public_key') {
    const keys = publicKeys(compiled, bytes, form === 'set')
    return typeof keys === 'string' ? keys : undefined
  }
  const key = keyBytes(compiled, bytes)
  if (typeof key === 'string') return key
  if (key.length === 0) return 'the secret leaves an empty key'
  const inHeader = compiled.from.some(({ source }) => source === 'header')
  if (compiled.kind === 'token' && inHeader && !isHeaderText(key)) {
    return 'the token has a line end, another control character or a blank at its start or end, so no header can carry it'
  }
  return undefined
}

/** The key that a secret comes to, or the sentence that says why it comes to none. */
export function keyBytes(compiled: CompiledScheme, bytes: Uint8Array): Uint8Array | string {
  if (bytes.length === 0) return 'the secret is empty'
  const { before, after } = compiled.sign
  const parts = compiled.kind === 'hash' ? [...before, ...after].filter(isSecret) : compiled.key
  let text = ''
  for (const part of parts) {
    const value = secretText(part, bytes)
    if (typeof value !== 'string') return value.problem
    text += value
  }
  if (compiled.kind === 'basic') text = `${latin1(compiled.username)}:${text}`
  return Buffer.from(text, 'latin1')
}

/** Whether the part stands for the secret. */
export function isSecret({ source }: Part): boolean {
  return source === 'secret'
}

/** A part that only the secret decides, as bytes in latin-1 text. */
export function secretText(part: Part, bytes: Uint8Array): string | { readonly problem: string } {
  let value = isSecret(part) ? Buffer.from(bytes).toString('latin1') : part.name
  for (const filter of part.filters) {
    const next = applyFilter(filter, value)
    if (next === undefined) {
      const problem = `the secret cannot be decoded by '${filter.name}', as the scheme's key demands`
      return { problem }
    }
    value = next
  }
  return value
}

function latin1(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** Whether the bytes survive the trip in a field value. See RFC 9110, 5.5. */
function isHeaderText(bytes: Uint8Array): boolean {
  const blank = (code: number | undefined): boolean => code === 0x20 || code === 0x09
  if (blank(bytes[0]) || blank(bytes.at(-1))) return false
  return bytes.every(code => (code >= 0x20 && code !== 0x7f) || code === 0x09)
}
