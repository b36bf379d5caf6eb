import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import fastify from 'fastify'
import { Fault } from '../errors.ts'
import { Exchange } from '../exchange/exchange.ts'
import type { Peer } from '../exchange/peer.ts'
import { follow } from '../exchange/reply.ts'
import type { Site } from '../exchange/site.ts'
import type { Bytes, Millis } from '../units.ts'
import { BARE } from './bare-fastify.ts'
import { begin, ending, type Line, linger, onBroken, onConnect, tooManyBehind } from './broken.ts'
import { forgetFirst } from './first-heads.ts'

/** Where a server listens. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** A server that listens, and turns what comes into exchanges. */
export interface Door {
  readonly port: number
  /** Other deadlines from now on: between two requests, and for a whole one. */
  retime(idle: Millis, request: Millis): void
  /** Takes no new connection, and ends the idle ones. */
  stopAccepting(): void
  /** Ends every connection. */
  close(): Promise<void>
}

/** Bytes of a request line and its headers: with ours added, what Automatisch's parser takes (16 KiB). */
const HEAD_BYTES: Bytes = 15 * 1024
/** node:http looks at its own deadlines this often: what comes too late then ends a few at a time, and nobody waits for it. */
const LOOK: Millis = 100

const kLine: unique symbol = Symbol('line')
type Connected = Socket & { [kLine]?: Line | undefined }

/** How node:http reads, whatever it reads from. */
export function parserOptions(site: Site, headers: Millis, longest: Millis): ServerOptions {
  return {
    headersTimeout: headers,
    requestTimeout: Math.max(headers, longest), // node:http takes no head that may come later than its request
    connectionsCheckingInterval: LOOK,
    keepAliveTimeout: site.idle,
    maxHeaderSize: HEAD_BYTES,
    insecureHTTPParser: false,
    requireHostHeader: false, // its absence is ours to answer
  }
}

/** Says whose a connection is. Requests on a connection of nobody are not answered. */
export function assign(socket: Connected, peer: Peer): void {
  socket[kLine] = {
    peer,
    exchange: undefined,
    waiting: undefined,
    response: undefined,
    brokenAt: undefined,
    behind: 0,
  }
  socket.once('close', forget)
}

/** What node:http keeps of a closed socket until V8 has collected everything holds no exchange then, and no body. */
function forget(this: Connected): void {
  this[kLine] = undefined
}

/** node:http ends it once more when its sender has: that would make an error, with its stack, for nobody. */
function ended(this: Socket): Socket {
  return this
}

/**
 * Lets a server listen. Fastify is its shell and owns its life. Requests do not pass its router, which would answer bad targets, parse errors and `Expect` in words of its own.
 *
 * @param full told when the system has no room for a connection
 */
export async function openDoor(
  server: Server,
  at: Endpoint,
  site: Site,
  full: () => void,
): Promise<Door> {
  server.maxHeadersCount = 0 // node:http drops what is beyond it and frames by it all the same: the limit is ours
  server.timeout = 0
  const app = fastify({
    ...BARE,
    serverFactory: () => server,
    clientErrorHandler: (error, socket) => onClientError(error, socket),
  })

  function onRequest(req: IncomingMessage, res: ServerResponse): void {
    const line = (req.socket as Connected)[kLine]
    if (line === undefined) return void req.socket.destroy()
    if (line.brokenAt !== undefined || ending(line))
      return void (tooManyBehind(line) && req.socket.destroy())
    if (line.response === undefined) {
      req.socket.destroySoon = leave
      forgetFirst.call(req.socket)
    } else if (!line.response.closed) follow(line.response)
    const exchange = new Exchange(site, line.peer, req, res)
    begin(line, exchange, res)
    exchange.begin()
  }

  /** What node:http does behind an answer that ends the connection. */
  function leave(this: Socket): void {
    this.end()
    this.end = ended
    linger(this, site)
  }

  function onClientError(error: NodeJS.ErrnoException, socket: Connected): void {
    const line = socket[kLine]
    if (line === undefined) socket.destroy()
    else onBroken(error, socket, line, site)
  }

  server.on('request', onRequest)
  server.on('checkContinue', onRequest)
  server.on('checkExpectation', onRequest)
  server.on('connect', (_: IncomingMessage, socket: Connected) => {
    const line = socket[kLine]
    if (line === undefined) socket.destroy()
    else onConnect(socket, line, site)
  })

  await listen(app, at)
  server.on('error', full) // of an accept: nothing else fails once it listens
  return {
    port: (server.address() as AddressInfo).port,
    retime(idle, request) {
      server.keepAliveTimeout = idle
      server.requestTimeout = request
    },
    stopAccepting() {
      server.close()
      server.closeIdleConnections()
    },
    async close() {
      server.closeAllConnections()
      await app.close()
    },
  }
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use',
  EACCES: 'not permitted: ports below 1024 need a privilege',
  EADDRNOTAVAIL: 'this machine has no such address',
}

async function listen(
  app: { listen(at: object): Promise<string> },
  { host, port }: Endpoint,
): Promise<void> {
  try {
    await app.listen({ host, port, listenTextResolver: () => '' })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    throw new Fault('listen', `cannot listen on ${host}:${port}: ${WHY[code] ?? code}`, {
      cause: error,
    })
  }
}
