import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseDocument,
  type Scalar,
  type YAMLError,
} from 'yaml'
import type { Path } from './issues.ts'
import { type Blot, isReference, isSecretKey, shownKey } from './pasted.ts'

/** Where a value stands in the text, and where its parts do. */
export interface Place {
  /** Offset of the value; of its key where the value is empty. */
  readonly at: number
  /** Offset of its key; undefined for list entries and the whole. */
  readonly key: number | undefined
  /** For text that stands in the file exactly as it is meant: offset of its first character. */
  readonly text: number | undefined
  readonly parts: ReadonlyMap<string | number, Place>
}

/** A problem of the YAML itself. */
interface Flaw {
  readonly offset: number
  readonly path: Path
  readonly message: string
  readonly fix?: string
  /** Whether what was read is too broken to look further. */
  readonly fatal: boolean
}

/** YAML as plain values with their places. */
export interface Reading {
  /** Objects without a prototype, lists, text, numbers, booleans and null. */
  readonly value: unknown
  readonly root: Place
  readonly flaws: readonly Flaw[]
  readonly blots: readonly Blot[]
  readonly lines: LineCounter
}

const MOST_CHARACTERS = 4_000_000
const DEEPEST = 24
/** What all aliases together may add: enough for shared schemes, far from a bomb. */
const MOST_COPIES = 5_000

/** Reads YAML 1.2, core schema, one document. Never throws, whatever the text. */
export function readDocument(text: string): Reading {
  const lines = new LineCounter()
  const empty = { value: undefined, root: placed(0, undefined), blots: [], lines }
  if (text.length > MOST_CHARACTERS) {
    lines.addNewLine(0)
    const message = `larger than ${MOST_CHARACTERS} characters: is this the right file?`
    return { ...empty, flaws: [{ offset: 0, path: [], message, fatal: true }] }
  }
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    merge: false,
    strict: true,
    uniqueKeys: false, // ours names both lines
    resolveKnownTags: false,
    prettyErrors: false,
    lineCounter: lines,
    logLevel: 'error', // 'silent' would also accept a second document
  })
  const flaws = [...document.errors, ...document.warnings].map(flawOf)
  if (document.contents === null) return { ...empty, flaws }
  const walk = new Walk(text, lines, flaws)
  const { value, place } = walk.node(document.contents, [], undefined)
  return { value, root: place, flaws, blots: walk.blots, lines }
}

