import { type Filter, parseFilter } from './filters.ts'
import { type Issues, nearest } from './issue.ts'
import { LATER, parsePlace } from './place.ts'
import { tokens } from './tokens.ts'

/** What a template can draw on. */
export type Source =
  | 'text'
  | 'body'
  | 'method'
  | 'url'
  | 'target'
  | 'path'
  | 'header'
  | 'query'
  | 'secret'
  | 'variable'

/** One piece of a compiled template. Bytes travel as latin-1 text, one character for each. */
export interface Part {
  readonly source: Source
  /** The text itself, the header in lower case, the query parameter, the variable. */
  readonly name: string
  /** Place of a variable among those that the items bind; -1 for anything else. */
  readonly slot: number
  readonly filters: readonly Filter[]
  readonly column: number
}

/** Names that a pattern of `items` must not bind, because a template already means something by them. */
export const RESERVED: ReadonlySet<string> = new Set([
  'body',
  'method',
  'url',
  'target',
  'path',
  'secret',
])
/** Values of a provider's entry that its scheme may name in a later version. */
export const CONFIGURED: ReadonlySet<string> = new Set([
  'key_id',
  'webhook_id',
  'cert_url',
  'topic_arn',
  'username',
  'public_key',
])
/**
 * Reads a template such as `v0:{header:X-Time}:{body}`.
 *
 * @param variables names that the items bind, in the order of their slots
 */
export function parseTemplate(
  text: string,
  key: string,
  variables: readonly string[],
  issues: Issues,
): Part[] {
  const parts: Part[] = []
  for (const token of tokens(text, key, issues)) {
    if (!token.braced) parts.push(plain(token.text, token.column))
    else {
      const part = parseExpression(token.text, key, token.column, variables, issues)
      if (part !== undefined) parts.push(part)
    }
  }
  return parts
}

function plain(text: string, column: number): Part {
  const name = Buffer.from(text).toString('latin1')
  return { source: 'text', name, slot: -1, filters: [], column }
}

function parseExpression(
  text: string,
  key: string,
  column: number,
  variables: readonly string[],
  issues: Issues,
): Part | undefined {
  const [word = '', ...rest] = text.split('|')
  const part = parseSource(word, key, column, variables, issues)
  const filters: Filter[] = []
  let at = column + word.length + 1
  for (const written of rest) {
    const filter = parseFilter(written, key, at, issues)
    if (filter !== undefined) filters.push(filter)
    at += written.length + 1
  }
  return part === undefined ? undefined : { ...part, filters }
}

function parseSource(
  text: string,
  key: string,
  column: number,
  variables: readonly string[],
  issues: Issues,
): Part | undefined {
  const part = { name: '', slot: -1, filters: [], column }
  const colon = text.indexOf(':')
  const word = colon === -1 ? text : text.slice(0, colon)
  if (word === 'header' || word === 'query') {
    const place = parsePlace(text, key, column, issues)
    return place === undefined ? undefined : { ...part, ...place }
  }
  const slot = variables.indexOf(word)
  if (LATER.has(word) || CONFIGURED.has(word)) {
    issues.later(key, column, `{${word}}`)
  } else if (!RESERVED.has(word) && slot === -1) {
    const known = [...RESERVED, 'header', 'query', ...variables]
    issues.add(key, column, `unknown name '${word}'`, nearest(word, known))
  } else if (colon !== -1) {
    issues.add(key, column + colon, `{${word}} takes nothing after a colon`)
  } else if (slot !== -1) {
    return { ...part, source: 'variable', name: word, slot }
  } else {
    return { ...part, source: word as Source } // one of RESERVED, checked above
  }
  return undefined
}
