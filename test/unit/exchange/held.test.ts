import fc from 'fast-check'
import t from 'tap'
import { Held } from '../../../src/exchange/held.ts'
import { headOf } from '../../../src/forward/request.ts'

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

t.test('what is held is what was added, however it was cut', t => {
  fc.assert(
    fc.property(cut, chunks => {
      const body = Buffer.concat(chunks)
      const held = new Held()
      for (const chunk of chunks) held.add(chunk)
      return held.size === body.length && Buffer.concat(held.chunks()).equals(body)
    }),
  )
  t.pass('no counter-example')
  t.end()
})

t.test('it takes hardly more room than what has come', t => {
  const large = fc.integer({ min: 1024, max: 3000 })
  const small = fc.integer({ min: 1, max: 1023 })
  fc.assert(
    fc.property(
      fc.array(fc.oneof(large, small, fc.constant(1)), { minLength: 1, maxLength: 200 }),
      sizes => {
        const held = new Held()
        for (const size of sizes) held.add(new Uint8Array(size))
        const room = new Set(held.chunks().map(chunk => chunk.buffer))
        let bytes = 0
        for (const { byteLength } of room) bytes += byteLength
        return bytes <= held.size * 1.4 + 4096
      },
    ),
  )
  t.pass('no counter-example')
  t.end()
})

t.test('what is let go of is gone, its size is not', t => {
  const held = new Held()
  held.add(new Uint8Array(5))
  held.drop()
  t.same([held.chunks(), held.size], [[], 5])
  t.end()
})

t.test('what is freed is gone at once, and nothing that lies beside it', t => {
  const held = new Held()
  const whole = new Uint8Array(2000)
  const room = new ArrayBuffer(4000)
  held.add(whole)
  held.add(new Uint8Array(room, 0, 2000))
  held.free()
  t.same([whole.buffer.detached, room.detached], [true, false])
  t.same([held.chunks(), held.size], [[], 4000])
  t.end()
})

t.test('what was freed leaves nothing to be collected, however it was cut', t => {
  fc.assert(
    fc.property(cut, chunks => {
      const held = new Held()
      for (const chunk of chunks) held.add(chunk.slice())
      const room = held.chunks().map(({ buffer }) => buffer as ArrayBuffer)
      held.free()
      return room.every(({ detached }) => detached)
    }),
  )
  t.pass('no counter-example')
  t.end()
})

t.test('what was let go of or freed is never forwarded, not even as an empty body', t => {
  for (const end of ['drop', 'free'] as const) {
    const held = new Held()
    held.add(new Uint8Array(2000))
    const before = held.chunks()
    const request = (body: readonly Uint8Array[]) =>
      headOf(
        { method: 'POST', target: '/', headers: [], body, length: held.size },
        'automatisch',
        true,
      )
    t.type(request(held.chunks()), 'string')
    held[end]()
    t.equal(request(held.chunks()), undefined, end)
    if (end === 'free') t.equal(request(before), undefined, 'nor by whoever had its chunks')
  }
  t.end()
})
