import { parseAddress } from '../admit/address.ts'
import type { Bytes } from '../units.ts'
import { crc32c } from './crc32c.ts'

/** What a load balancer said before the first byte of its sender. */
export interface ProxyHeader {
  /** How many bytes it took. */
  readonly length: Bytes
  /** Whom it speaks for, as `parseAddress` writes it; undefined where it names nobody (LOCAL, UNKNOWN, UNSPEC). */
  readonly source: string | undefined
}

/** `more`: not whole yet. `wrong`: it will never be one, whatever comes. */
export type ProxyReading = ProxyHeader | 'more' | 'wrong'

/** The longest header that is read: what the usual extensions take many times over. */
export const MOST_HEADER: Bytes = 4096
/** Longest first version, its line end included. */
const MOST_LINE: Bytes = 107

const WORD = Buffer.from('PROXY ')
const MARK = Buffer.from('\r\n\r\n\0\r\nQUIT\n')
const HEAD: Bytes = 16
const CR = 0x0d
const LF = 0x0a
/** Type of the extension that holds a checksum of the whole header. */
const CRC32C = 0x03

/**
 * Reads the header of the PROXY protocol, version 1 or 2, at the start of `bytes`. It is strict: whoever writes one is
 * a machine that we were told to believe, and a header that two readers may understand differently names the wrong
 * sender.
 *
 * @see "The PROXY protocol, versions 1 & 2", HAProxy, sections 2.1 and 2.2
 */
export function readProxyHeader(bytes: Buffer): ProxyReading {
  if (begins(bytes, WORD)) return bytes.length < WORD.length ? 'more' : readLine(bytes)
  if (begins(bytes, MARK)) return bytes.length < HEAD ? early(bytes) : readBinary(bytes)
  return bytes.length === 0 ? 'more' : 'wrong'
}

/** Whether both agree as far as both go. */
function begins(bytes: Buffer, mark: Buffer): boolean {
  const length = Math.min(bytes.length, mark.length)
  return length > 0 && bytes.compare(mark, 0, length, 0, length) === 0
}

// ---- version 1: one line of text -------------------------------------------------------------------------------

function readLine(bytes: Buffer): ProxyReading {
  const end = bytes.indexOf(LF)
  if (end === -1) return bytes.length >= MOST_LINE ? 'wrong' : 'more'
  if (end >= MOST_LINE || bytes[end - 1] !== CR) return 'wrong'
  const length = end + 1
  const line = bytes.toString('latin1', WORD.length, end - 1)
  if (line === 'UNKNOWN' || line.startsWith('UNKNOWN ')) return { length, source: undefined }
  const [family, from = '', to = '', fromPort = '', toPort = '', ...more] = line.split(' ')
  const ports = more.length === 0 && isPort(fromPort) && isPort(toPort)
  if (!ports || !isOf(family, from) || !isOf(family, to)) return 'wrong'
  const source = parseAddress(from)
  return source === undefined ? 'wrong' : { length, source }
}

function isOf(family: string | undefined, address: string): boolean {
  const six = address.includes(':')
  if (family !== (six ? 'TCP6' : 'TCP4') || address.includes('%')) return false
  return parseAddress(address) !== undefined
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535
}

// ---- version 2: sixteen bytes, addresses, extensions ----------------------------------------------------------

/** What the bytes behind the mark rule out already. */
function early(bytes: Buffer): 'more' | 'wrong' {
  const command = bytes[12]
  return command === undefined || command === 0x20 || command === 0x21 ? 'more' : 'wrong'
}

function readBinary(bytes: Buffer): ProxyReading {
  const [command = 0, kind = 0] = bytes.subarray(12, 14)
  if (command !== 0x20 && command !== 0x21) return 'wrong'
  const length = HEAD + bytes.readUInt16BE(14)
  if (length > MOST_HEADER) return 'wrong'
  const family = kind >> 4
  const size = SIZES[family]
  if (command === 0x21 && (size === undefined || length < HEAD + size || !isStream(kind)))
    return 'wrong'
  if (bytes.length < length) return 'more'
  const header = bytes.subarray(0, length)
  if (command === 0x20) return { length, source: undefined } // its own health check: the rest is not looked at
  if (size === undefined || !readExtensions(header, HEAD + size)) return 'wrong'
  const source = SOURCES[family]?.(header)
  return { length, source }
}

/** Bytes of both ends by the family of addresses: none said, IPv4, IPv6, a socket of the file system. */
const SIZES: readonly (number | undefined)[] = [0, 12, 36, 216]

/** Where a source can be told. */
const SOURCES: readonly (((header: Buffer) => string | undefined) | undefined)[] = [
  undefined,
  header => header.subarray(HEAD, HEAD + 4).join('.'),
  header => parseAddress(groupsOf(header.subarray(HEAD, HEAD + 16))),
]

/** A connection of ours is a stream; a balancer that does not know, says so. */
function isStream(kind: number): boolean {
  return kind === 0x00 || (kind & 0x0f) === 0x01
}

function groupsOf(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16))
  return groups.join(':')
}

/** Whether what follows the addresses is whole extensions, and a checksum among them is right. */
function readExtensions(header: Buffer, from: number): boolean {
  let at = from
  while (at < header.length) {
    if (at + 3 > header.length) return false
    const end = at + 3 + header.readUInt16BE(at + 1)
    if (end > header.length) return false
    if (header[at] === CRC32C && !isIntact(header, at + 3, end)) return false
    at = end
  }
  return true
}

/** The checksum is over the header with zeros in the checksum's place. */
function isIntact(header: Buffer, from: number, end: number): boolean {
  if (end - from !== 4) return false
  const blank = Buffer.from(header).fill(0, from, end)
  return crc32c(blank) === header.readUInt32BE(from)
}
