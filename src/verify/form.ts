import { REPEATED } from '../head.ts'
import { type Pair, pairsOf } from './pairs.ts'

/** What `{sorted-form}` does with the values of a name that comes more than once. */
export const FORM_ORDERS = ['sort', 'uniq'] as const
export type FormOrder = '' | (typeof FORM_ORDERS)[number]

/** Automatisch refuses more, so no reader behind us sees what we left out. */
const MOST_PAIRS = 1000

/** The pairs of a body or a query that is form data; undefined where there are more than 1000. */
export function readForm(text: string): readonly Pair[] | undefined {
  return pairsOf(text, MOST_PAIRS)
}

/** The value of a name that must not be repeated; undefined when absent. */
export function formValue(
  pairs: readonly Pair[],
  name: string,
): string | typeof REPEATED | undefined {
  let found: string | undefined
  for (let i = 0; i < pairs.length; i++) {
    const pair = pairs[i] as Pair
    if (pair.name !== name) continue
    if (found !== undefined) return REPEATED
    found = pair.value
  }
  return found
}

/**
 * Names and values run together, by name: values of one name as sent, sorted, or sorted and each once.
 *
 * @see "Validating requests are coming from Twilio", Twilio Docs, for `uniq`; "Signature validation", Plivo Docs, for `sort`
 */
export function sortedForm(pairs: readonly Pair[], order: FormOrder): string {
  const sorted = pairs.toSorted((a, b) =>
    a.name === b.name && order !== '' ? compare(a.value, b.value) : compare(a.name, b.name),
  )
  let text = ''
  let last: Pair | undefined
  for (const pair of sorted) {
    const again = last !== undefined && last.name === pair.name && last.value === pair.value
    if (order !== 'uniq' || !again) text += pair.name + pair.value
    last = pair
  }
  return text
}

/**
 * The query by name, each part decoded and written again with everything escaped but letters, digits and
 * `-_.!~*'()`; names that come more than once stay in the order sent.
 */
export function sortedQuery(pairs: readonly Pair[]): string {
  return pairs
    .toSorted((a, b) => compare(a.name, b.name))
    .map(({ name, value }) => `${escaped(name)}=${escaped(value)}`)
    .join('&')
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function escaped(text: string): string {
  return text.replace(/[^A-Za-z0-9\-_.!~*'()]/g, char => {
    return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
  })
}
