import type { Millis } from '../units.ts'
import type { SchemeTime } from './scheme.ts'

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
