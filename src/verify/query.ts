import { REPEATED } from '../head.ts'

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
  while (start <= query.length) {
    const ampersand = query.indexOf('&', start)
    const end = ampersand === -1 ? query.length : ampersand
    const equals = query.indexOf('=', start)
    const middle = equals === -1 || equals > end ? end : equals
    if (unescaped(query.slice(start, middle)) === name) {
      if (found !== undefined) return REPEATED
      found = unescaped(query.slice(Math.min(middle + 1, end), end))
    }
    start = end + 1
  }
  return found
}

function unescaped(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text
  return text
    .replaceAll('+', ' ')
    .replace(/%[0-9a-f]{2}/gi, code => String.fromCharCode(Number.parseInt(code.slice(1), 16)))
}
