/** A name and its value, decoded to bytes in latin-1 text. */
export interface Pair {
  readonly name: string
  readonly value: string
}

/**
 * Reads form data; undefined where there are more than `most` pairs. A `%` that no two hexadecimal digits follow stands
 * for itself, and a name without `=` has an empty value.
 *
 * @see URL Standard, 5.1, "application/x-www-form-urlencoded parsing"
 */
export function pairsOf(text: string, most: number): Pair[] | undefined {
  const pairs: Pair[] = []
  let start = 0
  while (start <= text.length) {
    const amp = text.indexOf('&', start)
    const end = amp === -1 ? text.length : amp
    if (end > start) {
      if (pairs.length === most) return undefined
      const piece = text.slice(start, end)
      const equals = piece.indexOf('=')
      pairs.push({
        name: unescaped(equals === -1 ? piece : piece.slice(0, equals)),
        value: equals === -1 ? '' : unescaped(piece.slice(equals + 1)),
      })
    }
    start = end + 1
  }
  return pairs
}

/** Decodes `+` and `%XX` to bytes in latin-1 text. */
export function unescaped(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text
  return text
    .replaceAll('+', ' ')
    .replace(/%[0-9a-f]{2}/gi, code => String.fromCharCode(Number.parseInt(code.slice(1), 16)))
}
