import { nearest } from '../spelling.ts'
import { type Millis, parseMillis } from '../units.ts'
import type { SignedBytes, SignedTime } from './compiled.ts'
import type { Issues } from './issue.ts'
import type { Scope } from './names.ts'
import type { SchemeTime } from './scheme.ts'
import { covers, NOTHING } from './signed.ts'
import { needsBody, type Part, parseTemplate, type Source } from './template.ts'

const KEYS = ['from', 'unit', 'tolerance']
const UNITS: readonly SchemeTime['unit'][] = ['s', 'ms', 'iso', 'http']
const DATED: ReadonlySet<Source> = new Set<Source>([
  ...(['text', 'header', 'query', 'form', 'json', 'variable'] as const),
])
const ISO = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)?$/
const HTTP =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/

/**
 * Reads a signed time; undefined when it is none. Seconds and milliseconds are whole numbers without a sign.
 *
 * @see RFC 3339, 5.6 for `iso`, which may come without its zone and is UTC then; RFC 9110, 5.6.7 (IMF-fixdate alone) for `http`
 */
export function readTime(text: string, unit: SchemeTime['unit']): Millis | undefined {
  switch (unit) {
    case 's':
      return text.length <= 11 && /^\d+$/.test(text) ? Number(text) * 1000 : undefined
    case 'ms':
      return text.length <= 14 && /^\d+$/.test(text) ? Number(text) : undefined
    case 'iso':
      return text.length <= 40 ? isoInstant(text) : undefined
    case 'http':
      return text.length === 29 && HTTP.test(text) ? instant(text) : undefined
  }
}

function isoInstant(text: string): Millis | undefined {
  // the platform takes a time without a zone for local time
  return ISO.test(text) ? instant(hasZone(text) ? text : `${text}Z`) : undefined
}

function hasZone(text: string): boolean {
  const sign = text.at(-6)
  return sign === '+' || sign === '-' || text.endsWith('Z') || text.endsWith('z')
}

function instant(text: string): Millis | undefined {
  const time = Date.parse(text)
  return Number.isNaN(time) ? undefined : time
}

/** Reads `timestamp`; its time must be part of what is signed. */
export function parseTime(
  time: SchemeTime,
  scope: Scope,
  sign: SignedBytes,
  claimInBody: boolean,
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
  const from = parseFrom(time.from ?? '{ts}', scope, sign, issues)
  return {
    from,
    unit: time.unit,
    tolerance,
    inBody: from.some(part => needsBody(part) || (claimInBody && part.source === 'variable')),
    listedBy: listOf(sign, from),
  }
}

/** The header that has to list the time's own: where `sign` has it by that list alone. */
function listOf({ before, after }: SignedBytes, from: readonly Part[]): string | undefined {
  const parts = [...before, ...after]
  const list = parts.find(part => part.source === 'signed-headers')
  const own = from.filter(part => part.source === 'header')
  const named = own.every(part =>
    parts.some(one => one.source === 'header' && one.name === part.name),
  )
  return named ? undefined : list?.name
}

function parseFrom(text: string, scope: Scope, sign: SignedBytes, issues: Issues): Part[] {
  const known = issues.found.length
  const parts = parseTemplate(text, 'timestamp.from', scope, issues)
  const from: Part[] = []
  for (const part of parts) {
    if (!DATED.has(part.source)) {
      issues.add('timestamp.from', part.column, PLACES)
    } else if (sign !== NOTHING && !covers(sign, part)) {
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

const PLACES =
  'a time comes from a header, the query, a field of the body or a variable of the items'
