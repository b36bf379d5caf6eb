import type { Socket } from 'node:net'
import { parseAddress } from '../admit/address.ts'
import type { Networks } from '../admit/networks.ts'
import { Peer } from '../exchange/peer.ts'

/** What refuses a connection before anything of it is read. */
export type ConnectionLimit = 'connections' | 'connections_per_address'

/** The caps on open connections, counted before any handshake. Read each time: they may change. */
export interface ConnectionCaps {
  readonly connections: number
  readonly connectionsPerAddress: number
  /** Peers that many senders share. */
  trusted(): Networks
}

/** Every open connection. Counts them, in all and by address, and lets no more in than the caps allow. */
export class Connections {
  readonly #caps: ConnectionCaps
  readonly #byGroup = new Map<string, number>()
  readonly #open = new Set<Socket>()

  constructor(caps: ConnectionCaps) {
    this.#caps = caps
  }

  get count(): number {
    return this.#open.size
  }

  /** Ends them all, in whatever state: no server knows of one whose handshake is not over. */
  end(): void {
    for (const socket of this.#open) socket.destroy()
  }

  /** Takes a connection in until it closes, or says which cap refuses it. */
  admit(socket: Socket, peer: Peer): ConnectionLimit | undefined {
    if (this.#full) return 'connections'
    if (this.#crowded(peer)) return 'connections_per_address'
    this.#open.add(socket)
    this.#enter(peer.group)
    socket.once('close', () => {
      this.#open.delete(socket)
      this.#leave(peer.group)
    })
    return undefined
  }

  /** The same in all alone, for a connection whose sender is not known yet. */
  hold(socket: Socket): ConnectionLimit | undefined {
    if (this.#full) return 'connections'
    this.#open.add(socket)
    socket.once('close', () => this.#open.delete(socket))
    return undefined
  }

  /** The same by address, for a connection that is held. */
  name(socket: Socket, peer: Peer): ConnectionLimit | undefined {
    if (this.#crowded(peer)) return 'connections_per_address'
    this.#enter(peer.group)
    socket.once('close', () => this.#leave(peer.group))
    return undefined
  }

  get #full(): boolean {
    return this.#open.size >= this.#caps.connections
  }

  #crowded({ group, address, shared }: Peer): boolean {
    const ofGroup = this.#byGroup.get(group) ?? 0
    if (ofGroup < this.#caps.connectionsPerAddress) return false
    return !shared && !this.#caps.trusted().has(address)
  }

  #enter(group: string): void {
    this.#byGroup.set(group, (this.#byGroup.get(group) ?? 0) + 1)
  }

  #leave(group: string): void {
    const left = (this.#byGroup.get(group) ?? 1) - 1
    if (left === 0) this.#byGroup.delete(group)
    else this.#byGroup.set(group, left)
  }
}

/** Who is at the other end; undefined when it is gone already. */
export function peerOf(socket: Socket): Peer | undefined {
  const address = parseAddress(socket.remoteAddress ?? '')
  return address === undefined ? undefined : new Peer(address)
}
