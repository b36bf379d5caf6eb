import fc from 'fast-check'
import t from 'tap'
import { parseAddress } from '../../../src/admit/address.ts'
import { crc32c } from '../../../src/listen/crc32c.ts'
import { readProxyHeader } from '../../../src/listen/proxy-header.ts'

const MARK = '\r\n\r\n\0\r\nQUIT\n'

/** A header of version 2: command and family in hex, then what follows the length. */
function binary(kind: string, rest: Uint8Array | string): Buffer {
  const body = Buffer.from(rest as string, 'latin1')
  const length = Buffer.alloc(2)
  length.writeUInt16BE(body.length)
  return Buffer.concat([Buffer.from(MARK, 'latin1'), Buffer.from(kind, 'hex'), length, body])
}

const FOUR = Buffer.from([203, 0, 113, 7, 10, 0, 0, 1, 0x30, 0x39, 0x01, 0xbb])
const six = (source: string) => Buffer.concat([Buffer.from(source, 'hex'), Buffer.alloc(20)])
const extension = (type: number, value: Uint8Array) =>
  Buffer.concat([Buffer.from([type, value.length >> 8, value.length & 255]), value])

/** Text or bytes, and whom they name; `''` for nobody. */
const SOUND: readonly (readonly [string | Buffer, string])[] = [
  ['PROXY TCP4 203.0.113.7 10.0.0.1 12345 443\r\n', '203.0.113.7'],
  ['PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n', '255.255.255.255'],
  ['PROXY TCP6 2001:DB8::7 2001:db8::1 0 443\r\n', '2001:db8::7'],
  ['PROXY TCP6 ::ffff:203.0.113.7 ::1 1 2\r\n', '203.0.113.7'],
  ['PROXY UNKNOWN\r\n', ''],
  [`PROXY UNKNOWN ${'f'.repeat(107 - 16)}\r\n`, ''],
  ['PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n', ''],
  [binary('2111', FOUR), '203.0.113.7'],
  [binary('2121', six('20010db8000000000000000000000007')), '2001:db8::7'],
  [binary('2121', six('00000000000000000000ffffcb007107')), '203.0.113.7'],
  [binary('2131', Buffer.alloc(216)), ''],
  [binary('2100', ''), ''],
  [binary('2100', extension(0x04, Buffer.alloc(3))), ''],
  [binary('2000', ''), ''],
  [binary('2011', FOUR), ''],
  [binary('20ff', 'whatever'), ''],
  [binary('2111', Buffer.concat([FOUR, extension(0xea, Buffer.from('vpce-1'))])), '203.0.113.7'],
  [binary('2111', Buffer.concat([FOUR, extension(0x20, Buffer.alloc(900))])), '203.0.113.7'],
]

/** What is none, and will not become one. */
const WRONG: readonly (string | Buffer)[] = [
  '\x16\x03\x01\x02\0\x01\0',
  'GET / HTTP/1.1\r\n',
  'proxy TCP4 203.0.113.7 10.0.0.1 1 2\r\n',
  'PROXY  TCP4 203.0.113.7 10.0.0.1 1 2\r\n',
  'PROXY TCP4 203.0.113.7 10.0.0.1 1 2\n',
  'PROXY TCP4 203.0.113.7  10.0.0.1 1 2\r\n',
  'PROXY TCP4 203.0.113.7 10.0.0.1 1 2 \r\n',
  'PROXY TCP4 203.0.113.7 10.0.0.1 1\r\n',
  'PROXY TCP4 203.0.113.007 10.0.0.1 1 2\r\n',
  'PROXY TCP4 203.0.113 10.0.0.1 1 2\r\n',
  'PROXY TCP4 203.0.113.7 10.0.0.1 01 2\r\n',
  'PROXY TCP4 203.0.113.7 10.0.0.1 65536 2\r\n',
  'PROXY TCP4 203.0.113.7 10.0.0.1 -1 2\r\n',
  'PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n',
  'PROXY TCP6 203.0.113.7 10.0.0.1 1 2\r\n',
  'PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n',
  'PROXY TCP5 203.0.113.7 10.0.0.1 1 2\r\n',
  'PROXY UDP4 203.0.113.7 10.0.0.1 1 2\r\n',
  'PROXY UNKNOWNS\r\n',
  `PROXY UNKNOWN ${'f'.repeat(107 - 15)}\r\n`,
  `PROXY TCP4 ${' '.repeat(100)}`,
  binary('1111', FOUR),
  binary('2211', FOUR),
  binary('2111', FOUR.subarray(1)),
  binary('2112', FOUR), // a datagram
  binary('2141', FOUR),
  binary('2121', FOUR),
  binary('2110', FOUR),
  binary('2131', Buffer.alloc(215)),
  binary('2111', Buffer.concat([FOUR, Buffer.from([4, 0])])),
  binary('2111', Buffer.concat([FOUR, Buffer.from([4, 0, 9, 1])])),
  binary('2111', Buffer.concat([FOUR, extension(0x03, Buffer.from([1, 2, 3, 4]))])),
  binary('2111', Buffer.concat([FOUR, extension(0x03, Buffer.alloc(3))])),
  binary('2111', Buffer.alloc(5000)),
]

