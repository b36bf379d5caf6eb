import { nearest } from '../spelling.ts'
import type { Issues } from './issue.ts'

/** Where a value is that has a name, or the body as a whole. */
export interface Place {
  readonly source: 'header' | 'query' | 'form' | 'json' | 'body'
  /** A header in lower case; a parameter of query or form as bytes; a path such as `a.b`; empty for the body. */
  readonly name: string
}

/** Sources that need a name. */
export const NAMED = ['header', 'query', 'form', 'json'] as const

/** Whether a place is known before the body. */
export function inHead({ source }: Place): boolean {
  return source === 'header' || source === 'query'
}

/** Reads `header:X`, `query:x`, `form:x`, `json:a.b` or `body`. */
export function parsePlace(
  text: string,
  key: string,
  column: number,
  issues: Issues,
): Place | undefined {
  if (text === 'body') return { source: 'body', name: '' }
  const colon = text.indexOf(':')
  const source = colon === -1 ? text : text.slice(0, colon)
  const known = NAMED.find(name => name === source)
  if (known !== undefined) {
    const name = colon === -1 ? '' : text.slice(colon + 1)
    return parseName(known, name, key, column, issues)
  }
  const message = `unknown place '${source}': expected ${NAMED.map(name => `'${name}:NAME'`).join(', ')} or 'body'`
  issues.add(key, column, message, nearest(source, [...NAMED, 'body']))
  return undefined
}

/** Reads the name after one of `NAMED`; `column` is where the source stands. */
export function parseName(
  source: (typeof NAMED)[number],
  name: string,
  key: string,
  column: number,
  issues: Issues,
): Place | undefined {
  const at = column + source.length + 1
  if (name === '') {
    issues.add(key, column, `which ${source}? Write '${source}:NAME'`)
    return undefined
  }
  switch (source) {
    case 'header': {
      const lower = headerName(name, key, at, issues)
      return lower === undefined ? undefined : { source, name: lower }
    }
    case 'json':
      return parsePath(name, key, at, issues) === undefined ? undefined : { source, name }
    case 'query':
    case 'form':
      return { source, name: Buffer.from(name).toString('latin1') }
  }
}

/** A header's name in lower case. */
export function headerName(
  name: string,
  key: string,
  column: number,
  issues: Issues,
): string | undefined {
  if (isHeaderName(name)) return name.toLowerCase()
  issues.add(key, column, `'${name}' cannot be the name of a header`)
  return undefined
}

/** @see RFC 9110, 5.6.2, "token" */
export function isHeaderName(name: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)
}

/** The names of a path such as `a.b`. */
export function parsePath(
  path: string,
  key: string,
  column: number,
  issues: Issues,
): readonly string[] | undefined {
  const steps = path.split('.')
  if (!steps.includes('')) return steps
  issues.add(key, column, `'${path}' is no path: names with one dot between them`)
  return undefined
}
