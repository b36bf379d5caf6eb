import fc from 'fast-check'
import t from 'tap'
import { Held } from '../../../src/exchange/held.ts'

/** A body cut into chunks: small ones, and some beyond what is copied together. */
const cut = fc.array(
  fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 40 }),
    fc
      .tuple(fc.integer({ min: 1000, max: 9000 }), fc.nat(255))
      .map(([length, byte]) => new Uint8Array(length).fill(byte)),
  ),
  { maxLength: 30 },
)

t.test(
  'what is held is what was added, however it was cut and whether or not it was declared',
  t => {
    fc.assert(
      fc.property(cut, fc.boolean(), (chunks, isDeclared) => {
        const body = Buffer.concat(chunks)
        const held = new Held(isDeclared ? body.length : undefined)
        for (const chunk of chunks) held.add(chunk)
        return held.size === body.length && Buffer.concat(held.chunks()).equals(body)
      }),
    )
    t.pass('no counter-example')
    t.end()
  },
)

t.test('a declared body that comes in several chunks is held in one piece', t => {
  const held = new Held(100_000)
  for (let i = 0; i < 10; i++) held.add(new Uint8Array(10_000).fill(i))
  t.equal(held.chunks().length, 1)
  t.end()
})

t.test('a promise alone makes no room: a quarter has to arrive first', t => {
  const held = new Held(1024 ** 2)
  for (let i = 0; i < 15; i++) held.add(new Uint8Array(16 * 1024))
  t.equal(held.chunks().length, 15, 'as they came')
  held.add(new Uint8Array(16 * 1024))
  t.equal(held.chunks().length, 1)
  t.end()
})

t.test('what is let go of is gone, its size is not', t => {
  const held = new Held('malformed_http')
  held.add(new Uint8Array(5))
  held.drop()
  t.same([held.chunks(), held.size], [[], 5])
  t.end()
})
