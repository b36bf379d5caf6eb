import { type Head, sameName } from '../head.ts'
import type { Leaks } from './leaks.ts'

/**
 * Never forwarded: hop-by-hop fields, framing of ours to write, what only a proxy may claim, and credentials,
 * because Automatisch stores every header it gets.
 *
 * @see RFC 9110, 7.6.1
 */
const DROPPED: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'expect',
  'host',
  'content-length',
  'forwarded',
  'x-real-ip',
  'x-request-id',
  'cookie',
  'authorization',
])

/** What a provider's own scheme adds to the list: the credentials it sends in clear. Lower case. */
export interface Credentials {
  readonly headers: readonly string[]
  readonly query: readonly string[]
}

/** What we say of a delivery to the upstream. */
export interface Introduction {
  readonly address: string
  /** What the sender called, as far as is known. */
  readonly protocol: 'https' | 'http'
  readonly requestId: string
  /** Value of X-Hookwarden-Verified; undefined for what is unproven. */
  readonly verified: string | undefined
}

/** What must not get through beside the usual. */
export interface Kept {
  readonly credentials: Credentials
  readonly leaks: Leaks
  /** Content type to send instead of the one that came; undefined for that. */
  readonly type: string | undefined
}

/** The headers for the upstream, as name, value, …, and the names of those that would have shown a secret. */
export interface Cleaned {
  readonly headers: string[]
  readonly leaked: readonly string[]
}

/** The sender's own headers less the dropped ones, then ours. */
export function cleanHeaders(head: Head, kept: Kept, intro: Introduction): Cleaned {
  const { raw } = head
  const { credentials, leaks, type } = kept
  const named = namedByConnection(head)
  const out: string[] = []
  let leaked = NONE
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string
    if (isDropped(name)) continue
    if (credentials.headers.length > 0 && credentials.headers.includes(name.toLowerCase())) continue
    if (named?.includes(name.toLowerCase())) continue
    const value = raw[i + 1] as string
    if (leaks.has(value)) leaked = [...leaked, name]
    else if (type !== undefined && sameName(name, 'content-type')) out.push(name, type)
    else out.push(name, value)
  }
  out.push('x-forwarded-for', intro.address, 'x-forwarded-proto', intro.protocol)
  const host = head.only('host')
  if (typeof host === 'string') out.push('x-forwarded-host', host)
  out.push('x-request-id', intro.requestId)
  if (intro.verified !== undefined) out.push('x-hookwarden-verified', intro.verified)
  return { headers: out, leaked }
}

const NONE: readonly string[] = []

/** The dropped names by their length: most names are of no length that counts, and need no lower-case copy. */
const DROPPED_BY_LENGTH: readonly (readonly string[])[] = byLength(DROPPED)
const DROPPED_STARTS = ['x-forwarded-', 'x-hookwarden-']
const HYPHEN = 0x2d

function isDropped(name: string): boolean {
  const alike = DROPPED_BY_LENGTH[name.length]
  if (alike !== undefined) for (const dropped of alike) if (sameName(name, dropped)) return true
  if (name.includes('_')) return true
  if (name.charCodeAt(1) !== HYPHEN) return false
  for (const start of DROPPED_STARTS) if (sameName(name.slice(0, start.length), start)) return true
  return false
}

function byLength(names: Iterable<string>): string[][] {
  const lists: string[][] = []
  for (const name of names) {
    for (let length = lists.length; length <= name.length; length++) lists.push([])
    lists[name.length]?.push(name)
  }
  return lists
}

/** The target for the upstream: a path of ours, and the raw query less parameters that carry a credential. */
export function cleanTarget(path: string, query: string | undefined, secret: Credentials): string {
  if (query === undefined) return path
  if (secret.query.length === 0) return `${path}?${query}`
  const kept = query.split('&').filter(pair => !secret.query.includes(parameterName(pair)))
  return kept.length === 0 ? path : `${path}?${kept.join('&')}`
}

/** The name as the upstream would decode it, so that an encoded spelling does not slip through. */
function parameterName(pair: string): string {
  const name = (pair.split('=', 1)[0] ?? '').replaceAll('+', ' ')
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

function namedByConnection(head: Head): readonly string[] | undefined {
  const value = head.only('connection')
  if (value === undefined || value === 'keep-alive' || value === 'close') return undefined
  return head
    .all('connection')
    .flatMap(line => line.split(',').map(token => token.trim().toLowerCase()))
}

/** Never passed back: hop-by-hop fields, what tells of the upstream, and cookies on a host of hooks. */
const NOT_RETURNED: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-powered-by',
  'set-cookie',
  'set-cookie2',
  'x-content-type-options',
  'content-security-policy',
])

/**
 * The answer's headers for the sender, as name, value, …. A sync flow can echo its payload as HTML, so sniffing and
 * scripts are switched off.
 *
 * @param received name in lower case, value, …
 */
export function cleanAnswer(received: readonly string[]): string[] {
  const named = namedIn(received)
  const out: string[] = []
  for (let i = 0; i < received.length; i += 2) {
    const name = received[i] as string
    if (NOT_RETURNED.has(name) || named?.includes(name)) continue
    out.push(name, received[i + 1] as string)
  }
  out.push('X-Content-Type-Options', 'nosniff')
  out.push('Content-Security-Policy', "sandbox; default-src 'none'")
  return out
}

/** What `Connection` headers name; undefined where it is the usual word alone. */
function namedIn(received: readonly string[]): string[] | undefined {
  let named: string[] | undefined
  for (let i = 0; i < received.length; i += 2) {
    if (received[i] !== 'connection') continue
    const value = received[i + 1] as string
    if (value === 'keep-alive' || value === 'close') continue
    named ??= []
    for (const token of value.toLowerCase().split(',')) named.push(token.trim())
  }
  return named
}
