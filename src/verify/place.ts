import { type Issues, nearest } from './issue.ts'

/** Sources of the full language that this version does not speak. */
export const LATER: ReadonlySet<string> = new Set([
  'sorted-query',
  'form',
  'sorted-form',
  'json',
  'signed-headers',
  'sns',
])

/** A place in the head that has a name. */
export interface Place {
  readonly source: 'header' | 'query'
  /** A header in lower case; a query parameter as bytes. */
  readonly name: string
}

/** Reads `header:X` or `query:x`. */
export function parsePlace(
  text: string,
  key: string,
  column: number,
  issues: Issues,
): Place | undefined {
  const colon = text.indexOf(':')
  const source = colon === -1 ? text : text.slice(0, colon)
  const name = colon === -1 ? '' : text.slice(colon + 1)
  if (source !== 'header' && source !== 'query') {
    if (LATER.has(source) || source === 'body') issues.later(key, column, `'${source}' here`)
    else {
      const message = `unknown place '${source}': expected 'header:NAME' or 'query:NAME'`
      issues.add(key, column, message, nearest(source, ['header', 'query']))
    }
    return undefined
  }
  if (name === '') {
    issues.add(key, column, `which ${source}? Write '${source}:NAME'`)
    return undefined
  }
  if (source === 'query') return { source, name: Buffer.from(name).toString('latin1') }
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
    issues.add(key, column + colon + 1, `'${name}' cannot be the name of a header`)
    return undefined
  }
  return { source, name: name.toLowerCase() }
}
