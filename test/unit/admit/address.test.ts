import { isIP } from 'node:net'
import fc from 'fast-check'
import t from 'tap'
import { groupOf, parseAddress } from '../../../src/admit/address.ts'
import { clientAddress } from '../../../src/admit/client-address.ts'
import { compileNetworks } from '../../../src/admit/networks.ts'

t.test('an address has one spelling', async t => {
  const cases = {
    '192.0.2.1': '192.0.2.1',
    '::ffff:192.0.2.1': '192.0.2.1',
    '::FFFF:c000:0201': '192.0.2.1',
    '2001:DB8:0:0:1:0:0:1': '2001:db8::1:0:0:1',
    '2001:db8:0:1:1:1:1:1': '2001:db8:0:1:1:1:1:1',
    '0:0:0:0:0:0:0:0': '::',
    '1::': '1::',
    '64:ff9b::192.0.2.33': '64:ff9b::c000:221',
    'fe80::1%eth0': 'fe80::1',
    '': undefined,
    unknown: undefined,
    '192.0.2': undefined,
    '192.0.2.256': undefined,
    '192.0.2.01': undefined,
    '192.0.2.1%eth0': undefined,
    '192.0.2.1 ': undefined,
    '1::2::3': undefined,
    ':::': undefined,
    '1:2:3:4:5:6:7': undefined,
    '1:2:3:4:5:6:7::8': undefined,
    '192.0.2.1::': undefined,
    '[::1]': undefined,
  }
  for (const [text, expected] of Object.entries(cases)) t.equal(parseAddress(text), expected, text)
})

t.test('what is an address, and how it is written, agrees with node:net and with URL', async t => {
  const rubble = fc.array(
    fc.constantFrom('::', ':', '.', '0', '1', 'f', 'ab', '255', '10.0.0.1', 'ffff'),
    {
      maxLength: 12,
    },
  )
  const texts = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    rubble.map(parts => parts.join('')),
  )
  fc.assert(
    fc.property(texts, text => {
      const address = parseAddress(text)
      if (isIP(text) === 0) return address === undefined
      if (isIP(text) === 4) return address === text
      const written = new URL(`http://[${text}]/`).hostname.slice(1, -1)
      return address?.includes(':') ? address === written : written.startsWith('::ffff:')
    }),
    { numRuns: 1_000 },
  )
  t.pass('no counter-example')
})

t.test('an IPv4 address is a group, a /64 is another', async t => {
  const cases = {
    '192.0.2.1': '192.0.2.1',
    '2001:db8:1:2:3:4:5:6': '2001:db8:1:2',
    '2001:db8::6': '2001:db8:0:0',
    '::1': '0:0:0:0',
  }
  for (const [address, expected] of Object.entries(cases)) t.equal(groupOf(address), expected)
})

t.test('two IPv6 addresses are one group when their first 64 bits are equal', async t => {
  const group = fc.integer({ min: 0, max: 0xffff }).map(n => n.toString(16))
  const half = fc.array(group, { minLength: 4, maxLength: 4 }).map(groups => groups.join(':'))
  const flip = (text: string) => text.replace(/.$/, last => (last === '0' ? '1' : '0'))
  fc.assert(
    fc.property(half, half, half, (prefix, one, two) => {
      const [a, b, c] = [`${prefix}:${one}`, `${prefix}:${two}`, `${flip(prefix)}:${one}`].map(
        text => groupOf(parseAddress(text) ?? ''),
      )
      return a === b && a !== c
    }),
  )
  t.pass('no counter-example')
})

t.test('networks', async t => {
  const networks = compileNetworks([
    '203.0.113.0/24',
    '198.51.100.7',
    '2001:db8::/32',
    '::1',
    '::ffff:10.0.0.0/104',
  ])
  const cases = {
    '203.0.113.255': true,
    '203.0.114.0': false,
    '198.51.100.7': true,
    '198.51.100.8': false,
    '2001:db8:ffff::1': true,
    '2001:db9::': false,
    '::1': true,
    '10.255.0.1': true,
    '11.0.0.1': false,
  }
  for (const [address, expected] of Object.entries(cases)) {
    t.equal(networks.has(address), expected, address)
    t.equal(networks.has(address), expected, `${address}, asked again`)
  }
  t.equal(compileNetworks([]).has('192.0.2.1'), false, 'none has nobody')
  t.equal(compileNetworks(['0.0.0.0/0']).has('::1'), false, 'IPv4 is not IPv6')
  for (const wrong of [
    '',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0/8',
    '::/129',
    '::/01',
    '::ffff:10.0.0.0/95',
    'fe80::%1/64',
    'a.example',
  ]) {
    t.throws(() => compileNetworks([wrong]), { code: 'network_invalid' }, wrong)
  }
})

