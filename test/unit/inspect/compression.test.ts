import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { deflated, inflated } from '../../../src/inspect/compression.ts'

t.test('what usual codings compress comes out again', async t => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(
      bytes,
      fc.constantFrom(gzipSync, deflateSync, deflateRawSync, brotliCompressSync),
      (plain, compress) => {
        const found = [...inflated(compress(plain), 1024)]
        return found.some(({ bytes }) => Buffer.compare(bytes, plain) === 0)
      },
    ),
  )
  t.pass('no counter-example')
})

t.test('a small body that inflates to a large one is given up', async t => {
  const bomb = gzipSync(Buffer.alloc(10 * 1024 ** 2))
  t.same([...inflated(bomb, 1024 ** 2)], [])
})

t.test('what is not compressed comes to nothing', async t => {
  t.same([...inflated(Buffer.from('{"a":1}'), 1024)], [])
  t.same([...inflated(new Uint8Array(), 1024)], [])
})

t.test('every level of the usual libraries is tried, and a bounded number in all', async t => {
  const plain = Buffer.from('{"a":1}'.repeat(50))
  const made = [...deflated(plain)].map(({ bytes }) => Buffer.from(bytes).toString('hex'))
  for (const level of [1, 6, 9]) {
    t.ok(made.includes(gzipSync(plain, { level }).toString('hex')), `gzip ${level}`)
    t.ok(made.includes(deflateSync(plain, { level }).toString('hex')), `deflate ${level}`)
  }
  t.equal(made.length, 45)
})
