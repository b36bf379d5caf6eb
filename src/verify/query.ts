import { REPEATED } from '../head.ts'
import { unescaped } from './pairs.ts'

const AMPERSAND = 0x26
const EQUALS = 0x3d

/**
 * The value of a query parameter that must not be repeated, decoded to bytes in latin-1 text; undefined when absent.
 * A `%` that no two hexadecimal digits follow stands for itself.
 *
 * @param query what follows the `?`
 * @see URL Standard, 5.1, "application/x-www-form-urlencoded parsing"
 */
export function queryValue(
  query: string | undefined,
  name: string,
): string | typeof REPEATED | undefined {
  if (query === undefined) return undefined
  let found: string | undefined
  let start = 0
  let equals = -1
  // one pass whatever the sender writes: looking ahead for `=` from every `&` would cost the square of the length
  for (let i = 0; i <= query.length; i++) {
    const code = i === query.length ? AMPERSAND : query.charCodeAt(i)
    if (code === EQUALS && equals === -1) equals = i
    if (code !== AMPERSAND) continue
    const end = equals === -1 ? i : equals
    if (end - start >= name.length && unescaped(query.slice(start, end)) === name) {
      if (found !== undefined) return REPEATED
      found = equals === -1 ? '' : unescaped(query.slice(equals + 1, i))
    }
    start = i + 1
    equals = -1
  }
  return found
}
