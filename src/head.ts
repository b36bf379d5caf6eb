/** What `Head.only` answers for a header that occurs more than once. */
export const REPEATED: unique symbol = Symbol('repeated')

/**
 * The request line and the headers exactly as received: nothing joined, nothing decoded.
 * Names in `only` are lower case; values are latin-1 text, one character for each byte.
 */
export class Head {
  readonly method: string
  /** Request target as received. */
  readonly target: string
  /** Target up to the first `?`. */
  readonly path: string
  /** What follows the first `?`, without it; undefined when there is none. */
  readonly query: string | undefined
  /** Name, value, name, value, …: as received. */
  readonly raw: readonly string[]

  constructor(method: string, target: string, raw: readonly string[]) {
    this.method = method
    this.target = target
    this.raw = raw
    const mark = target.indexOf('?')
    this.path = mark === -1 ? target : target.slice(0, mark)
    this.query = mark === -1 ? undefined : target.slice(mark + 1)
  }

  /** The value of a header that must not be repeated; undefined when absent. */
  only(name: string): string | typeof REPEATED | undefined {
    let found: string | undefined
    for (let i = 0; i < this.raw.length; i += 2) {
      if (!sameName(this.raw[i] as string, name)) continue
      if (found !== undefined) return REPEATED
      found = this.raw[i + 1]
    }
    return found
  }

  /** Every value of a header, in the order received. */
  all(name: string): string[] {
    const values: string[] = []
    for (let i = 0; i < this.raw.length; i += 2) {
      if (sameName(this.raw[i] as string, name)) values.push(this.raw[i + 1] as string)
    }
    return values
  }
}

/** Whether a name is `lower` but for its case, without a lower-case copy: every delivery asks for a dozen names. */
export function sameName(given: string, lower: string): boolean {
  const { length } = given
  if (length !== lower.length) return false
  for (let i = 0; i < length; i++) {
    const code = given.charCodeAt(i)
    const folded = code >= 0x41 && code <= 0x5a ? code | 0x20 : code // A to Z
    if (folded !== lower.charCodeAt(i)) return false
  }
  return true
}