/** Whether a value has keys. */
export function isKeyed(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The part of a value that one step leads to; undefined where there is none. */
export function partOf(value: unknown, step: PropertyKey): unknown {
  if (Array.isArray(value)) return value[Number(step)]
  return isKeyed(value) ? value[String(step)] : undefined
}

function flawOf(error: YAMLError): Flaw {
  // behind its colon stands a piece of the text, which may be a secret
  const message = error.message.replaceAll(/\s+/g, ' ').replace(/(?<=\S):(?: .*)?$/, '')
  const place = { offset: error.pos[0], path: [], fatal: true }
  switch (error.code) {
    case 'RESOURCE_EXHAUSTION':
      return { ...place, message: 'nested too deep' }
    case 'TAG_RESOLVE_FAILED':
      return { ...place, message: 'tags are not understood here', fatal: false }
    case 'MULTIPLE_DOCS':
      return { ...place, message: 'a map is one document: remove `---`' }
    default:
      return { ...place, message: lowerFirst(message) }
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

interface Walked {
  readonly value: unknown
  readonly place: Place
}

/** One walk over the nodes: values, places, repeated keys, aliases within bounds, and what may be a secret. */
class Walk {
  readonly blots: Blot[] = []
  readonly #text: string
  readonly #lines: LineCounter
  readonly #flaws: Flaw[]
  readonly #anchors = new Map<string, Node>()
  readonly #open = new Set<Node>()
  #copies = 0
  #inAlias = 0

  constructor(text: string, lines: LineCounter, flaws: Flaw[]) {
    this.#text = text
    this.#lines = lines
    this.#flaws = flaws
  }

  node(node: Node | null, path: Path, key: number | undefined): Walked {
    const at = node?.range?.[0] ?? key ?? 0
    if (node === null) return { value: null, place: placed(key ?? at, key) }
    if (this.#inAlias > 0 && ++this.#copies > MOST_COPIES) {
      if (this.#copies === MOST_COPIES + 1) {
        this.#flaws.push({ offset: at, path, message: 'aliases repeat too much', fatal: true })
      }
      return { value: undefined, place: placed(at, key) }
    }
    if (path.length > DEEPEST) {
      this.#flaws.push({
        offset: at,
        path: path.slice(0, 3),
        message: 'nested too deep',
        fatal: true,
      })
      return { value: undefined, place: placed(at, key) }
    }
    if (isAlias(node)) return this.#alias(node.source, path, at, key)
    this.#blotMarks(node, path, at)
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node)
    if (isScalar(node)) return this.#scalar(node, path, at, key)
    this.#open.add(node)
    const walked = isMap(node)
      ? this.#map(node.items, path, at, key)
      : this.#list(isSeq(node) ? node.items : [], path, at, key)
    this.#open.delete(node)
    return walked
  }

  #alias(name: string, path: Path, at: number, key: number | undefined): Walked {
    if (isSecretKey(keyOf(path))) this.blots.push({ from: at, to: at + 1 + name.length })
    const source = this.#anchors.get(name)
    if (source === undefined || this.#open.has(source)) {
      // not by its name, which may be a secret that begins with a star
      const message =
        source === undefined ? 'an alias of nothing above' : 'an alias of what holds it'
      this.#flaws.push({ offset: at, path, message, fatal: true })
      return { value: undefined, place: placed(at, key) }
    }
    this.#inAlias++
    const { value, place } = this.node(source, path, key)
    this.#inAlias--
    return { value, place: { ...place, at, key, text: undefined } }
  }

  /** An anchor or a tag before a secret may be the beginning of the secret. */
  #blotMarks({ anchor, tag }: Node, path: Path, at: number): void {
    if ((anchor === undefined && tag === undefined) || !isSecretKey(keyOf(path))) return
    const line = this.#text.lastIndexOf('\n', at - 1) + 1
    const from = this.#text.slice(line, at).search(/[&!]/)
    if (from !== -1) this.blots.push({ from: line + from, to: at })
  }

  #scalar(node: Scalar, path: Path, at: number, key: number | undefined): Walked {
    const { value } = node
    const end = node.range?.[1] ?? at
    if (end === at) return { value: null, place: placed(key ?? at, key) }
    if (mayBeSecret(String(value), path)) this.blots.push({ from: at, to: end })
    const open = node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE' ? at + 1 : at
    const verbatim = typeof value === 'string' && this.#text.startsWith(value, open)
    return { value, place: { ...placed(at, key), text: verbatim ? open : undefined } }
  }

  #map(items: readonly unknown[], path: Path, at: number, key: number | undefined): Walked {
    const value: Record<string, unknown> = Object.create(null)
    const parts = new Map<string, Place>()
    for (const pair of items) {
      if (!isPair<ParsedNode | null, ParsedNode | null>(pair)) continue
      const name = pair.key
      const offset = name?.range?.[0] ?? at
      if (!isScalar(name) || name.value === null || name.range === undefined) {
        this.#flaws.push({ offset, path, message: 'expected a plain key', fatal: true })
        continue
      }
      const word = shownKey(String(name.value), keyOf(path))
      if (word.endsWith('…')) this.blots.push({ from: name.range[0], to: name.range[1] })
      const first = parts.get(word)?.key
      if (first !== undefined) {
        const { line } = this.#lines.linePos(first)
        const message = `\`${word}\` is given twice, first on line ${line}`
        this.#flaws.push({
          offset,
          path: [...path, word],
          message,
          fix: 'remove one of them',
          fatal: false,
        })
        continue
      }
      const part = this.node(pair.value, [...path, word], offset)
      value[word] = part.value
      parts.set(word, part.place)
    }
    return { value, place: { ...placed(at, key), parts } }
  }

  #list(items: readonly unknown[], path: Path, at: number, key: number | undefined): Walked {
    const value: unknown[] = []
    const parts = new Map<number, Place>()
    for (const [index, item] of items.entries()) {
      const part = this.node(item as Node | null, [...path, index], undefined)
      value.push(part.value)
      parts.set(index, part.place)
    }
    return { value, place: { ...placed(at, key), parts } }
  }
}

function placed(at: number, key: number | undefined): Place {
  return { at, key, text: undefined, parts: new Map() }
}

/** The last key on the way to a value; none where that is a name, which means nothing. */
function keyOf(path: Path): string {
  const named = path.length === 2 && path[0] === 'providers'
  return named ? '' : (path.findLast(step => typeof step === 'string') ?? '')
}

/** Whether text could be a secret that somebody pasted instead of a reference to it. */
function mayBeSecret(value: string, path: Path): boolean {
  if (isReference(value)) return false
  const key = keyOf(path)
  if (value.startsWith('plain:') || isSecretKey(key)) return true
  return isPrivate(value, key, path)
}

/** Members of a JWK that no public key has. @see RFC 7518, 6.2.2, 6.3.2 and 6.4.1 */
const PRIVATE = ['d', 'k', 'p', 'q', 'dp', 'dq', 'qi']

/** Whether somebody gave the private half of a key for the public one. */
function isPrivate(value: string, key: string, path: Path): boolean {
  if (value.includes('PRIVATE KEY')) return true
  if (!path.includes('jwks')) return false
  return PRIVATE.includes(key) || /"(?:d|k|p|q|dp|dq|qi)"\s*:/.test(value)
}
