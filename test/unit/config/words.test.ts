import fc from 'fast-check'
import t from 'tap'
import { isLoopback, readBlock, readEndpoint } from '../../../src/config/network.ts'
import { distance, nearest } from '../../../src/spelling.ts'

t.test('blocks are read, and what is ambiguous or none is refused', async t => {
  const blocks: [string, string, number][] = [
    ['203.0.113.0/24', '203.0.113.0/24', 24],
    ['203.0.113.5', '203.0.113.5/32', 32],
    ['0.0.0.0/0', '0.0.0.0/0', 0],
    ['2001:db8::/32', '2001:db8::/32', 32],
    ['::1', '::1/128', 128],
    ['::ffff:192.0.2.0/120', '::ffff:192.0.2.0/120', 120],
  ]
  for (const [given, text, prefix] of blocks) t.same(readBlock(given), { text, prefix }, given)
  const refused =
    '203.0.113.5/24 203.0.113.0/33 203.0.113.0/ 203.0.113/24 010.0.0.0/8 256.0.0.0/8 1.2.3.4/08 2001:db8::1/32 ::/129 fe80::1%eth0 /8 1.2.3.4/8/8 0x7f.0.0.1 ::g'
  for (const given of [...refused.split(' '), '', ' 1.2.3.4']) {
    t.ok('problem' in readBlock(given), given)
  }
})

t.test('a block whose host bits are clear is read, one with any set is not', async t => {
  fc.assert(
    fc.property(fc.nat(0xffff_ffff), fc.integer({ min: 0, max: 32 }), (number, prefix) => {
      const size = 2 ** (32 - prefix)
      const base = Math.floor(number / size) * size
      const dotted = (n: number) =>
        [24, 16, 8, 0].map(by => Math.floor(n / 2 ** by) % 256).join('.')
      const clear = 'text' in readBlock(`${dotted(base)}/${prefix}`)
      const set = 'problem' in readBlock(`${dotted(number)}/${prefix}`)
      return clear && set === (number !== base)
    }),
  )
  t.pass('no counter-example')
})

t.test('an endpoint is an address with a port', async t => {
  t.same(readEndpoint('0.0.0.0:8443'), { host: '0.0.0.0', port: 8443 })
  t.same(readEndpoint('[::1]:0'), { host: '::1', port: 0 })
  t.same(readEndpoint('localhost:1'), { host: 'localhost', port: 1 })
  for (const text of [
    '8443',
    ':8443',
    '1.2.3.4',
    '1.2.3.4:65536',
    '::1:80',
    '[1.2.3.4]:1',
    'a.b:1',
    '[::1]',
  ]) {
    t.equal(readEndpoint(text), undefined, text)
  }
})

t.test('loopback is what only this machine reaches', async t => {
  for (const host of ['127.0.0.1', '127.9.9.9', '::1', '0:0:0:0:0:0:0:1', 'localhost'])
    t.ok(isLoopback(host), host)
  for (const host of ['0.0.0.0', '::', '128.0.0.1', '10.0.0.1', '::2', 'x'])
    t.notOk(isLoopback(host), host)
})

t.test('the nearest word is suggested, a far one is not', async t => {
  const known = ['secret', 'secrets', 'path', 'to', 'flows']
  t.equal(nearest('secrte', known), 'secret')
  t.equal(nearest('Flow', known), 'flows')
  t.equal(nearest('pth', known), 'path')
  t.equal(nearest('banana', known), undefined)
  t.equal(nearest('x'.repeat(10_000), known), undefined)
})

t.test('the distance counts single edits and is the same both ways', async t => {
  t.equal(distance('kitten', 'sitting'), 3)
  t.equal(distance('acheive', 'achieve'), 1)
  t.equal(distance('', 'abc'), 3)
  const word = fc.string({ maxLength: 8 })
  fc.assert(
    fc.property(
      word,
      word,
      fc.nat(8),
      fc.string({ minLength: 1, maxLength: 1 }),
      (a, b, at, put) => {
        const edited = a.slice(0, at) + put + a.slice(at)
        return (
          distance(a, edited) === 1 && distance(a, b) === distance(b, a) && distance(a, a) === 0
        )
      },
    ),
  )
  t.pass('no counter-example')
})
