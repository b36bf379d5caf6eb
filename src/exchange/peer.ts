import { groupOf } from '../admit/address.ts'
import { clientAddress } from '../admit/client-address.ts'
import type { Networks } from '../admit/networks.ts'
import type { Head } from '../head.ts'
import { addressKey } from '../limit/address-buckets.ts'

/** The other end of a connection, or whom a trusted proxy names. */
export class Peer {
  readonly address: string
  /** The address as limits count it: IPv4 itself, IPv6 by /64. */
  readonly group: string
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
  /** Whether caps per address apply; not to a trusted proxy that names nobody. */
  readonly capped: boolean
}

/** Finds the sender. X-Forwarded-For is believed from trusted peers alone. */
export function senderOf(peer: Peer, head: Head, trusted: Networks): Sender {
  if (!trusted.has(peer.address)) return { peer, capped: true }
  const address = clientAddress(peer.address, head.all('x-forwarded-for'), trusted)
  return { peer: new Peer(address), capped: !trusted.has(address) }
}
