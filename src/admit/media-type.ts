import { REPEATED } from '../head.ts'
import { CLEAN, type Verdict } from '../reasons.ts'

type Header = string | typeof REPEATED | undefined

/**
 * One parameter with the `;` before it. Stricter than the standard, which also allows tabs, nothing after a `;`,
 * and high bytes in quotes: Automatisch loses those bodies and answers 204. Each alternative begins with another
 * character, so it cannot backtrack.
 */
const PARAMETER =
  / *; *(?<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:(?<plain>[!#$%&'*+.^_`|~0-9A-Za-z-]+)|"(?<quoted>(?:[ !#-[\]-~]|\\[ -~])*)")/y

/**
 * Whether the body has one of the types allowed, written so that Automatisch certainly parses it: one type, well
 * formed parameters, UTF-8. A request without a body needs no type.
 *
 * @param allowed lower case, without parameters
 * @see RFC 9110, section 8.3.1
 */
export function acceptableType(
  value: Header,
  allowed: ReadonlySet<string>,
  hasBody: boolean,
): Verdict {
  if (value === undefined) return hasBody ? 'content_type' : CLEAN
  if (value === REPEATED) return 'content_type'
  if (allowed.has(value)) return CLEAN // as most senders write it
  const mark = value.indexOf(';')
  let end = mark === -1 ? value.length : mark
  while (end > 0 && value[end - 1] === ' ') end--
  if (!allowed.has(value.slice(0, end).toLowerCase())) return 'content_type'
  return readParameters(value, end) ? CLEAN : 'content_type'
}

/** Automatisch would inflate without a limit of ours, and a MAC covers the bytes as sent: no encoding but none. */
export function acceptableEncoding(value: Header): Verdict {
  return value === undefined || value === 'identity' ? CLEAN : 'content_encoding'
}

/** Whether all that follows the type is well formed parameters, and names no other character set than UTF-8. */
function readParameters(value: string, from: number): boolean {
  let at = from
  let charsets = 0
  while (at < value.length) {
    PARAMETER.lastIndex = at
    const found = PARAMETER.exec(value)?.groups
    if (found === undefined) return false
    at = PARAMETER.lastIndex
    if (found.name?.toLowerCase() !== 'charset') continue
    const charset = found.plain ?? found.quoted ?? ''
    if (++charsets > 1 || charset.toLowerCase() !== 'utf-8') return false
  }
  return true
}
