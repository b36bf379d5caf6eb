import { REPEATED } from '../head.ts'
import { type JsonTree, Scanner, type Span } from './json-scanner.ts'

/** More audiences than anybody has. */
const MOST_TEXTS = 32
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

  /** The scalars of an array, at most 32; undefined where the field is no array, or holds anything else. */
  texts(path: string): string[] | undefined {
    const span = this.#found.get(path)
    if (span?.kind !== 'array') return undefined
    const texts: string[] = []
    for (const found of new Scanner(this.#text, span.from).elements(ROOT)) {
      const inner = found.get('')
      const text = inner === undefined ? undefined : this.#scalar(inner)
      if (typeof text !== 'string' || texts.length === MOST_TEXTS) return undefined
      texts.push(text)
    }
    return texts
  }

  /**
   * The elements of an array, each with the fields of `tree`; none where the field is no array. REPEATED stands for an
   * element that has a name of the tree twice in an object.
   */
  *elements(path: string, tree: JsonTree): Generator<JsonFields | typeof REPEATED, void> {
    const span = this.#found.get(path)
    if (span?.kind !== 'array') return
    const scanner = new Scanner(this.#text, span.from)
    for (const found of scanner.elements(tree)) {
      yield scanner.repeated ? REPEATED : new JsonFields(this.#text, found)
    }
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
