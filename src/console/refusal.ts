import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Bytes } from '../units.ts'
import { wayOf } from './way.ts'

/** Why the console refuses, each with its status. */
const CONSOLE_REFUSALS = {
  address: 0,
  connections: 0,
  certificate: 403,
  rate: 429,
  framing: 400,
  path: 404,
  method: 405,
  body: 413,
  upgrade: 400,
  upstream: 502,
} as const

export type ConsoleRefusal = keyof typeof CONSOLE_REFUSALS

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
/** Methods whose body means nothing: what stands there would be another request to somebody. */
const BODILESS = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS'])

/**
 * What of a request's head keeps it from Automatisch; undefined where nothing does. Chunks are refused: browsers always say how
 * long a body is, and one way to say it leaves nothing to disagree about.
 *
 * @see RFC 9112, section 6.3
 */
export function refusalOf(
  { method = '', url = '', headers }: IncomingMessage,
  mostBody: Bytes,
): ConsoleRefusal | undefined {
  const way = wayOf(url)
  if (way !== 'open') return way === 'odd' ? 'framing' : 'path'
  if (!METHODS.has(method)) return 'method'
  if (headers['transfer-encoding'] !== undefined) return 'framing'
  const length = Number(headers['content-length'] ?? 0)
  if (BODILESS.has(method) && length > 0) return 'framing'
  return length > mostBody ? 'body' : undefined
}

/** Whether what came with `Upgrade` is a WebSocket, and nothing else comes with it. @see RFC 6455, section 4.1 */
export function isWebSocket(
  { method, headers }: IncomingMessage,
  head: { readonly length: number },
): boolean {
  return (
    method === 'GET' &&
    head.length === 0 && // a client speaks only when it was told that it may
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['content-length'] === undefined
  )
}

/** Answers a request that goes no further, and ends its connection: what follows on it is not read. */
export function refuse(res: ServerResponse, why: ConsoleRefusal): void {
  if (res.headersSent) return void res.destroy()
  const body = bodyOf(why)
  res.writeHead(CONSOLE_REFUSALS[why], {
    Connection: 'close',
    'Content-Type': 'application/json',
    'Content-Length': body.length,
  })
  res.end(body)
}

/** The same where the parser let go of the connection. */
export function refuseUpgrade(socket: Duplex, why: ConsoleRefusal): void {
  const body = bodyOf(why)
  socket.end(
    `HTTP/1.1 ${CONSOLE_REFUSALS[why]} Refused\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    () => socket.destroy(),
  )
}

function bodyOf(why: ConsoleRefusal): string {
  return `{"error":"${why}"}\n`
}
