import { groupOf } from '../admit/address.ts'
import { clientAddress } from '../admit/client-address.ts'
import type { Networks } from '../admit/networks.ts'
import type { Head } from '../head.ts'
import { addressKey } from '../limit/address-buckets.ts'

/** What a sender called, as far as is known: `http` only to a proxy that passes it on in plain. */
export type Protocol = 'https' | 'http'

/** What a certificate of the other end proves. */
export interface Identity {
  /** Whether it is the one that a provider of the map asks for. */
  proves(provider: string): boolean
}

/** The other end of a connection, or whom a trusted proxy names. */
export class Peer {
  readonly address: string
  /** The address as limits count it: IPv4 itself, IPv6 by /64. */
  readonly group: string
  /** Undefined without a certificate. Known once a handshake is over. */
  identity: Identity | undefined
  /** What the connection itself speaks. */
  protocol: Protocol = 'https'
  /** A balancer that passes bytes on and named nobody: what they say of other addresses is a sender's word. */
  mute = false
  /** Every sender has this one address here, so that caps for one address would be caps for all. */
  shared = false
  #provider = ''
  #key = ''

  constructor(address: string) {
    this.address = address
    this.group = groupOf(address)
  }

  /** What per-address limits count it by. A connection's deliveries are nearly always for one provider. */
  keyUnder(provider: string): string {
    if (provider !== this.#provider) {
      this.#provider = provider
      this.#key = addressKey(provider, this.group)
    }
    return this.#key
  }
}

/** Who sent a request: the peer itself, or whom a trusted proxy names. */
export interface Sender {
  readonly peer: Peer
  /** Whether caps per address apply; not to a trusted proxy that names nobody, and not to an address that all share. */
  readonly capped: boolean
  readonly protocol: Protocol
}

/** Finds the sender. X-Forwarded-For and X-Forwarded-Proto are believed from trusted peers alone. */
export function senderOf(peer: Peer, head: Head, trusted: Networks): Sender {
  const { protocol } = peer
  if (!trusted.has(peer.address)) return { peer, capped: !peer.shared, protocol }
  if (peer.mute) return { peer, capped: false, protocol }
  const address = clientAddress(peer.address, head.all('x-forwarded-for'), trusted)
  const named = new Peer(address)
  named.identity = peer.identity
  return { peer: named, capped: !trusted.has(address), protocol: protocolOf(head) ?? protocol }
}

function protocolOf(head: Head): Protocol | undefined {
  const told = head.only('x-forwarded-proto')
  return told === 'https' || told === 'http' ? told : undefined
}
