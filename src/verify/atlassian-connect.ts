import { createHash } from 'node:crypto'
import { Head } from '../head.ts'
import type { RejectReason } from '../reasons.ts'
import type { Millis } from '../units.ts'
import { type Pair, pairsOf } from './pairs.ts'
import type { Check, Verifier } from './verifier.ts'

/** The header that the scheme compares the claim with. One that came over the wire too is a header that came twice. */
const CANONICAL = 'hookwarden-qsh'
const MOST_PAIRS = 256

/**
 * Shows the scheme of a JWT what its claim `qsh` has to be: the hash of the canonical request. A token that a page was
 * given (`context-qsh`) names no request and is refused.
 *
 * @see "Understanding JWT for Connect apps", "Creating a query string hash", Atlassian Developer
 */
export class AtlassianConnectVerifier implements Verifier {
  readonly decides: Verifier['decides']
  readonly #inner: Verifier

  constructor(inner: Verifier) {
    this.decides = inner.decides
    this.#inner = inner
  }

  open(head: Head, now: Millis): Check | RejectReason {
    const shown = withCanonical(head)
    return shown === undefined ? 'signature_malformed' : this.#inner.open(shown, now)
  }
}

/** The head with the hash of its canonical request, as the scheme reads it; undefined where the query is too long. */
export function withCanonical(head: Head): Head | undefined {
  const canonical = canonicalRequest(head)
  if (canonical === undefined) return undefined
  const hash = createHash('sha256').update(canonical, 'latin1').digest('hex')
  return new Head(head.method, head.target, [...head.raw, CANONICAL, hash])
}

/** Method, path and query in the one order that both sides know; undefined where the query is too long. */
function canonicalRequest({ method, path, query = '' }: Head): string | undefined {
  const pairs = pairsOf(query, MOST_PAIRS)
  if (pairs === undefined) return undefined
  const escaped = path.replaceAll('&', '%26')
  const bare = escaped.length > 1 && escaped.endsWith('/') ? escaped.slice(0, -1) : escaped
  return `${method.toUpperCase()}&${bare}&${canonicalQuery(pairs)}`
}

/** Names in order, values of one name in order and joined by commas, `jwt` left out. */
function canonicalQuery(pairs: readonly Pair[]): string {
  const values = new Map<string, string[]>()
  for (const { name, value } of pairs) {
    if (name === 'jwt') continue
    const known = values.get(name)
    if (known === undefined) values.set(name, [value])
    else known.push(value)
  }
  return [...values]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, all]) => `${encoded(name)}=${all.sort().map(encoded).join(',')}`)
    .join('&')
}

/** Percent-encodes bytes in latin-1 text. @see RFC 3986, 2.3 */
function encoded(text: string): string {
  return text.replace(/[^A-Za-z0-9\-._~]/g, char => {
    return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
  })
}
