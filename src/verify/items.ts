import type { Issues } from './issue.ts'
import { configured, isReserved, type Scope } from './names.ts'
import { type Token, tokens } from './tokens.ts'

/** One pattern of `items`: a literal start, then fields, each ended by the literal that follows it. */
interface Pattern {
  readonly prefix: string
  readonly fields: readonly Field[]
  /** Whether it holds `{key_id}`, which decides whether its item is meant for us. */
  readonly keyed: boolean
}

/** What a field takes: `{sig}` and `{key_id}` have no slot, a variable has one. */
interface Field {
  readonly slot: number
  /** The literal after it; empty when it reaches to the end of the item. */
  readonly until: string
}

/** The slot of `{sig}`. */
const SIGNATURE = -1
/** The slot of `{key_id}`. */
const KEY_ID = -2
/** No value holds more, so that work per delivery is bounded. */
export const MAX_ITEMS = 32

/** What the items of one delivery say. */
export interface Claim {
  /** Candidates for the signature, still encoded. */
  readonly candidates: readonly string[]
  /** Values of the variables by slot; undefined where no item binds one. */
  readonly bound: readonly (string | undefined)[]
  /** Whether a candidate was dropped, because it names another key than ours. */
  readonly foreign: boolean
}

/** What was found so far. */
interface Found {
  readonly candidates: string[]
  readonly bound: (string | undefined)[]
  items: number
  foreign: boolean
  /** Whether an item of its own says that everything is for another key. */
  allForeign: boolean
}

/** How the value that holds the signature falls apart. */
export interface ItemRules {
  /** Characters that separate items; empty when the value is one item, taken as it is. */
  readonly split: string
  readonly patterns: readonly Pattern[]
  readonly variables: readonly string[]
  /** The one key whose candidates count; undefined where no pattern holds `{key_id}`. */
  readonly keyId: string | undefined
}

/**
 * Reads the items of a value; undefined when there are more than 32, or when a variable comes twice with two values.
 * Items that match no pattern are passed over, so that a claim may stay without a candidate.
 */
export function readItems(rules: ItemRules, value: string): Claim | undefined {
  const sole = soleSignature(rules)
  if (sole === undefined) return readAll(rules, [value])
  const candidate = only(sole, value)
  return candidate === undefined
    ? undefined
    : { candidates: [candidate], bound: NONE, foreign: false }
}

/** Reads the items of several values as if they were one list. */
export function readAll(rules: ItemRules, values: readonly string[]): Claim | undefined {
  const bound = new Array<string | undefined>(rules.variables.length).fill(undefined)
  const found: Found = { candidates: [], bound, items: 0, foreign: false, allForeign: false }
  for (const value of values) if (!readValue(rules, value, found)) return undefined
  const { candidates, foreign, allForeign } = found
  return { candidates: allForeign ? [] : candidates, bound, foreign }
}

/** Whether the value adds nothing that refuses the claim. */
function readValue(rules: ItemRules, value: string, found: Found): boolean {
  let start = 0
  for (; start <= value.length; found.items++) {
    if (found.items === MAX_ITEMS) return false
    const end = rules.split === '' ? value.length : separator(value, start, rules.split)
    const item = rules.split === '' ? value : trimmed(value, start, end)
    if (!take(rules, item, found)) return false
    start = end + 1
  }
  return true
}

const NONE: readonly undefined[] = []

/** The pattern of a value that is one signature and nothing else: what most senders write. */
function soleSignature({ split, patterns, variables }: ItemRules): Pattern | undefined {
  const [first] = patterns
  const alone = split === '' && patterns.length === 1 && variables.length === 0
  return alone && first?.keyed === false ? first : undefined
}

/** What stands in the one field of a pattern; undefined when the value does not fit. */
function only({ prefix, fields }: Pattern, value: string): string | undefined {
  const until = fields[0]?.until ?? ''
  const end = value.length - until.length
  if (end <= prefix.length || !value.startsWith(prefix) || !value.endsWith(until)) return undefined
  return value.slice(prefix.length, end)
}

/** Whether the item agrees with what was bound before. The first pattern that fits has it. */
function take({ patterns, keyId }: ItemRules, item: string, found: Found): boolean {
  const { candidates, bound } = found
  for (const pattern of patterns) {
    const values = match(pattern, item)
    if (values === undefined) continue
    if (pattern.keyed && isForeign(pattern, values, keyId)) {
      found.foreign = true
      found.allForeign ||= !pattern.fields.some(({ slot }) => slot === SIGNATURE)
      return true
    }
    for (const [index, { slot }] of pattern.fields.entries()) {
      const value = values[index] as string // one for each field
      if (slot === SIGNATURE) candidates.push(value)
      else if (slot === KEY_ID) continue
      else if (bound[slot] !== undefined && bound[slot] !== value) return false
      else bound[slot] = value
    }
    return true
  }
  return true
}

