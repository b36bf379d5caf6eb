import { type Head, REPEATED } from '../head.ts'
import type { RejectReason } from '../reasons.ts'
import type { Body } from './body.ts'
import { applyFilter } from './filters.ts'
import { type FormOrder, formValue, readForm, sortedForm, sortedQuery } from './form.ts'
import type { JsonFields } from './json.ts'
import type { Place } from './place.ts'
import { queryValue } from './query.ts'
import { listedHeaders, signedHeaders } from './signed-headers.ts'
import { snsText } from './sns.ts'
import type { Part } from './template.ts'

/** A body that is whole, with the fields that the scheme reads of it as JSON. */
export interface Within {
  readonly body: Body
  readonly fields: JsonFields | undefined
}

/** The value at a place; REPEATED when it comes more than once or is no text, undefined when absent or empty. */
export function valueAt(
  place: Place,
  head: Head,
  within?: Within,
): string | typeof REPEATED | undefined {
  const value = place.source === 'header' ? head.only(place.name) : elsewhere(place, head, within)
  return value === '' ? undefined : value
}

function elsewhere({ source, name }: Place, head: Head, within: Within | undefined) {
  if (source === 'query') return queryValue(head.query, name)
  if (source === 'body') return within?.body.latin1
  if (source === 'json') return within?.fields?.text(name)
  const pairs = within?.body.form()
  return pairs && formValue(pairs, name)
}

/** One delivery as templates see it. */
export class Reading {
  readonly #head: Head
  readonly #bound: readonly (string | undefined)[]
  readonly #within: Within | undefined
  /** Why the last `render` came to nothing. */
  refused: RejectReason = 'signature_malformed'

  /** @param within where the body is whole */
  constructor(head: Head, bound: readonly (string | undefined)[], within?: Within) {
    this.#head = head
    this.#bound = bound
    this.#within = within
  }

  /**
   * Writes the parts out as bytes in latin-1 text; undefined when one is absent, repeated or not what its filter
   * decodes, and then `refused` says which.
   *
   * @param absent the reason that absence comes to
   * @param lenient whether a field of a JSON body may be absent, and then comes to nothing
   */
  render(parts: readonly Part[], absent: RejectReason, lenient = false): string | undefined {
    let text = ''
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i] as Part
      let value = this.#value(part, absent)
      if (value === undefined && lenient && this.#isBlank(part)) value = ''
      for (const filter of part.filters) {
        if (value === undefined) break
        if (part.source !== 'body') value = applyFilter(filter, value)
      }
      if (value === undefined) return undefined
      text += value
    }
    return text
  }

  /** Whether a header lists as signed every header that the parts draw on; if not, `refused` says why. */
  lists(header: string, parts: readonly Part[]): boolean {
    const listed = listedHeaders(this.#head, header)
    this.refused = listed === undefined ? 'signature_missing' : 'signature_malformed'
    if (!Array.isArray(listed)) return false
    return parts.every(({ source, name }) => source !== 'header' || listed.includes(name))
  }

  /** Whether of the fields of a JSON body that the parts draw on any is there; true where they draw on none. */
  hasAnyField(parts: readonly Part[]): boolean {
    const named = parts.filter(({ source }) => source === 'json')
    return named.length === 0 || named.some(part => !this.#isBlank(part))
  }

  #value(part: Part, absent: RejectReason): string | undefined {
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
      case 'signed-headers':
        return this.#present(signedHeaders(this.#head, part.name), absent)
      case 'sorted-query': {
        const pairs = readForm(this.#head.query ?? '')
        return pairs === undefined ? this.#refuse('signature_malformed') : sortedQuery(pairs)
      }
      default:
        return this.#inBody(part, absent)
    }
  }

  #inBody({ source, name, filters }: Part, absent: RejectReason): string | undefined {
    if (this.#within === undefined) return this.#refuse(absent)
    const { body, fields } = this.#within
    switch (source) {
      case 'body':
        return body.through(filters) ?? this.#refuse('signature_malformed')
      case 'json':
        return this.#present(fields?.text(name), absent)
      case 'sns':
        return (fields && snsText(fields)) ?? this.#refuse('signature_malformed')
      default: {
        const pairs = body.form()
        if (pairs === undefined) return this.#refuse('malformed_body')
        if (source === 'form') return this.#present(formValue(pairs, name), absent)
        return sortedForm(pairs, name as FormOrder) // what the parser let through
      }
    }
  }

  /** Whether the part is a field that is absent, null or empty. */
  #isBlank({ source, name }: Part): boolean {
    if (source !== 'json') return false
    const text = this.#within?.fields?.text(name)
    return text === undefined || text === ''
  }

  #present(value: string | typeof REPEATED | undefined, absent: RejectReason): string | undefined {
    this.refused = 'signature_malformed' // what a repeated value, or a filter that fails, comes to
    if (value === REPEATED) return undefined
    if (value !== undefined && value !== '') return value
    this.refused = absent
    return undefined
  }

  #refuse(reason: RejectReason): undefined {
    this.refused = reason
  }
}
