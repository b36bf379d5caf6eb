import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import fastify from 'fastify'
import { Fault } from '../errors.ts'
import { Exchange } from '../exchange/exchange.ts'
import type { Peer } from '../exchange/peer.ts'
import type { Site } from '../exchange/site.ts'
import type { Bytes, Millis } from '../units.ts'
import { BARE } from './bare-fastify.ts'
import { ending, type Line, onBroken, part } from './broken.ts'
import { CIPHERS, choose, type Served } from './certificates.ts'
import { type ConnectionCaps, type ConnectionLimit, Connections, peerOf } from './connections.ts'

/** What the public listener is made of. */
export interface IngressOptions {
  readonly endpoint: { readonly host: string; readonly port: number }
  readonly certificates: readonly Served[]
  readonly caps: ConnectionCaps
  /** Deadline for a handshake, and for a request head. */
  readonly headers: Millis
  /** Longest that any request may take to arrive, a dropped rest included. */
  readonly longest: Millis
  readonly site: Site
  /** Told of what never becomes a request. */
  readonly refused: {
    connectionRejected(limit: ConnectionLimit): void
    handshakeFailed(code: string | undefined): void
  }
}

/** The public listener. */
export interface Ingress {
  readonly port: number
  readonly connections: Connections
  /** Takes no new connection, and ends the idle ones. */
  stopAccepting(): void
  /** Ends every connection. */
  close(): Promise<void>
}

/** Bytes of a request line and its headers: with ours added, what Automatisch's parser takes (16 KiB). */
const HEAD_BYTES: Bytes = 15 * 1024
/** node:http looks at its own deadlines this often. */
const LOOK: Millis = 500

const kLine: unique symbol = Symbol('line')
type Connected = Socket & { [kLine]?: Line }
const kPeer: unique symbol = Symbol('peer')
/** A socket as it was accepted; node:tls keeps it as the parent of its own. */
type Accepted = Socket & { [kPeer]?: Peer }
type OverTls = TLSSocket & Connected & { readonly _parent?: Accepted }

/**
 * Opens the public listener. Fastify is its shell and owns the server's life. Requests do not pass its router, which would answer bad targets, parse errors and `Expect` in words of its own.
 */
export async function openIngress(options: IngressOptions): Promise<Ingress> {
  const server = createTlsServer(options)
  const connections = new Connections(options.caps)
  const app = fastify({
    ...BARE,
    serverFactory: () => server,
    clientErrorHandler: (error, socket) => onClientError(error, socket),
  })
  const { site } = options

  function onRequest(req: IncomingMessage, res: ServerResponse): void {
    const line = (req.socket as Connected)[kLine]
    if (line === undefined) return void req.socket.destroy()
    if (ending(line)) return
    const exchange = new Exchange(site, line.peer, req, res)
    line.exchange = exchange
    line.response = res
    exchange.begin()
  }

  function onClientError(error: NodeJS.ErrnoException, socket: Connected): void {
    const line = socket[kLine]
    if (line === undefined) socket.destroy()
    else onBroken(error, socket, line, site)
  }

  server.on('connection', (socket: Accepted) => {
    const peer = peerOf(socket)
    if (peer === undefined) return void socket.destroy()
    socket[kPeer] = peer
    const refused = connections.admit(socket, peer)
    if (refused === undefined) return
    options.refused.connectionRejected(refused)
    socket.destroy()
  })
  server.on('secureConnection', (socket: OverTls) => {
    const peer = socket._parent?.[kPeer] ?? peerOf(socket) // asking the system again takes longer
    if (peer === undefined) return void socket.destroy()
    socket[kLine] = { peer, exchange: undefined, response: undefined, brokenAt: undefined }
  })
  server.on('tlsClientError', (error: NodeJS.ErrnoException) =>
    options.refused.handshakeFailed(error.code),
  )
  server.on('request', onRequest)
  server.on('checkContinue', onRequest)
  server.on('checkExpectation', onRequest)
  server.on('connect', (_: IncomingMessage, socket: Connected) => {
    const line = socket[kLine]
    if (line === undefined) socket.destroy()
    else part(socket, line, site, 'malformed_http')
  })

  await listen(app, options.endpoint)
  return {
    port: (server.address() as AddressInfo).port,
    connections,
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

function createTlsServer({ certificates, headers, longest, site }: IngressOptions): Server {
  const [first] = certificates
  if (first === undefined) throw new Fault('certificate', 'no certificate to serve')
  const server = createServer({
    ...first.certificate,
    minVersion: 'TLSv1.2',
    ciphers: CIPHERS,
    honorCipherOrder: true,
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: headers,
    headersTimeout: headers,
    requestTimeout: longest,
    connectionsCheckingInterval: LOOK,
    keepAliveTimeout: site.idle,
    maxHeaderSize: HEAD_BYTES,
    insecureHTTPParser: false,
    requireHostHeader: false, // its absence is ours to answer
    ...(certificates.length > 1 && {
      SNICallback: (
        name: string,
        done: (error: Error | null, context?: Served['context']) => void,
      ) => done(null, choose(certificates, name)?.context),
    }),
  })
  server.maxHeadersCount = 0 // node:http drops what is beyond it and frames by it all the same: the limit is ours
  server.timeout = 0
  return server
}

async function listen(
  app: { listen(at: object): Promise<string> },
  at: IngressOptions['endpoint'],
): Promise<void> {
  try {
    await app.listen({ host: at.host, port: at.port, listenTextResolver: () => '' })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const why =
      code === 'EADDRINUSE' ? 'the port is in use' : code === 'EACCES' ? 'not permitted' : code
    throw new Fault('listen', `cannot listen on ${at.host}:${at.port}: ${why}`, { cause: error })
  }
}
