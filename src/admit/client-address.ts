import { parseAddress } from './address.ts'
import type { Networks } from './networks.ts'

/**
 * Who sent a request that came through trusted proxies: the right-most address that none of them has. What stands
 * further left was written by the sender and is never believed; neither is a hop that is no address: the proxy
 * that passed it on is taken instead.
 *
 * @param peer the other end of the connection, as `parseAddress` writes it
 * @param forwardedFor every X-Forwarded-For line, in the order received
 */
export function clientAddress(
  peer: string,
  forwardedFor: readonly string[],
  trusted: Networks,
): string {
  let nearest = peer
  for (let line = forwardedFor.length - 1; line >= 0; line--) {
    const hops = forwardedFor[line] ?? ''
    let end = hops.length
    while (end >= 0) {
      if (!trusted.has(nearest)) return nearest
      const comma = end === 0 ? -1 : hops.lastIndexOf(',', end - 1)
      const hop = readHop(hops.slice(comma + 1, end).trim())
      if (hop === undefined) return nearest
      nearest = hop
      end = comma
    }
  }
  return nearest
}

/** An address, also as some balancers write it: with its port, or in brackets. */
function readHop(text: string): string | undefined {
  const bracketed = /^\[(?<inside>[^\]]*)\](?::\d{1,5})?$/.exec(text)
  if (bracketed) {
    const inside = bracketed.groups?.inside ?? ''
    return inside.includes(':') ? parseAddress(inside) : undefined
  }
  const colon = text.indexOf(':')
  const port = colon !== -1 && text.includes('.') && /^\d{1,5}$/.test(text.slice(colon + 1))
  return parseAddress(port ? text.slice(0, colon) : text)
}