t.test(
  'membership agrees with comparing leading bits, however many addresses are asked',
  async t => {
    const bits = (address: string) =>
      address
        .split('.')
        .map(part => Number(part).toString(2).padStart(8, '0'))
        .join('')
    fc.assert(
      fc.property(
        fc.ipV4(),
        fc.integer({ min: 0, max: 32 }),
        fc.array(fc.ipV4(), { maxLength: 40 }),
        (net, size, asked) => {
          const networks = compileNetworks([`${net}/${size}`])
          return [net, ...asked].every(
            address => networks.has(address) === bits(address).startsWith(bits(net).slice(0, size)),
          )
        },
      ),
    )
    const networks = compileNetworks(['10.0.0.0/9'])
    for (let i = 0; i < 3_000; i++) {
      const address = `10.${i % 256}.${i >> 8}.1`
      if (networks.has(address) !== i % 256 < 128) t.fail(address)
    }
    t.pass('no counter-example')
  },
)

t.test('the sender is the right-most address that is no trusted proxy', async t => {
  const trusted = compileNetworks(['10.0.0.0/8', 'fd00::/8'])
  const cases: [name: string, peer: string, lines: string[], expected: string][] = [
    ['no proxy', '192.0.2.1', ['198.51.100.1'], '192.0.2.1'],
    ['one proxy', '10.0.0.1', ['198.51.100.1'], '198.51.100.1'],
    [
      'what the sender wrote is not believed',
      '10.0.0.1',
      ['203.0.113.9, 198.51.100.1'],
      '198.51.100.1',
    ],
    ['two proxies', '10.0.0.1', ['203.0.113.9, 198.51.100.1, 10.0.0.2'], '198.51.100.1'],
    [
      'over several lines',
      '10.0.0.1',
      ['203.0.113.9, 198.51.100.1', '10.0.0.2', 'fd00::1'],
      '198.51.100.1',
    ],
    ['no header', '10.0.0.1', [], '10.0.0.1'],
    ['only proxies', '10.0.0.1', ['10.0.0.3, 10.0.0.2'], '10.0.0.3'],
    ['an empty line', '10.0.0.1', [''], '10.0.0.1'],
    ['garbage is not skipped', '10.0.0.1', ['198.51.100.1, unknown, 10.0.0.2'], '10.0.0.2'],
    ['nor is an empty hop', '10.0.0.1', ['198.51.100.1,, 10.0.0.2'], '10.0.0.2'],
    ['nor one at the front', '10.0.0.1', [',10.0.0.2'], '10.0.0.2'],
    ['mapped addresses', '10.0.0.1', ['198.51.100.1, ::ffff:10.0.0.2'], '198.51.100.1'],
    ['IPv6', 'fd00::1', ['2001:DB8::0:1'], '2001:db8::1'],
    ['with a port', '10.0.0.1', ['198.51.100.1:4711'], '198.51.100.1'],
    ['in brackets', '10.0.0.1', ['[2001:db8::1]'], '2001:db8::1'],
    ['in brackets with a port', '10.0.0.1', ['[2001:db8::1]:4711'], '2001:db8::1'],
    ['brackets around IPv4', '10.0.0.1', ['[198.51.100.1]'], '10.0.0.1'],
  ]
  for (const [name, peer, lines, expected] of cases) {
    t.equal(clientAddress(peer, lines, trusted), expected, name)
  }
})

t.test('nothing a sender writes to the left of its own address changes who it is', async t => {
  const trusted = compileNetworks(['10.0.0.0/8'])
  const lie = fc.oneof(
    fc.string(),
    fc.ipV4(),
    fc.constantFrom('10.0.0.9', ',', '10.0.0.9, 10.0.0.8'),
  )
  fc.assert(
    fc.property(fc.array(lie), fc.boolean(), (lies, joined) => {
      const lines = joined ? [`${lies.join(', ')}, 198.51.100.1`] : [...lies, '198.51.100.1']
      return clientAddress('10.0.0.1', [...lines, '10.0.0.2'], trusted) === '198.51.100.1'
    }),
  )
  t.pass('no counter-example')
})