const bytesOf = (given: string | Buffer) => Buffer.from(given as string, 'latin1')

t.test('a header names its source, and its length ends where the sender begins', async t => {
  for (const [given, source] of SOUND) {
    const bytes = bytesOf(given)
    const followed = Buffer.concat([bytes, Buffer.from('\x16\x03\x01')])
    const expected = { length: bytes.length, source: source === '' ? undefined : source }
    t.same(readProxyHeader(bytes), expected, JSON.stringify(given))
    t.same(readProxyHeader(followed), expected)
    for (let cut = 0; cut < bytes.length; cut++)
      if (readProxyHeader(bytes.subarray(0, cut)) !== 'more') t.fail(`cut at ${cut} of ${given}`)
  }
})

t.test('what is no header is wrong, and stays so whatever follows', async t => {
  for (const given of WRONG) {
    const bytes = bytesOf(given)
    t.equal(readProxyHeader(bytes), 'wrong', JSON.stringify(given))
    t.equal(readProxyHeader(Buffer.concat([bytes, Buffer.from('\r\n')])), 'wrong')
  }
})

t.test('the checksum of RFC 3720 is told from a wrong one', async t => {
  t.equal(crc32c(Buffer.from('123456789')), 0xe3069283)
  t.equal(crc32c(new Uint8Array(32)), 0x8a9136aa)
  const blank = binary('2111', Buffer.concat([FOUR, extension(0x03, Buffer.alloc(4))]))
  const sealed = Buffer.from(blank)
  sealed.writeUInt32BE(crc32c(blank), blank.length - 4)
  t.same(readProxyHeader(sealed), { length: sealed.length, source: '203.0.113.7' })
  for (let bit = 12 * 8; bit < sealed.length * 8; bit++) {
    if (bit >> 3 === 16 + FOUR.length) continue // of another type it is no checksum
    const flipped = Buffer.from(sealed)
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    const reading = readProxyHeader(flipped)
    const named = typeof reading === 'object' && reading.source !== undefined
    if (named) t.fail(`bit ${bit} does not count`)
  }
})

const octets = fc.uint8Array({ minLength: 4, maxLength: 4 })
const groups = fc.uint8Array({ minLength: 16, maxLength: 16 })

t.test('both versions name the same source, for any address', async t => {
  fc.assert(
    fc.property(octets, octets, fc.nat(65_535), fc.nat(65_535), (from, to, a, b) => {
      const line = `PROXY TCP4 ${from.join('.')} ${to.join('.')} ${a} ${b}\r\n`
      const ports = Buffer.from([a >> 8, a & 255, b >> 8, b & 255])
      const read = readProxyHeader(binary('2111', Buffer.concat([from, to, ports])))
      const first = readProxyHeader(Buffer.from(line))
      return (
        typeof read === 'object' &&
        typeof first === 'object' &&
        read.source === from.join('.') &&
        first.source === read.source
      )
    }),
  )
  fc.assert(
    fc.property(groups, from => {
      const text = Array.from({ length: 8 }, (_, i) =>
        Buffer.from(from)
          .readUInt16BE(2 * i)
          .toString(16),
      ).join(':')
      const read = readProxyHeader(binary('2121', Buffer.concat([from, Buffer.alloc(20)])))
      const first = readProxyHeader(Buffer.from(`PROXY TCP6 ${text} ::1 1 2\r\n`))
      return (
        typeof read === 'object' &&
        typeof first === 'object' &&
        read.source === parseAddress(text) &&
        first.source === read.source
      )
    }),
  )
  t.pass('no counter-example')
})

t.test('more bytes never change a verdict, and no bytes make it throw', async t => {
  const starts = [...SOUND.map(([given]) => bytesOf(given)), ...WRONG.map(bytesOf)]
  const start = fc.tuple(fc.constantFrom(...starts), fc.nat(300), fc.uint8Array({ maxLength: 40 }))
  const any = start.map(([bytes, cut, tail]) => Buffer.concat([bytes.subarray(0, cut), tail]))
  const random = fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes))
  fc.assert(
    fc.property(fc.oneof(any, random), bytes => {
      let decided: unknown = 'more'
      for (let end = 0; end <= bytes.length; end++) {
        const reading = readProxyHeader(bytes.subarray(0, end))
        if (decided === 'more') decided = reading
        else if (JSON.stringify(reading) !== JSON.stringify(decided)) return false
      }
      return true
    }),
  )
  t.pass('no counter-example')
})