/** Whether the item names another key. */
function isForeign({ fields }: Pattern, values: readonly string[], keyId?: string): boolean {
  return fields.some(({ slot }, index) => slot === KEY_ID && values[index] !== keyId)
}

/** One value for each field; undefined when the item does not fit or a field would be empty. Never backtracks. */
function match({ prefix, fields }: Pattern, item: string): string[] | undefined {
  if (!item.startsWith(prefix)) return undefined
  const values: string[] = []
  let from = prefix.length
  for (let i = 0; i < fields.length; i++) {
    const until = (fields[i] as Field).until
    const last = i === fields.length - 1
    if (last && !item.endsWith(until)) return undefined
    const end = last ? item.length - until.length : item.indexOf(until, from)
    if (end <= from) return undefined
    values.push(item.slice(from, end))
    from = end + until.length
  }
  return values
}

function separator(value: string, from: number, split: string): number {
  if (split.length === 1) {
    const found = value.indexOf(split, from)
    return found === -1 ? value.length : found
  }
  let i = from
  while (i < value.length && !split.includes(value.charAt(i))) i++
  return i
}

function trimmed(value: string, start: number, end: number): string {
  let from = start
  let to = end
  while (from < to && isBlank(value.charCodeAt(from))) from++
  while (to > from && isBlank(value.charCodeAt(to - 1))) to--
  return value.slice(from, to)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/** Reads the patterns of `items` and the variables they bind. */
export function parseItems(
  items: readonly string[],
  split: string,
  values: Scope['values'],
  issues: Issues,
): ItemRules {
  const scope: Scope = { variables: [], values, publicUrl: undefined }
  const variables: string[] = []
  let keyId: string | undefined
  const patterns = items.map((text, index) => {
    const key = `items[${index}]`
    const pieces = tokens(text, key, issues)
    const named = pieces.find(({ text, braced }) => braced && text === 'key_id')
    if (named !== undefined) keyId = configured('key_id', scope, key, named.column, issues)
    return parsePattern(pieces, key, split, variables, issues)
  })
  const hasSignature = patterns.some(({ fields }) => fields.some(f => f.slot === SIGNATURE))
  if (!hasSignature)
    issues.add('items', 1, 'no pattern holds {sig}, so no signature would be found')
  return { split, patterns, variables, keyId }
}

function parsePattern(
  pieces: readonly Token[],
  key: string,
  split: string,
  variables: string[],
  issues: Issues,
): Pattern {
  let prefix = ''
  const fields: { slot: number; until: string }[] = []
  for (const { text: piece, braced, column } of pieces) {
    if (!braced) {
      checkSeparators(piece, key, column, split, issues)
      const field = fields.at(-1)
      const literal = Buffer.from(piece).toString('latin1')
      if (field === undefined) prefix = literal
      else field.until = literal
      continue
    }
    if (fields.at(-1)?.until === '') {
      issues.add(key, column, `nothing separates {${piece}} from the field before it`)
    }
    const slot = slotOf(piece, key, column, variables, issues)
    if (fields.some(field => field.slot === slot)) {
      issues.add(key, column, `{${piece}} stands twice in one pattern`)
    }
    fields.push({ slot, until: '' })
  }
  if (fields.length === 0) issues.add(key, 1, 'a pattern needs {sig} or a variable such as {ts}')
  return { prefix, fields, keyed: fields.some(({ slot }) => slot === KEY_ID) }
}

function slotOf(
  name: string,
  key: string,
  column: number,
  variables: string[],
  issues: Issues,
): number {
  if (name === 'sig') return SIGNATURE
  if (name === 'key_id') return KEY_ID
  if (isReserved(name)) {
    issues.add(key, column, `{${name}} has a meaning of its own: name the variable differently`)
  } else if (!/^[a-z][a-z0-9_]*$/.test(name)) {
    issues.add(key, column, `'${name}' cannot name a variable: a-z, then a-z, 0-9 and _`)
  }
  const slot = variables.indexOf(name)
  return slot === -1 ? variables.push(name) - 1 : slot
}

function checkSeparators(
  literal: string,
  key: string,
  column: number,
  split: string,
  issues: Issues,
): void {
  for (const char of split) {
    const at = literal.indexOf(char)
    if (at === -1) continue
    issues.add(key, column + at, `can never match: items are split at '${char}'`)
  }
}
