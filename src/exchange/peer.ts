import { groupOf } from '../admit/address.ts'
import { clientAddress } from '../admit/client-address.ts'
import type { Networks } from '../admit/networks.ts'
import type { Head } from '../head.ts'

/** The other end of a connection. */
export interface Peer {
  readonly address: string
  /** The address as limits count it: IPv4 itself, IPv6 by /64. */
  readonly group: string
}

/** Who sent a request: the peer itself, or whom a trusted proxy names. */
export interface Sender extends Peer {
  /** Whether caps per address apply; not to a trusted proxy that names nobody. */
  readonly capped: boolean
}

/** Finds the sender. X-Forwarded-For is believed from trusted peers alone. */
export function senderOf(peer: Peer, head: Head, trusted: Networks): Sender {
  if (!trusted.has(peer.address)) return { address: peer.address, group: peer.group, capped: true }
  const address = clientAddress(peer.address, head.all('x-forwarded-for'), trusted)
  return { address, group: groupOf(address), capped: !trusted.has(address) }
}
