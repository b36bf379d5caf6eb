import { type Head, REPEATED } from '../head.ts'
import type { Bytes } from '../units.ts'

/** Bytes of a body by its head; undefined when it comes in chunks. */
export type Declared = Bytes | undefined | 'malformed_http'

/**
 * How long the body will be by its head: 0 when there is none, undefined when it comes in chunks. Both ways at once,
 * a repeated or odd length, and any coding but `chunked` are where two readers disagree about where a request ends.
 *
 * @see RFC 9112, section 6.3
 */
export function declaredLength(head: Head): Declared {
  const coding = head.only('transfer-encoding')
  const length = head.only('content-length')
  if (coding !== undefined) {
    if (coding === REPEATED || coding.toLowerCase() !== 'chunked') return 'malformed_http'
    return length === undefined ? undefined : 'malformed_http'
  }
  if (length === undefined) return 0
  return length === REPEATED ? 'malformed_http' : (digits(length) ?? 'malformed_http')
}

/** A number of at most 15 digits, and of nothing else. A zero before others means octal to some readers. */
function digits(text: string): number | undefined {
  const { length } = text
  if (length === 0 || length > 15 || (length > 1 && text.charCodeAt(0) === 0x30)) return undefined
  let value = 0
  for (let i = 0; i < length; i++) {
    const digit = text.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return undefined
    value = value * 10 + digit
  }
  return value
}
