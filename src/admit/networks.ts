import { BlockList } from 'node:net'
import { Fault } from '../errors.ts'
import { parseAddress } from './address.ts'

/** Answers remembered: a few addresses send nearly everything, and asking costs more than remembering. */
const REMEMBERED = 1024

/** A set of networks. */
export interface Networks {
  /** Whether an address, as `parseAddress` writes it, is in one of them. */
  has(address: string): boolean
}

/** Compiles CIDRs such as `203.0.113.0/24` or `2001:db8::/32`; a bare address is itself. Throws a fault for what is neither. */
export function compileNetworks(cidrs: readonly string[]): Networks {
  if (cidrs.length === 0) return { has: () => false }
  const list = new BlockList()
  for (const cidr of cidrs) add(list, cidr)
  return new ListedNetworks(list)
}

class ListedNetworks implements Networks {
  readonly #list: BlockList
  readonly #answers = new Map<string, boolean>()

  constructor(list: BlockList) {
    this.#list = list
  }

  has(address: string): boolean {
    const known = this.#answers.get(address)
    if (known !== undefined) return known
    const answer = this.#list.check(address, address.includes(':') ? 'ipv6' : 'ipv4')
    if (this.#answers.size >= REMEMBERED) this.#answers.clear()
    this.#answers.set(address, answer)
    return answer
  }
}

function add(list: BlockList, cidr: string): void {
  const [given = '', size, more] = cidr.split('/')
  const address = parseAddress(given)
  if (address === undefined || more !== undefined || given.includes('%')) throw notOne(cidr)
  const family = address.includes(':') ? 'ipv6' : 'ipv4'
  const bits = family === 'ipv6' ? 128 : 32
  if (size === undefined) {
    list.addAddress(address, family)
    return
  }
  const mapped = family === 'ipv4' && given.includes(':') ? 96 : 0 // ::ffff:10.0.0.0/104 is 10.0.0.0/8
  const prefix = /^(?:0|[1-9]\d{0,2})$/.test(size) ? Number(size) - mapped : -1
  if (prefix < 0 || prefix > bits) throw notOne(cidr)
  list.addSubnet(address, prefix, family)
}

function notOne(cidr: string): Fault {
  return new Fault(
    'network_invalid',
    `${JSON.stringify(cidr)} is no network such as 203.0.113.0/24`,
  )
}
