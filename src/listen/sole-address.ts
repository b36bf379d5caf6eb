import { compileNetworks } from '../admit/networks.ts'

/** Addresses that nobody has on the Internet. */
const PRIVATE = compileNetworks([
  ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16'],
  ...['127.0.0.0/8', '::1', 'fc00::/7', 'fe80::/10'],
])

/** How many connections say that there will be no other address. */
const ENOUGH = 20

/**
 * Notices when every connection comes from one private address: something in between (a userland proxy, SNAT) puts its
 * own in place of the senders', and what is capped for that address is capped for all of them.
 */
export class SoleAddress {
  readonly #tell: (address: string) => void
  #only: string | undefined
  #seen = 0
  #several = false

  /** @param tell called once, when it is noticed */
  constructor(tell: (address: string) => void) {
    this.#tell = tell
  }

  get hidden(): boolean {
    return this.#seen >= ENOUGH && !this.#several
  }

  /** Takes note of one connection. Whether its address hides who is behind it. */
  see(address: string): boolean {
    if (this.#several) return false
    this.#only ??= address
    if (address !== this.#only || !PRIVATE.has(address)) {
      this.#several = true
      return false
    }
    if (this.#seen < ENOUGH && ++this.#seen === ENOUGH) this.#tell(address)
    return this.hidden
  }
}
