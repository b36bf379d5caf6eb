import type { REPEATED } from '../head.ts'
import type { Digests } from './digest.ts'
import { applyFilters, digestOf, type Filter } from './filters.ts'
import { readForm } from './form.ts'
import { type JsonFields, readJson } from './json.ts'
import type { JsonTree } from './json-scanner.ts'
import type { Pair } from './pairs.ts'
import { utf8 } from './utf8.ts'

/** A body that is whole, as templates see it. Nothing of it is read before it is asked for. */
export class Body {
  readonly size: number
  readonly #held: readonly Uint8Array[]
  readonly #digests: Digests | undefined
  #latin1: string | undefined
  #form: { readonly pairs: readonly Pair[] | undefined } | undefined

  /** @param digests what ran over the body while it arrived */
  constructor(held: readonly Uint8Array[], digests?: Digests) {
    this.#held = held
    this.#digests = digests
    this.size = held.reduce((sum, { length }) => sum + length, 0)
  }

  /** The bytes as latin-1 text, one character for each. */
  get latin1(): string {
    this.#latin1 ??= this.#bytes().toString('latin1')
    return this.#latin1
  }

  /** What filters make of the body; undefined where one cannot decode. */
  through(filters: readonly Filter[]): string | undefined {
    const [first, ...rest] = filters
    const name = digestOf(first)
    const known = name === undefined ? undefined : this.#digests?.value(name)
    return known === undefined ? applyFilters(filters, this.latin1) : applyFilters(rest, known)
  }

  /** Undefined where the body is no JSON object in UTF-8. */
  json(tree: JsonTree): JsonFields | typeof REPEATED | undefined {
    const text = utf8(this.#bytes())
    return text === undefined ? undefined : readJson(text, tree)
  }

  /** Undefined where the body has too many pairs to be a form. */
  form(): readonly Pair[] | undefined {
    this.#form ??= { pairs: readForm(this.latin1) }
    return this.#form.pairs
  }

  #bytes(): Buffer {
    const [only, ...more] = this.#held
    return more.length === 0 && only !== undefined
      ? Buffer.from(only.buffer, only.byteOffset, only.length)
      : Buffer.concat(this.#held)
  }
}
