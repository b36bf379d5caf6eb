import { type Head, REPEATED } from '../head.ts'
import type { RejectReason } from '../reasons.ts'
import type { HeadPart } from './compiled.ts'
import { applyFilter } from './filters.ts'
import type { Place } from './place.ts'
import { queryValue } from './query.ts'

/** The value at a place of the head; REPEATED when it comes more than once, undefined when absent or empty. */
export function valueAt(place: Place, head: Head): string | typeof REPEATED | undefined {
  const value =
    place.source === 'header' ? head.only(place.name) : queryValue(head.query, place.name)
  return value === '' ? undefined : value
}

/** One delivery's head as templates see it. */
export class Reading {
  readonly #head: Head
  readonly #bound: readonly (string | undefined)[]
  /** Why the last `render` came to nothing. */
  refused: RejectReason = 'signature_malformed'

  constructor(head: Head, bound: readonly (string | undefined)[]) {
    this.#head = head
    this.#bound = bound
  }

  /**
   * Writes the parts out as bytes in latin-1 text; undefined when one is absent, repeated or not what its filter
   * decodes, and then `refused` says which.
   *
   * @param absent the reason that absence comes to
   */
  render(parts: readonly HeadPart[], absent: RejectReason): string | undefined {
    let text = ''
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i] as HeadPart
      let value = this.#value(part, absent)
      for (const filter of part.filters) {
        if (value === undefined) break
        value = applyFilter(filter, value)
      }
      if (value === undefined) return undefined
      text += value
    }
    return text
  }

  #value(part: HeadPart, absent: RejectReason): string | undefined {
    switch (part.source) {
      case 'text':
        return part.name
      case 'method':
        return this.#head.method
      case 'url':
        return part.name + this.#head.target
      case 'target':
        return this.#head.target
      case 'path':
        return this.#head.path
      case 'variable':
        return this.#present(this.#bound[part.slot], absent)
      case 'header':
        return this.#present(this.#head.only(part.name), absent)
      case 'query':
        return this.#present(queryValue(this.#head.query, part.name), absent)
    }
  }

  #present(value: string | typeof REPEATED | undefined, absent: RejectReason): string | undefined {
    this.refused = 'signature_malformed' // what a repeated value, or a filter that fails, comes to
    if (value === REPEATED) return undefined
    if (value !== undefined && value !== '') return value
    this.refused = absent
    return undefined
  }
}
