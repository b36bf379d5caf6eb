/** What a scheme reads of a JSON text, as a tree of names. */
export interface JsonTree {
  /** Set where the value itself is read: the path by which templates ask for it. */
  readonly path: string | undefined
  /** By name, so that no name of a prototype means anything. */
  readonly below: ReadonlyMap<string, JsonTree>
}

type Kind = 'string' | 'number' | 'word' | 'null' | 'array' | 'object'

/** A value as it was written: from its first character up to what follows it. */
export interface Span {
  readonly kind: Kind
  readonly from: number
  readonly to: number
}

/** Deeper nesting is refused: nobody's delivery is, and readers further on may recurse. */
const DEEPEST = 128
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const WORD = /true|false|null/y
const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const CLOSE_LIST = 0x5d
const CLOSE_OBJECT = 0x7d
/** What follows a backslash. */
const ESCAPE = /["\\/bfnrt]|u[0-9a-fA-F]{4}/y

/**
 * Steps over a JSON text once and notes where the values of a tree are, building nothing else. Which texts are JSON is
 * decided as by the platform, save for the depth.
 *
 * @see RFC 8259
 */
export class Scanner {
  /** Whether a name of the tree came twice in one object. */
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

  /** Each element of the sound array that begins here, one after the other: nobody holds them all. */
  *elements(tree: JsonTree): Generator<ReadonlyMap<string, Span>, void> {
    this.#at++
    this.#blanks()
    if (this.#takes(CLOSE_LIST)) return
    do {
      this.#blanks()
      this.#found = new Map()
      this.#value(tree, 1)
      yield this.#found
      this.#blanks()
    } while (this.#takes(COMMA))
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
      case 0x7b:
        return this.#members(tree, depth) ? 'object' : undefined
      case 0x5b:
        return this.#items(depth) ? 'array' : undefined
      case QUOTE:
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

  #items(depth: number): boolean {
    this.#at++
    this.#blanks()
    if (this.#takes(CLOSE_LIST)) return true
    do {
      this.#blanks()
      if (this.#value(undefined, depth + 1) === undefined) return false
      this.#blanks()
    } while (this.#takes(COMMA))
    return this.#takes(CLOSE_LIST)
  }

  #members(tree: JsonTree | undefined, depth: number): boolean {
    this.#at++
    this.#blanks()
    if (this.#takes(CLOSE_OBJECT)) return true
    const seen: string[] = [] // names of the tree alone, so it stays short
    do {
      this.#blanks()
      const from = this.#at
      if (this.#text.charCodeAt(from) !== QUOTE || !this.#string()) return false
      const below = this.#below(tree, seen, from)
      this.#blanks()
      if (!this.#takes(COLON)) return false
      this.#blanks()
      if (this.#value(below, depth + 1) === undefined) return false
      this.#blanks()
    } while (this.#takes(COMMA))
    return this.#takes(CLOSE_OBJECT)
  }

  /** Where the tree goes on below the name that ends here. */
  #below(tree: JsonTree | undefined, seen: string[], from: number): JsonTree | undefined {
    if (tree === undefined || tree.below.size === 0) return undefined
    const written = this.#text.slice(from, this.#at)
    const name = written.includes('\\') ? String(JSON.parse(written)) : written.slice(1, -1)
    const below = tree.below.get(name)
    if (below === undefined) return undefined
    if (seen.includes(name)) this.repeated = true
    else seen.push(name)
    return below
  }

  #string(): boolean {
    const text = this.#text
    let at = this.#at + 1
    for (;;) {
      const code = text.charCodeAt(at) // NaN beyond the end
      if (code === QUOTE) break
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

  #takes(code: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== code) return false
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
