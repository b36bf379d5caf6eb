import type { Server, Socket } from 'node:net'
import type { Networks } from '../admit/networks.ts'
import type { Clock } from '../clock.ts'
import { Peer } from '../exchange/peer.ts'
import type { Millis } from '../units.ts'
import { type ConnectionLimit, type Connections, peerOf } from './connections.ts'
import { takeProxyHeader } from './proxied.ts'
import type { ProxyHeader } from './proxy-header.ts'
import type { SoleAddress } from './sole-address.ts'

/** Why a connection was closed before its first byte was ours. */
export type ConnectionRefusal = ConnectionLimit | 'proxy_header' | 'open_files'

const kPeer: unique symbol = Symbol('peer')
type Accepted = Socket & { [kPeer]?: Peer; readonly _handle?: { readonly fd?: number } | null }

/** What lets connections in. */
export interface ArrivalOptions {
  readonly clock: Clock
  readonly connections: Connections
  /** Whether peers in `trusted` have to say whom they speak for, before anything else. */
  readonly proxyProtocol: boolean
  /** How long they may take. */
  readonly deadline: Millis
  /** File descriptors from here on are for others; the system gives the lowest that is free. */
  readonly reserved: number
  /** Takes note of whose connections come. */
  readonly sole: SoleAddress
  trusted(): Networks
  refused(why: ConnectionRefusal): void
}

/** Decides about each connection before its server hears of it: whose it is, and whether there is room for it. */
export class Arrivals {
  readonly #options: ArrivalOptions

  constructor(options: ArrivalOptions) {
    this.#options = options
  }

  /**
   * Puts itself in front of what a server does with a new connection.
   *
   * @param entered told of each that was let in, when the server has it
   */
  guard(server: Server, entered: (socket: Socket, peer: Peer) => void = () => {}): void {
    const own = server.listeners('connection') as ((this: Server, socket: Socket) => void)[]
    server.removeAllListeners('connection')
    const enter = (socket: Accepted, peer: Peer): void => {
      socket[kPeer] = peer
      for (const listener of own) listener.call(server, socket)
      entered(socket, peer)
    }
    server.on('connection', (socket: Accepted) => this.#arrive(socket, enter))
  }

  #arrive(socket: Accepted, enter: (socket: Socket, peer: Peer) => void): void {
    const peer = peerOf(socket)
    if (peer === undefined) return void socket.destroy()
    const { connections, proxyProtocol, reserved, trusted } = this.#options
    if ((socket._handle?.fd ?? 0) >= reserved) return this.#refuse(socket, 'open_files')
    if (proxyProtocol && trusted().has(peer.address)) return this.#ask(socket, peer, enter)
    this.#note(peer)
    const refused = connections.admit(socket, peer)
    if (refused === undefined) enter(socket, peer)
    else this.#refuse(socket, refused)
  }

  #ask(socket: Socket, peer: Peer, enter: (socket: Socket, peer: Peer) => void): void {
    const { clock, connections, deadline } = this.#options
    const full = connections.hold(socket)
    if (full !== undefined) return this.#refuse(socket, full)
    takeProxyHeader(socket, {
      clock,
      deadline,
      whole: header => {
        const named = namedBy(header, peer)
        this.#note(named)
        const refused = connections.name(socket, named)
        if (refused === undefined) enter(socket, named)
        else this.#refuse(socket, refused)
      },
      missing: () => this.#options.refused('proxy_header'),
    })
  }

  /** A proxy that is believed says who is behind it. */
  #note(peer: Peer): void {
    const { sole, trusted } = this.#options
    if (!trusted().has(peer.address)) peer.shared = sole.see(peer.address)
  }

  #refuse(socket: Socket, why: ConnectionRefusal): void {
    this.#options.refused(why)
    socket.on('error', () => {}) // nobody else listens to it
    socket.destroy()
  }
}

/** Whose connection it is, by the balancer's word. */
function namedBy({ source }: ProxyHeader, balancer: Peer): Peer {
  if (source !== undefined) return new Peer(source)
  balancer.mute = true
  return balancer
}

/** Whose connection a server was handed; asking the system again takes longer. */
export function arrived(socket: Accepted): Peer | undefined {
  return socket[kPeer] ?? peerOf(socket)
}
