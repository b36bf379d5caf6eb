import { nearest } from '../spelling.ts'
import { type Filter, parseFilter } from './filters.ts'
import { FORM_ORDERS } from './form.ts'
import type { Issues } from './issue.ts'
import { BARE, CONFIGURED, configured, type Scope, unknownName } from './names.ts'
import { headerName, NAMED, parseName } from './place.ts'
import { tokens } from './tokens.ts'

/** What a template can draw on. */
export type Source =
  | 'text'
  | (typeof BARE)[number]
  | (typeof NAMED)[number]
  | 'signed-headers'
  | 'variable'

/** One piece of a compiled template. Bytes travel as latin-1 text, one character for each. */
export interface Part {
  readonly source: Source
  /** The text itself, a header in lower case, a parameter, a path, the variable, the base of the URL, an order. */
  readonly name: string
  /** Place of a variable among those that the items bind; -1 for anything else. */
  readonly slot: number
  readonly filters: readonly Filter[]
  readonly column: number
}

const OF_BODY: ReadonlySet<Source> = new Set(['body', 'form', 'sorted-form', 'json', 'sns'])

/** Whether the part needs the body. A variable is known when the value is whose items bind it. */
export function needsBody({ source }: Part): boolean {
  return OF_BODY.has(source)
}

/** Whether two parts draw on the same. */
export function sameSource(a: Part, b: Part): boolean {
  return a.source === b.source && a.name === b.name
}

/** Reads a template such as `v0:{header:X-Time}:{body}`. */
export function parseTemplate(text: string, key: string, scope: Scope, issues: Issues): Part[] {
  const parts: Part[] = []
  for (const token of tokens(text, key, issues)) {
    if (!token.braced) parts.push(plain(token.text, token.column))
    else {
      const part = parseExpression(token.text, key, token.column, scope, issues)
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
  scope: Scope,
  issues: Issues,
): Part | undefined {
  const [word = '', ...rest] = text.split('|')
  const part = parseSource(word, key, column, scope, issues)
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
  scope: Scope,
  issues: Issues,
): Part | undefined {
  const part = { name: '', slot: -1, filters: [], column }
  const colon = text.indexOf(':')
  const word = colon === -1 ? text : text.slice(0, colon)
  const argument = colon === -1 ? '' : text.slice(colon + 1)
  const named = NAMED.find(source => source === word)
  if (named !== undefined) {
    const place = parseName(named, argument, key, column, issues)
    return place === undefined ? undefined : { ...part, ...place }
  }
  if (word === 'signed-headers') return signedHeaders(argument, key, column, issues)
  if (word === 'sorted-form' && colon !== -1) return sortedForm(argument, key, column, issues)
  const bare = BARE.find(source => source === word)
  const value = CONFIGURED.find(name => name === word)
  const slot = scope.variables.indexOf(word)
  if (bare === undefined && value === undefined && slot === -1) {
    unknownName(word, scope, key, column, issues)
  } else if (colon !== -1) {
    issues.add(key, column + colon, `{${word}} takes nothing after a colon`)
  } else if (value !== undefined) {
    const name = configured(value, scope, key, column, issues)
    return name === undefined ? undefined : { ...part, source: 'text', name }
  } else if (bare === undefined) {
    return { ...part, source: 'variable', name: word, slot }
  } else if (bare === 'url') {
    return url(part, key, scope, issues)
  } else {
    return { ...part, source: bare }
  }
  return undefined
}

type Bare = Omit<Part, 'source'>

/** What the sender called is known from the map alone: a Host header is its word. */
function url(part: Bare, key: string, { publicUrl }: Scope, issues: Issues): Part | undefined {
  if (publicUrl !== undefined) return { ...part, source: 'url', name: publicUrl }
  issues.add(key, part.column, "{url} needs 'public_url': what senders call, as they sign it")
  return undefined
}

function signedHeaders(
  name: string,
  key: string,
  column: number,
  issues: Issues,
): Part | undefined {
  if (name === '') {
    issues.add(key, column, "which header lists them? Write 'signed-headers:NAME'")
    return undefined
  }
  const lower = headerName(name, key, column + 'signed-headers:'.length, issues)
  const part = { slot: -1, filters: [], column }
  return lower === undefined ? undefined : { ...part, source: 'signed-headers', name: lower }
}

function sortedForm(order: string, key: string, column: number, issues: Issues): Part | undefined {
  if (FORM_ORDERS.some(known => known === order)) {
    return { source: 'sorted-form', name: order, slot: -1, filters: [], column }
  }
  const message = `unknown order '${order}': expected ${FORM_ORDERS.join(', ')}`
  issues.add(key, column + 'sorted-form:'.length, message, nearest(order, FORM_ORDERS))
  return undefined
}
