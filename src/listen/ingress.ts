import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Site } from '../exchange/site.ts'
import type { Millis } from '../units.ts'
import { Arrivals, arrived, type ConnectionRefusal } from './arrivals.ts'
import { Presented } from './authorities.ts'
import { type ConnectionCaps, Connections } from './connections.ts'
import { assign, type Door, type Endpoint, openDoor, parserOptions } from './door.ts'
import { FirstHeads } from './first-heads.ts'
import { SoleAddress } from './sole-address.ts'
import { type Credentials, createTlsServer, type TlsServer } from './tls-server.ts'

// not imported: that reads every export, and one of them loads a client for WebSockets, a twentieth of the time to start
const { createServer } = process.getBuiltinModule('node:http')

/** What the public listeners are made of: one for TLS, one in plain behind a proxy that ends it, or both. */
export interface IngressOptions {
  readonly https: Endpoint | undefined
  readonly http: Endpoint | undefined
  readonly credentials: Credentials
  readonly caps: ConnectionCaps
  /** File descriptors from here on are not for connections. */
  readonly reserved: number
  /** Whether balancers in front say whom they speak for by the PROXY protocol. */
  readonly proxyProtocol: boolean
  /** Deadline for a PROXY header, for a handshake, and for a request head. */
  readonly headers: Millis
  /** Longest that any request may take to arrive, a dropped rest included. */
  readonly longest: Millis
  readonly site: Site
  readonly refused: Refused
}

/** Told of what never becomes a request, and of what is odd about all that come. */
interface Refused {
  connectionRejected(why: ConnectionRefusal): void
  handshakeFailed(code: string | undefined): void
  /** All connections come from one private address. */
  addressHidden(address: string): void
}

/** The public listeners. */
export interface Ingress {
  readonly ports: { readonly https: number | undefined; readonly http: number | undefined }
  readonly connections: Connections
  /** Whether something in between hides the addresses of senders. */
  readonly addressHidden: () => boolean
  /** Undefined where none speaks TLS. */
  readonly tls: TlsServer | undefined
  /** Other deadlines from now on, as in `IngressOptions`; `idle` of connections between requests. */
  retime(idle: Millis, longest: Millis): void
  /** Looks at the deadlines of first heads. */
  sweep(now: Millis): void
  /** Takes no new connection, and ends the idle ones. */
  stopAccepting(): void
  /** Ends every connection. */
  close(): Promise<void>
}

/** node:tls keeps the socket that was accepted as the parent of its own. */
type OverTls = TLSSocket & { readonly _parent?: Socket }

/** Opens the public listeners. Throws a fault where one cannot be; none is left open then. */
export async function openIngress(options: IngressOptions): Promise<Ingress> {
  const { site, caps, refused, https, http } = options
  const connections = new Connections(caps)
  const sole = new SoleAddress(address => refused.addressHidden(address))
  const arrivals = new Arrivals({
    clock: site.clock,
    connections,
    proxyProtocol: options.proxyProtocol,
    deadline: options.headers,
    reserved: options.reserved,
    sole,
    trusted: () => caps.trusted(),
    refused: why => refused.connectionRejected(why),
  })
  const tls = https && secure(options, arrivals)
  const heads = tls && takeHandshakes(tls, options)
  const doors: Door[] = []
  const open = async (server: Server, at: Endpoint): Promise<number> => {
    const door = await openDoor(server, at, site, () => refused.connectionRejected('open_files'))
    doors.push(door)
    return door.port
  }
  const stopAccepting = (): void => {
    heads?.endSilent()
    for (const door of doors) door.stopAccepting()
  }
  const close = async (): Promise<void> => {
    stopAccepting()
    const closing = doors.map(door => door.close())
    connections.end()
    await Promise.all(closing)
  }
  try {
    return {
      ports: {
        https: tls && https && (await open(tls.server, https)),
        http: http && (await open(plain(options, arrivals), http)),
      },
      connections,
      addressHidden: () => sole.hidden,
      tls,
      retime(idle, longest) {
        for (const door of doors) door.retime(idle, Math.max(options.headers, longest))
      },
      sweep: now => heads?.sweep(now),
      stopAccepting,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function secure(options: IngressOptions, arrivals: Arrivals): TlsServer {
  const { site, headers, longest, refused } = options
  const tls = createTlsServer(options.credentials, {
    ...parserOptions(site, headers, longest),
    handshakeTimeout: headers,
  })
  arrivals.guard(tls.server)
  tls.server.on('tlsClientError', (error: NodeJS.ErrnoException) =>
    refused.handshakeFailed(error.code),
  )
  return tls
}

/** What is done with a connection once its handshake is over. */
function takeHandshakes(tls: TlsServer, { site, headers }: IngressOptions): FirstHeads {
  const heads = new FirstHeads(tls.server, site.clock, headers)
  tls.server.on('secureConnection', (socket: OverTls) => {
    const peer = arrived(socket._parent ?? socket)
    if (peer === undefined) return void socket.destroy()
    if (tls.authorities.some) peer.identity = new Presented(tls, socket)
    assign(socket, peer)
    heads.expect(socket)
  })
  return heads
}

/** The same behind a proxy that ends TLS: it says what its own sender spoke. */
function plain(options: IngressOptions, arrivals: Arrivals): Server {
  const { site, headers, longest } = options
  const server = createServer(parserOptions(site, headers, longest))
  arrivals.guard(server, (socket, peer) => {
    peer.protocol = 'http'
    assign(socket, peer)
  })
  return server
}
