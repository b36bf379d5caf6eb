import fc from 'fast-check'
import t from 'tap'
import { BLOCK, Blocks } from '../../../src/exchange/blocks.ts'
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

t.test('what is held is what was added, however it was cut, also in blocks used before', t => {
  const pool = new Blocks(1024 ** 2)
  fc.assert(
    fc.property(cut, chunks => {
      const body = Buffer.concat(chunks)
      const held = new Held(pool)
      for (const chunk of chunks) held.add(chunk)
      const same = held.size === body.length && Buffer.concat(held.chunks()).equals(body)
      held.drop()
      return same
    }),
  )
  t.pass('no counter-example')
  t.end()
})

const chunk = (byte: number, length = 10_000): Uint8Array => new Uint8Array(length).fill(byte)

/** A body of `count` chunks, each of a byte of its own. */
function heldOf(pool: Blocks, count: number): Held {
  const held = new Held(pool)
  for (let i = 0; i < count; i++) held.add(chunk(i))
  return held
}

t.test('a few bytes make no claim to a block, and a body of one chunk is never copied', t => {
  const pool = new Blocks(1024 ** 2)
  const one = new Held(pool)
  const whole = chunk(1, 50_000)
  one.add(whole)
  t.equal(one.chunks()[0], whole)
  const few = new Held(pool)
  for (let i = 0; i < 16; i++) few.add(chunk(i, 1024))
  t.equal(few.chunks().length, 16, 'as they came')
  t.equal(pool.free, 0)
  few.add(chunk(0, 1))
  t.equal(few.chunks().length, 1)
  t.equal(pool.free, 15, 'of sixteen')
  t.end()
})

t.test('blocks are used again once a body is let go of', t => {
  const pool = new Blocks(1024 ** 2)
  const first = heldOf(pool, 10)
  const [memory] = first.chunks()
  t.equal(first.chunks().length, Math.ceil(100_000 / BLOCK))
  first.drop()
  first.drop()
  t.equal(pool.free, 16, 'once')
  t.equal(heldOf(pool, 3).chunks()[0]?.buffer, memory?.buffer)
  t.end()
})

t.test('what is held beyond the pool is as good, and is not kept', t => {
  const pool = new Blocks(1024 ** 2)
  const many = Array.from({ length: 20 }, () => heldOf(pool, 3))
  for (const held of many) t.equal(Buffer.concat(held.chunks()).length, 30_000)
  for (const held of many) held.drop()
  t.equal(pool.free, 16)
  t.end()
})

t.test('what is lent comes back when the exchange is over and the last write has ended', t => {
  const pool = new Blocks(1024 ** 2)
  const lend = () => {
    const held = heldOf(pool, 10)
    return { held, lent: held.lend() }
  }
  const unwritten = lend()
  unwritten.held.drop()
  t.equal(pool.free, 16, 'never written')
  t.equal(unwritten.lent?.over, true, 'and never will be')

  const answered = lend()
  answered.lent?.begun()
  answered.lent?.begun()
  answered.lent?.ended()
  answered.held.drop()
  t.equal(pool.free, 14, 'answered while a write waits')
  answered.lent?.ended()
  t.equal(pool.free, 16)

  const written = lend()
  written.lent?.begun()
  written.lent?.ended()
  t.equal(pool.free, 14, 'it may have to be explained')
  written.held.drop()
  t.equal(pool.free, 16)
  t.equal(heldOf(pool, 1).lend(), undefined, 'one chunk lies in no block')
  t.end()
})

t.test('what is let go of is gone, its size is not', t => {
  const held = new Held(new Blocks(0))
  held.add(new Uint8Array(5))
  held.drop()
  t.same([held.chunks(), held.size], [[], 5])
  t.end()
})
