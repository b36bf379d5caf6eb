import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'

/** What belongs to one connection. @see RFC 9110, section 7.6.1 */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'expect',
  'upgrade',
  'http2-settings',
]
/** What a proxy says of the way, and nobody else may. */
const OF_THE_WAY = /^(?:x-forwarded-|x-hookwarden-|x-real-ip$|forwarded$)/

/** Leaves in a request's headers what Automatisch may hear, and says which way it came. */
export function cleanRequest(req: IncomingMessage, address: string): void {
  const { headers } = req
  const { host } = headers
  for (const name of hopsOf(headers)) delete headers[name]
  for (const name of Object.keys(headers)) {
    if (OF_THE_WAY.test(name) || name.includes('_')) delete headers[name]
  }
  headers['x-forwarded-for'] = address
  headers['x-forwarded-proto'] = 'https'
  if (host !== undefined) headers['x-forwarded-host'] = host
}

/** The same for an upgrade, which is asked for anew in its own words. */
export function cleanUpgrade(req: IncomingMessage, address: string): void {
  cleanRequest(req, address)
  req.headers.connection = 'Upgrade'
  req.headers.upgrade = 'websocket'
}

/** Leaves in an answer's headers what a browser may hear, and has it neither guess types nor be framed by other sites. */
export function cleanAnswer(headers: IncomingHttpHeaders): void {
  for (const name of hopsOf(headers)) delete headers[name]
  delete headers['x-powered-by']
  headers['x-content-type-options'] = 'nosniff'
  headers['x-frame-options'] ??= 'SAMEORIGIN'
}

/** Names of hop-by-hop headers, those that `Connection` lists included; the length of a body is no such thing, whatever it says. */
function hopsOf({ connection = '' }: IncomingHttpHeaders): string[] {
  const listed = connection
    .toLowerCase()
    .split(',')
    .map(name => name.trim())
  return [...HOP_BY_HOP, ...listed.filter(name => name !== '' && !KEPT.has(name))]
}

const KEPT = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'content-type',
  'cookie',
  'authorization',
])
