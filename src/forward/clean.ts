import type { Head } from '../head.ts'

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
  readonly requestId: string
  /** Value of X-Hookwarden-Verified; undefined for what is unproven. */
  readonly verified: string | undefined
}

/** The headers for the upstream, as name, value, …: the sender's own less the dropped ones, then ours. */
export function cleanHeaders(head: Head, secret: Credentials, intro: Introduction): string[] {
  const { raw } = head
  const named = namedByConnection(head)
  const out: string[] = []
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase()
    if (DROPPED.has(name) || name.startsWith('x-forwarded-') || name.startsWith('x-hookwarden-'))
      continue
    if (name.includes('_') || secret.headers.includes(name) || named?.includes(name)) continue
    out.push(raw[i] as string, raw[i + 1] as string)
  }
  out.push('X-Forwarded-For', intro.address, 'X-Forwarded-Proto', 'https')
  const host = head.only('host')
  if (typeof host === 'string') out.push('X-Forwarded-Host', host)
  out.push('X-Request-Id', intro.requestId)
  if (intro.verified !== undefined) out.push('X-Hookwarden-Verified', intro.verified)
  return out
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
 * The answer's headers for the sender. A sync flow can echo its payload as HTML, so sniffing and scripts are
 * switched off.
 *
 * @param raw name, value, … as the upstream sent them
 */
export function cleanAnswer(raw: readonly (string | Buffer)[]): string[] {
  const out: string[] = []
  let named: string[] | undefined
  for (let i = 0; i < raw.length; i += 2) {
    const name = latin1(raw[i]).toLowerCase()
    if (name !== 'connection') continue
    const tokens = latin1(raw[i + 1]).toLowerCase()
    if (tokens !== 'keep-alive' && tokens !== 'close')
      named = tokens.split(',').map(token => token.trim())
  }
  for (let i = 0; i < raw.length; i += 2) {
    const name = latin1(raw[i])
    const lower = name.toLowerCase()
    if (NOT_RETURNED.has(lower) || named?.includes(lower)) continue
    out.push(name, latin1(raw[i + 1]))
  }
  out.push('X-Content-Type-Options', 'nosniff')
  out.push('Content-Security-Policy', "sandbox; default-src 'none'")
  return out
}

function latin1(text: string | Buffer | undefined): string {
  return typeof text === 'string' ? text : (text?.toString('latin1') ?? '')
}
