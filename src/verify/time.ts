import { type Millis, parseMillis } from '../units.ts'
import type { HeadPart, SignedBytes, SignedTime } from './compiled.ts'
import { type Issues, nearest } from './issue.ts'
import type { SchemeTime } from './scheme.ts'
import { isHeadPart, NOTHING } from './signed.ts'
import { type Part, parseTemplate, type Source } from './template.ts'

const KEYS = ['from', 'unit', 'tolerance']
const UNITS: readonly SchemeTime['unit'][] = ['s', 'ms', 'iso', 'http']
const DATED: ReadonlySet<Source> = new Set(['text', 'header', 'query', 'variable'])
const ISO = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/
const HTTP =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/

/**
 * Reads a signed time; undefined when it is none. Seconds and milliseconds are whole numbers without a sign.
 *
 * @see RFC 3339, 5.6 for `iso`, RFC 9110, 5.6.7 (IMF-fixdate alone) for `http`
 */
export function readTime(text: string, unit: SchemeTime['unit']): Millis | undefined {
  switch (unit) {
    case 's':
      return text.length <= 11 && /^\d+$/.test(text) ? Number(text) * 1000 : undefined
    case 'ms':
      return text.length <= 14 && /^\d+$/.test(text) ? Number(text) : undefined
    case 'iso':
      return text.length <= 40 && ISO.test(text) ? instant(text) : undefined
    case 'http':
      return text.length === 29 && HTTP.test(text) ? instant(text) : undefined
  }
}

function instant(text: string): Millis | undefined {
  const time = Date.parse(text)
  return Number.isNaN(time) ? undefined : time
}

/** Reads `timestamp`; its time must be part of what is signed. */
export function parseTime(
  time: SchemeTime,
  variables: readonly string[],
  sign: SignedBytes,
  issues: Issues,
): SignedTime {
  for (const key of Object.keys(time)) {
    if (KEYS.includes(key)) continue
    issues.add(`timestamp.${key}`, 1, `unknown key '${key}'`, nearest(key, KEYS))
  }
  if (!UNITS.includes(time.unit)) {
    issues.add('timestamp.unit', 1, `unknown unit '${time.unit}': expected ${UNITS.join(', ')}`)
  }
  const tolerance = parseMillis(time.tolerance) ?? 0
  if (tolerance === 0) {
    const message = `'${time.tolerance}' allows no time: expected a duration such as '300s' or '5m'`
    issues.add('timestamp.tolerance', 1, message)
  }
  return {
    from: parseFrom(time.from ?? '{ts}', variables, sign, issues),
    unit: time.unit,
    tolerance,
  }
}

function parseFrom(
  text: string,
  variables: readonly string[],
  sign: SignedBytes,
  issues: Issues,
): HeadPart[] {
  const known = issues.found.length
  const parts = parseTemplate(text, 'timestamp.from', variables, issues)
  const from: HeadPart[] = []
  for (const part of parts) {
    if (!isHeadPart(part) || !DATED.has(part.source)) {
      issues.add('timestamp.from', part.column, PLACES)
    } else if (part.source !== 'text' && sign !== NOTHING && !covers(sign, part)) {
      // whoever repeats an old delivery could give it a fresh time
      const message = "this time is not part of 'sign', so it would prove nothing"
      issues.add('timestamp.from', part.column, message)
    } else {
      from.push(part)
    }
  }
  if (issues.found.length === known && from.every(part => part.source === 'text')) {
    issues.add('timestamp.from', 1, PLACES)
  }
  return from
}

const PLACES = 'a time comes from a header, the query or a variable of the items'

function covers({ before, after }: SignedBytes, { source, name }: Part): boolean {
  const same = (part: Part): boolean => part.source === source && part.name === name
  return before.some(same) || after.some(same)
}
