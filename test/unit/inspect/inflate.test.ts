import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { Inflater } from '../../../src/inspect/inflate.ts'

const MIB = 1024 ** 2
const compress = { gzip: gzipSync, deflate: deflateSync } as const
const codings = ['gzip', 'deflate'] as const

async function outcome(coding: 'gzip' | 'deflate', body: Buffer, most = MIB) {
  const got = await new Inflater().inflate(coding, body, most)
  return 'reason' in got ? got.reason : got.toString('latin1')
}

t.test('what was compressed comes out again', async t => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...codings),
      fc.uint8Array({ maxLength: 2000 }),
      async (coding, plain) =>
        (await outcome(coding, compress[coding](plain))) === Buffer.from(plain).toString('latin1'),
    ),
    { numRuns: 200 },
  )
  t.pass('no counter-example')
})

t.test('anything but one whole stream is malformed', async t => {
  const plain = Buffer.from('{"a":1}'.repeat(20))
  for (const coding of codings) {
    const whole = compress[coding](plain)
    const bodies: readonly (readonly [string, Buffer])[] = [
      ['without its last byte', whole.subarray(0, -1)],
      ['cut in the middle', whole.subarray(0, whole.length >> 1)],
      ['one byte', whole.subarray(0, 1)],
      ['a byte behind it', Buffer.concat([whole, Buffer.of(1)])],
      ['zeros behind it', Buffer.concat([whole, Buffer.alloc(100)])],
      ['text behind it', Buffer.concat([whole, Buffer.from('{"a":2}')])],
      ['a second one', Buffer.concat([whole, whole])],
      ['one of another length', Buffer.concat([whole, compress[coding]('b')])],
      ['not compressed', plain],
      ['without a head', deflateRawSync(plain)],
      ['of the other coding', compress[coding === 'gzip' ? 'deflate' : 'gzip'](plain)],
      ['brotli', brotliCompressSync(plain)],
      ['without its first bytes', whole.subarray(2)],
    ]
    for (const [what, body] of bodies) {
      t.equal(await outcome(coding, body), 'malformed_body', `${coding}: ${what}`)
    }
    t.equal(await outcome(coding, Buffer.alloc(0)), 'malformed_body', 'nothing at all')
  }
})

t.test('one byte changed is malformed, or says the same', async t => {
  const plain = 'a body that is signed'
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...codings),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      async (coding, at, by) => {
        const body = compress[coding](plain)
        const place = at % body.length
        body[place] = (body[place] ?? 0) ^ by
        const got = await outcome(coding, body)
        return got === 'malformed_body' || got === plain // the head of gzip has bytes without meaning
      },
    ),
    { numRuns: 300 },
  )
  t.pass('no counter-example')
})

t.test('a body may inflate to the limit and not a byte further', async t => {
  for (const coding of codings) {
    const at = (size: number) => outcome(coding, compress[coding](Buffer.alloc(size)), 100_000)
    t.equal((await at(100_000)).length, 100_000)
    t.equal(await at(100_001), 'body_too_large_inflated')
  }
})

t.test('a bomb costs no more than an honest body of the limit', async t => {
  const piece = deflateRawSync(Buffer.alloc(MIB), { finishFlush: constants.Z_FULL_FLUSH })
  const bomb = Buffer.concat([Buffer.of(0x78, 0x9c), ...Array<Buffer>(512).fill(piece)])
  t.ok(bomb.length < MIB, `${bomb.length} bytes that inflate to 512 MiB`)
  const before = process.resourceUsage()
  const inflater = new Inflater()
  const all = Array.from({ length: 40 }, () => inflater.inflate('deflate', bomb, MIB))
  const found = await Promise.all(all)
  t.ok(found.every(one => 'reason' in one && one.reason === 'body_too_large_inflated'))
  const grown = (process.resourceUsage().maxRSS - before.maxRSS) / 1024
  t.ok(grown < 100, `forty at once took ${grown.toFixed(0)} MiB`)
})

t.test('no more than two are inflated at once, and each of many gets its own bytes', async t => {
  const inflater = new Inflater()
  const all = Array.from({ length: 30 }, (_, i) => {
    const body = i % 3 === 0 ? Buffer.from('broken') : gzipSync(`${i}`.repeat(1000))
    return inflater.inflate('gzip', body, MIB)
  })
  for (const [i, one] of (await Promise.all(all)).entries()) {
    t.equal('reason' in one ? one.reason : `${one}`, i % 3 ? `${i}`.repeat(1000) : 'malformed_body')
  }
})
