import { REPEATED } from '../head.ts'
import { CLEAN, type Verdict } from '../reasons.ts'

/**
 * Whether a request target is in origin form and printable ASCII without a fragment. The other forms name a host
 * of their own or none, and readers disagree about a `#` and about bytes beyond ASCII.
 *
 * @see RFC 9112, section 3.2.1
 */
export function plainTarget(target: string): boolean {
  return /^\/[!"$-~]*$/.test(target)
}

/** A name, an IPv4 address or a bracketed IPv6 address, then perhaps a port. */
const HOST = /^(?<name>[a-z0-9._-]{1,255}|\[[0-9a-f:.]{2,45}\])(?::\d{0,5})?$/i

/**
 * Whether a Host header names one of ours. Letter case, port and the root's dot at the end do not count.
 *
 * @param hosts lower-case names without port; empty when any is served
 * @see RFC 9110, section 7.2; RFC 9112, section 3.2
 */
export function hostAllowed(
  value: string | typeof REPEATED | undefined,
  hosts: ReadonlySet<string>,
): Verdict {
  if (value === undefined || value === REPEATED) return 'malformed_http'
  if (hosts.has(value)) return CLEAN
  if (hosts.size === 0) return plainName(value) || HOST.test(value) ? CLEAN : 'malformed_http'
  const name = HOST.exec(value)?.groups?.name
  if (name === undefined) return 'malformed_http'
  const lower = name.toLowerCase()
  return hosts.has(lower.endsWith('.') ? lower.slice(0, -1) : lower) ? CLEAN : 'host'
}

/** Whether a name is of lower-case letters, digits, dots and hyphens, without a port: what nearly all are. */
function plainName(value: string): boolean {
  const { length } = value
  if (length === 0 || length > 255) return false
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i)
    const letter = code >= 0x61 && code <= 0x7a
    const other = (code >= 0x30 && code <= 0x39) || code === 0x2e || code === 0x2d
    if (!letter && !other) return false
  }
  return true
}
