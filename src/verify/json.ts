import { REPEATED } from '../head.ts'

/** What a scheme reads of a JSON text, as a tree of names. */
export interface JsonTree {
  /** Set where the value itself is read: the path by which templates ask for it. */
  readonly path: string | undefined
  /** By name, so that no name of a prototype means anything. */
  readonly below: ReadonlyMap<string, JsonTree>
}

type Kind = 'string' | 'number' | 'word' | 'null' | 'array' | 'object'

/** A value as it was written: from its first character up to what follows it. */
interface Span {
  readonly kind: Kind
  readonly from: number
  readonly to: number
}

/** Deeper nesting is refused: nobody's delivery is, and readers further on may recurse. */
const DEEPEST = 128
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const WORD = /true|false|null/y
/** What follows a backslash. */
const ESCAPE = /["\\/bfnrt]|u[0-9a-fA-F]{4}/y

/** The tree of several paths, each a list of names. */
export function jsonTree(
  paths: readonly { readonly path: string; readonly steps: readonly string[] }[],
): JsonTree {
  const names = new Set(paths.flatMap(({ steps }) => steps.slice(0, 1)))
  const below = [...names].map(name => {
    const inside = paths.filter(({ steps }) => steps[0] === name)
    return [name, jsonTree(inside.map(one => ({ ...one, steps: one.steps.slice(1) })))] as const
  })
  return { path: paths.find(({ steps }) => steps.length === 0)?.path, below: new Map(below) }
}

/** The fields of one JSON object that a scheme reads. */
export class JsonFields {
  readonly #text: string
  readonly #found: ReadonlyMap<string, Span>

  constructor(text: string, found: ReadonlyMap<string, Span>) {
    this.#text = text
    this.#found = found
  }

  /**
   * A scalar as UTF-8 bytes in latin-1 text: a string's characters, a number as its sender wrote it, `true` or `false`.
   * Undefined where it is absent or null; REPEATED where it is no scalar, or no text that UTF-8 could carry.
   */
  text(path: string): string | typeof REPEATED | undefined {
    const span = this.#found.get(path)
    return span === undefined ? undefined : this.#scalar(span)
  }

  /** Whether the field is there, null included. */
  has(path: string): boolean {
    return this.#found.has(path)
  }

  /** Whether the field is a string. */
  isString(path: string): boolean {
    return this.#found.get(path)?.kind === 'string'
  }

  /** The scalars of an array; undefined where the field is no array, or holds anything else. */
  texts(path: string): string[] | undefined {
    const span = this.#found.get(path)
    if (span?.kind !== 'array') return undefined
    const spans = new Scanner(this.#text, span.from).elements(ROOT)
    const texts = spans?.map(found => {
      const inner = found.get('')
      return inner === undefined ? undefined : this.#scalar(inner)
    })
    return texts?.every(text => typeof text === 'string') === true ? texts : undefined
  }

  /** The elements of an array, each with the fields of `tree`; undefined where the field is no array. */
  elements(path: string, tree: JsonTree): JsonFields[] | typeof REPEATED | undefined {
    const span = this.#found.get(path)
    if (span?.kind !== 'array') return undefined
    const scanner = new Scanner(this.#text, span.from)
    const found = scanner.elements(tree)
    if (scanner.repeated) return REPEATED
    return found?.map(one => new JsonFields(this.#text, one))
  }

  #scalar({ kind, from, to }: Span): string | typeof REPEATED | undefined {
    const written = this.#text.slice(from, to)
    switch (kind) {
      case 'null':
        return undefined
      case 'number':
      case 'word':
        return written
      case 'string': {
        // one string that was found sound: nothing is left for a parser to be fooled by
        const text: unknown = JSON.parse(written)
        if (typeof text !== 'string' || !text.isWellFormed()) return REPEATED
        return Buffer.from(text).toString('latin1')
      }
      case 'array':
      case 'object':
        return REPEATED
    }
  }
}

/** For objects of which no name is read. */
const UNREAD = new Set<string>()
const ROOT: JsonTree = { path: '', below: new Map() }

/**
 * Reads the fields of `tree` from a JSON object in one pass, building nothing else. Undefined where the text is no JSON
 * object; REPEATED where a name that leads to a field comes twice in its object, which two readers could take two ways.
 *
 * @see RFC 8259
 */
export function readJson(text: string, tree: JsonTree): JsonFields | typeof REPEATED | undefined {
  const scanner = new Scanner(text, 0)
  const found = scanner.object(tree)
  if (found === undefined) return undefined
  return scanner.repeated ? REPEATED : new JsonFields(text, found)
}

class Scanner {
  repeated = false
  readonly #text: string
  #at: number
  #found = new Map<string, Span>()

  constructor(text: string, at: number) {
    this.#text = text
    this.#at = at
  }

  /** The whole text as one object. */
  object(tree: JsonTree): ReadonlyMap<string, Span> | undefined {
    this.#blanks()
    const kind = this.#value(tree, 0)
    this.#blanks()
    return kind === 'object' && this.#at === this.#text.length ? this.#found : undefined
  }

  /** Each element of the array that begins here. */
  elements(tree: JsonTree): ReadonlyMap<string, Span>[] | undefined {
    const all: Map<string, Span>[] = []
    const sound = this.#list(']', () => {
      this.#found = new Map()
      all.push(this.#found)
      return this.#value(tree, 1) !== undefined
    })
    return sound ? all : undefined
  }

  /** Steps over one value and notes what the tree asks for; undefined where there is none. */
  #value(tree: JsonTree | undefined, depth: number): Kind | undefined {
    if (depth > DEEPEST) return undefined
    const from = this.#at
    const kind = this.#step(tree, depth)
    if (kind !== undefined && tree?.path !== undefined) {
      this.#found.set(tree.path, { kind, from, to: this.#at })
    }
    return kind
  }

  #step(tree: JsonTree | undefined, depth: number): Kind | undefined {
    switch (this.#text.charCodeAt(this.#at)) {
      case 0x7b: {
        const seen = tree === undefined ? UNREAD : new Set<string>()
        return this.#list('}', () => this.#member(tree, seen, depth)) ? 'object' : undefined
      }
      case 0x5b:
        return this.#list(']', () => this.#value(undefined, depth + 1) !== undefined)
          ? 'array'
          : undefined
      case 0x22:
        return this.#string() ? 'string' : undefined
      case 0x66:
      case 0x74:
        return this.#matches(WORD) ? 'word' : undefined
      case 0x6e:
        return this.#matches(WORD) ? 'null' : undefined
      default:
        return this.#matches(NUMBER) ? 'number' : undefined
    }
  }

  /** What stands between two brackets, separated by commas. */
  #list(end: string, entry: () => boolean): boolean {
    this.#at++
    this.#blanks()
    if (this.#takes(end)) return true
    do {
      this.#blanks()
      if (!entry()) return false
      this.#blanks()
    } while (this.#takes(','))
    return this.#takes(end)
  }

  #member(tree: JsonTree | undefined, seen: Set<string>, depth: number): boolean {
    const from = this.#at
    if (this.#text.charCodeAt(from) !== 0x22 || !this.#string()) return false
    const below = this.#below(tree, seen, from)
    this.#blanks()
    if (!this.#takes(':')) return false
    this.#blanks()
    return this.#value(below, depth + 1) !== undefined
  }

  /** Where the tree goes on below the name that ends here. */
  #below(tree: JsonTree | undefined, seen: Set<string>, from: number): JsonTree | undefined {
    if (tree === undefined || tree.below.size === 0) return undefined
    const written = this.#text.slice(from, this.#at)
    const name = written.includes('\\') ? String(JSON.parse(written)) : written.slice(1, -1)
    const below = tree.below.get(name)
    if (below === undefined) return undefined
    if (seen.has(name)) this.repeated = true
    seen.add(name)
    return below
  }

  #string(): boolean {
    const text = this.#text
    let at = this.#at + 1
    for (;;) {
      const code = text.charCodeAt(at) // NaN beyond the end
      if (code === 0x22) break
      if (!(code >= 0x20)) return false
      if (code === 0x5c) {
        ESCAPE.lastIndex = at + 1
        if (!ESCAPE.test(text)) return false
        at = ESCAPE.lastIndex
      } else at++
    }
    this.#at = at + 1
    return true
  }

  #matches(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at
    if (!pattern.test(this.#text)) return false
    this.#at = pattern.lastIndex
    return true
  }

  #takes(char: string): boolean {
    if (this.#text.charAt(this.#at) !== char) return false
    this.#at++
    return true
  }

  #blanks(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      this.#at++
    }
  }
}
