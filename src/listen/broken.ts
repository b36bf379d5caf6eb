import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Exchange } from '../exchange/exchange.ts'
import type { Peer } from '../exchange/peer.ts'
import type { Site } from '../exchange/site.ts'
import { REASONS, type RejectReason } from '../reasons.ts'
import type { Bytes, Millis } from '../units.ts'

/** What a connection remembers. */
export interface Line {
  readonly peer: Peer
  /** The newest exchange: the only one whose body may be unfinished. */
  exchange: Exchange | undefined
  /** Those before it that had no answer when the next request came, in their order. */
  waiting: Exchange[] | undefined
  /** Its response. */
  response: ServerResponse | undefined
  /** How much had been read when its parser failed: what comes after that is only drained. */
  brokenAt: Bytes | undefined
  /** Requests that came behind an answer that ends the connection. */
  behind: number
}

/** The newest exchange of a connection, on which others may wait for their answers still. */
export function begin(line: Line, exchange: Exchange, response: ServerResponse): void {
  const before = line.exchange
  if (before !== undefined && !before.finished) {
    line.waiting ??= []
    while (line.waiting[0]?.finished === true) line.waiting.shift() // answers go out in order
    line.waiting.push(before)
  }
  line.exchange = exchange
  line.response = response
}

/** Whether the newest answer ends the connection: nothing behind it is taken any more. See RFC 9112, section 9.6. */
export function ending({ response }: Line): boolean {
  return response?.headersSent === true && !response.shouldKeepAlive
}

/** Whether so many requests came behind an answer that ends the connection that it is cut off: each is kept until then. */
export function tooManyBehind(line: Line): boolean {
  line.behind += 1
  return line.behind > MOST_BEHIND
}

/** More than any sender has on its way when its connection ends. */
const MOST_BEHIND = 16
/** How long a sender may take to read why its connection ends. */
const FAREWELL: Millis = 1000
/** How much more is dropped before it is cut off all the same. */
const MOST_DROPPED: Bytes = 4 * 1024 ** 2

/** Reads what node:http says of a connection it gives up; undefined where nobody is left to answer. */
function reasonOf(error: NodeJS.ErrnoException, socket: Socket): RejectReason | undefined {
  if (error.code === 'HPE_HEADER_OVERFLOW') return 'header_too_large'
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return socket.bytesRead > 0 ? 'deadline' : undefined
  return error.code?.startsWith('HPE_') ? 'malformed_http' : undefined
}

/** A parser gave up, or a head came too slowly: one answer, one count, and the connection ends. */
export function onBroken(
  error: NodeJS.ErrnoException,
  socket: Socket,
  line: Line,
  site: Site,
): void {
  if (line.brokenAt !== undefined) {
    if (socket.bytesRead - line.brokenAt > MOST_DROPPED) socket.destroy()
    return
  }
  line.brokenAt = socket.bytesRead
  if (socket.writableEnded && !socket.readableEnded) return linger(socket, site) // it was told already that it ends
  const reason = reasonOf(error, socket)
  if (reason === undefined || !socket.writable) return void socket.destroy()
  if (line.exchange === undefined || line.exchange.finished) return part(socket, line, site, reason)
  if (error.code === 'HPE_INVALID_EOF_STATE') return void socket.destroy() // it left in the middle of its body
  if (line.exchange.broken(reason)) {
    if (line.waiting?.some(one => !one.finished) === true)
      return void site.clock.after(FAREWELL + site.idle, destroy, socket) // theirs go out first
    socket.end()
    return linger(socket, site)
  }
  partAfter(line.exchange, socket, line, site, reason)
}

/** CONNECT. node:http lets go of the connection with it, and would tell no exchange but the first of its end. */
export function onConnect(socket: Socket, line: Line, site: Site): void {
  const { exchange, waiting = [] } = line
  socket.on('error', gone)
  if (exchange === undefined || exchange.finished) {
    socket.resume() // what comes behind it is dropped: unread, it would reset the connection and lose the answer
    return part(socket, line, site, 'malformed_http')
  }
  socket.once('close', () => {
    for (const one of [...waiting, exchange]) one.closed()
  })
  partAfter(exchange, socket, line, site, 'malformed_http')
}

/** The request before has its verdict first; what follows it can wait. */
function partAfter(
  exchange: Exchange,
  socket: Socket,
  line: Line,
  site: Site,
  reason: RejectReason,
): void {
  socket.pause()
  exchange.afterwards = () => {
    exchange.afterwards = undefined
    socket.resume()
    part(socket, line, site, reason)
  }
}

/**
 * Drops what still comes on a connection whose own half is closed, until its sender closes the other or was given time to:
 * closed with bytes unread, it would be reset, and take answers away that its sender has not read. See RFC 9112, 9.6.
 */
export function linger(socket: Socket, site: Site): void {
  const given = site.clock.after(FAREWELL, destroy, socket)
  socket.once('close', () => given.cancel())
}

/** Answers and counts what never became an exchange. */
function part(socket: Socket, { peer }: Line, site: Site, reason: RejectReason): void {
  const { status, says } = REASONS[reason]
  const requestId = site.requestIds.next()
  const body = `{"error":"${says}","request_id":"${requestId}"}\n`
  // behind an answer that ended the connection there is no other
  if (!socket.writableEnded)
    socket.end(
      `HTTP/1.1 ${status} ${PHRASES[status] ?? 'Refused'}\r\nConnection: close\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
  linger(socket, site)
  site.observer.settled({
    provider: 'none',
    outcome: 'rejected',
    reason,
    status,
    from: 'hookwarden',
    method: '',
    route: undefined,
    bytes: 0,
    requestId,
    address: peer.address,
    duration: 0,
    receiving: 0,
    upstream: undefined,
    paced: 0,
    secret: undefined,
    skew: undefined,
    detail: undefined,
  })
}

const PHRASES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
}

function destroy(socket: Socket): void {
  socket.destroy()
}

function gone(this: Socket): void {
  this.destroy()
}
