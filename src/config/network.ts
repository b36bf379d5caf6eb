import type { Endpoint } from './settings.ts'

interface Address {
  readonly bits: bigint
  /** 32 or 128. */
  readonly length: number
}

/** One block of addresses, or why the text is none. */
export type Block =
  | { readonly text: string; readonly prefix: number }
  | { readonly problem: string; readonly fix?: string }

/**
 * Reads a block such as `203.0.113.0/24` or `2001:db8::/32`; a bare address is a block of one.
 *
 * @see RFC 4632 section 3.1, RFC 4291 section 2.3
 */
export function readBlock(text: string): Block {
  const [host = '', digits, more] = text.split('/')
  const address = readAddress(host)
  if (address === undefined || more !== undefined) {
    return { problem: 'expected an address block such as `203.0.113.0/24`' }
  }
  if (digits === undefined) {
    return { text: `${host}/${address.length}`, prefix: address.length }
  }
  const prefix = /^(0|[1-9]\d{0,2})$/.test(digits) ? Number(digits) : Number.NaN
  if (!(prefix <= address.length)) {
    return { problem: `expected a prefix length from 0 to ${address.length}` }
  }
  const host_ = BigInt(address.length - prefix)
  if ((address.bits >> host_) << host_ !== address.bits) {
    return {
      problem: `\`${text}\` names one address and a whole block`,
      fix: `for the block clear the bits behind /${prefix}; for the address alone write \`${host}\``,
    }
  }
  return { text, prefix }
}

/** Reads `127.0.0.1:9090`, `[::1]:9090` or `localhost:9090`; port 0 lets the system choose. */
export function readEndpoint(text: string): Endpoint | undefined {
  const match = /^(?:\[(?<six>[^\]]+)\]|(?<four>[^:[\]]+)):(?<port>\d{1,5})$/.exec(text)
  const { six, four, port } = match?.groups ?? {}
  const host = six ?? four ?? ''
  const length = readAddress(host)?.length
  const known = six === undefined ? host === 'localhost' || length === 32 : length === 128
  if (!known || Number(port) > 65_535) return undefined
  return { host, port: Number(port) }
}

/** Whether only this machine can reach the host. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true
  const address = readAddress(host)
  if (address === undefined) return false
  return address.length === 32 ? address.bits >> 24n === 127n : address.bits === 1n
}

/** The host of a URL as sockets take it: an IPv6 address without brackets. */
export function hostOf({ hostname }: URL): string | undefined {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
  return /^[\w.:-]+$/.test(bare) ? bare : undefined
}

/** Blocks that are not routed on the Internet: RFC 1918, RFC 6598, RFC 4193. */
const PRIVATE: readonly (readonly [bits: bigint, prefix: number, length: number])[] = [
  [0x0a000000n, 8, 32],
  [0xac100000n, 12, 32],
  [0xc0a80000n, 16, 32],
  [0x64400000n, 10, 32],
  [0xfc00n << 112n, 7, 128],
]

/** Whether only this machine or a private network can reach the host. */
export function isPrivate(host: string): boolean {
  if (isLoopback(host)) return true
  const address = readAddress(host)
  return PRIVATE.some(([bits, prefix, length]) => {
    const rest = BigInt(length - prefix)
    return address?.length === length && address.bits >> rest === bits >> rest
  })
}

/** Whether `text` is an IPv4 or IPv6 address. */
export function isAddress(text: string): boolean {
  return readAddress(text) !== undefined
}

function readAddress(text: string): Address | undefined {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    const bytes = text.split('.')
    // a leading zero means octal to some parsers: which block is meant is then a guess
    if (bytes.some(byte => Number(byte) > 255 || /^0\d/.test(byte))) return undefined
    return { bits: joined(bytes.map(BigInt), 8n), length: 32 }
  }
  if (!/^[\da-f:.]{2,45}$/i.test(text) || !URL.canParse(`http://[${text}]`)) return undefined
  const groups = expanded(new URL(`http://[${text}]`).hostname.slice(1, -1))
  return { bits: joined(groups, 16n), length: 128 }
}

/** The eight groups of an IPv6 address as URL writes it: compressed, lower case, no dotted tail. */
function expanded(text: string): bigint[] {
  const [front = '', back] = text.split('::')
  const left = front === '' ? [] : front.split(':')
  const right = back === undefined || back === '' ? [] : back.split(':')
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0')
  return [...left, ...zeros, ...right].map(group => BigInt(`0x${group}`))
}

function joined(parts: readonly bigint[], width: bigint): bigint {
  return parts.reduce((bits, part) => (bits << width) | part, 0n)
}
