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

/** The type without its parameters, in lower case, of a value that was accepted. */
export function mediaType(value: string): string {
  const mark = value.indexOf(';')
  return (mark === -1 ? value : value.slice(0, mark)).trimEnd().toLowerCase()
}

/**
 * Whether the body is coded in one way at most, and that allowed. A form in parts never is: Automatisch's parser of
 * parts does not inflate, so what it would read is not what was inspected.
 *
 * @param allowed lower case
 * @param type the value of Content-Type, which was accepted
 */
export function acceptableEncoding(
  value: Header,
  allowed: ReadonlySet<string>,
  type: Header,
): Verdict {
  if (value === undefined) return CLEAN
  if (value === REPEATED) return 'content_encoding'
  const coding = value.toLowerCase()
  if (coding === 'identity') return CLEAN
  if (!allowed.has(coding)) return 'content_encoding'
  const parts = typeof type === 'string' && mediaType(type) === 'multipart/form-data'
  return parts ? 'content_encoding' : CLEAN
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
