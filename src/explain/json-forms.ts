import type { Bytes } from '../units.ts'

/** Deeper nesting is left alone: writing it anew recurses, and a sender chooses how deep. */
const DEEPEST = 64
/** A text is not written with an indent that may come to more: a sender chooses what is indented, and how deep. */
const MOST_INDENT: Bytes = 256 * 1024
/** A string, a number or word, or one of the six marks: what the text consists of beside blanks. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[-+.\w]+|[{}[\]:,]/gs

type Tree =
  | string
  | { readonly entries: readonly (readonly [string, Tree])[] }
  | { readonly list: readonly Tree[] }

interface Spacing {
  readonly comma: string
  readonly colon: string
  readonly indent: string
}

const SPACINGS: readonly Spacing[] = [
  { comma: ',', colon: ':', indent: '' },
  { comma: ', ', colon: ': ', indent: '' },
  { comma: ',', colon: ': ', indent: '  ' },
  { comma: ',', colon: ': ', indent: '    ' },
  { comma: ',', colon: ': ', indent: '\t' },
]

/** How a string is spelled: as it came, with as few escapes as may be, and as Python, PHP and Go write it. */
const SPELLINGS: readonly ((written: string) => string)[] = [
  written => written,
  fewest,
  written => ascii(fewest(written)),
  written => ascii(fewest(written)).replaceAll('/', '\\/'),
  written => fewest(written).replace(/[<>&\u2028\u2029]/g, escaped),
]

/**
 * What usual libraries make of a JSON text when they read it and write it anew: a bounded list of spacings, spellings of
 * strings, and orders of keys. Nothing for a text that is no JSON.
 */
export function* jsonForms(text: string): Generator<string> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return
  }
  const read = treeOf(text)
  if (read === undefined) return
  const { tree, tokens, deepest } = read
  yield JSON.stringify(value)
  for (const spacing of SPACINGS) {
    if (tokens * deepest * spacing.indent.length > MOST_INDENT) continue
    for (const spell of SPELLINGS) {
      yield write(tree, spacing, spell, false)
      yield write(tree, spacing, spell, true)
    }
  }
}

/** The text as a tree of what was written, how much of it there is and how deep; undefined where it is too deep. */
function treeOf(
  text: string,
): { readonly tree: Tree; readonly tokens: number; readonly deepest: number } | undefined {
  const tokens = text.match(TOKEN) ?? []
  let at = 0
  let deepest = 0
  function next(depth: number): Tree | undefined {
    const token = tokens[at++]
    deepest = Math.max(deepest, depth)
    if (depth > DEEPEST || token === undefined) return undefined
    if (token !== '{' && token !== '[') return token
    const end = token === '{' ? '}' : ']'
    const entries: (readonly [string, Tree])[] = []
    while (tokens[at] !== end) {
      if (tokens[at] === ',') at++
      const name = token === '{' ? (tokens[at++] ?? '') : ''
      if (token === '{') at++
      const value = next(depth + 1)
      if (value === undefined) return undefined
      entries.push([name, value])
    }
    at++
    return token === '{' ? { entries } : { list: entries.map(([, value]) => value) }
  }
  const tree = next(0)
  return tree === undefined ? undefined : { tree, tokens: tokens.length, deepest }
}

function write(
  tree: Tree,
  spacing: Spacing,
  spell: (written: string) => string,
  sorted: boolean,
  margin = '',
): string {
  if (typeof tree === 'string') return tree.startsWith('"') ? spell(tree) : tree
  const { comma, colon, indent } = spacing
  const inner = margin + indent
  const inside = (value: Tree) => write(value, spacing, spell, sorted, inner)
  const [open, close] = 'list' in tree ? '[]' : '{}'
  const parts =
    'list' in tree
      ? tree.list.map(inside)
      : inOrder(tree.entries, sorted).map(([name, value]) => spell(name) + colon + inside(value))
  if (parts.length === 0 || indent === '') return open + parts.join(comma) + close
  return `${open}\n${inner}${parts.join(`${comma}\n${inner}`)}\n${margin}${close}`
}

function inOrder(entries: readonly (readonly [string, Tree])[], sorted: boolean) {
  return sorted ? entries.toSorted(([a], [b]) => (a < b ? -1 : Number(a > b))) : entries
}

/** A string with the escapes that JSON demands and no others. */
function fewest(written: string): string {
  return JSON.stringify(JSON.parse(written))
}

function ascii(written: string): string {
  return written.replace(/[^\0-\x7f]/g, escaped)
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}
