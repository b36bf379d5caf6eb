import fc from 'fast-check'
import t from 'tap'
import { REPEATED } from '../../../src/head.ts'
import { CLEAN } from '../../../src/reasons.ts'
import { RouteTable } from '../../../src/route/table.ts'
import { hostAllowed, plainTarget } from '../../../src/route/target.ts'

const FLOW = '/webhooks/flows/0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11'

t.test('a path is matched exactly, none of its aliases', async t => {
  const table = new RouteTable([
    [FLOW, 'flow'],
    ['/in/stripe', 'alias'],
  ])
  t.equal(table.match(FLOW), 'flow')
  t.equal(table.match('/in/stripe'), 'alias')
  const aliases = [
    FLOW.toUpperCase(),
    `${FLOW}/`,
    `${FLOW}/sync`,
    FLOW.replace('/flows', '//flows'),
    FLOW.replace('0b6f', '%30b6f'),
    FLOW.replaceAll('-', ''),
    FLOW.replace('/flows', ''),
    FLOW.replace('/flows', '/./flows'),
    `/${FLOW}`,
    `${FLOW};x=1`,
    `${FLOW}%00`,
    'constructor',
    '__proto__',
    '',
  ]
  for (const alias of aliases) t.equal(table.match(alias), undefined, alias)
})

t.test('a target is a path with perhaps a query, in printable ASCII', async t => {
  for (const target of ['/', FLOW, '/a?b=c&d[e]=%00', '//a', '/a?', '/a"<>\\^`{|}~']) {
    t.equal(plainTarget(target), true, target)
  }
  const wrong = [
    '',
    '*',
    'a',
    'http://a/b',
    'a:443',
    '/a#b',
    '/a b',
    '/a\tb',
    '/a\u0000',
    '/a\r\n',
    '/a\n',
    '/é',
    '/\u0080',
    '/a\u007f',
  ]
  for (const target of wrong) t.equal(plainTarget(target), false, JSON.stringify(target))
})

t.test('no target with any other character is plain', async t => {
  const latin1 = fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 20 })
  fc.assert(
    fc.property(latin1, codes => {
      const plain = codes.every(code => code > 32 && code < 127 && code !== 35)
      return plainTarget(`/${String.fromCharCode(...codes)}`) === plain
    }),
  )
  t.pass('no counter-example')
})

t.test('a host is one of ours, whatever its case and port', async t => {
  const hosts = new Set(['hooks.example.com', '[2001:db8::1]', '192.0.2.1'])
  const cases = {
    'hooks.example.com': CLEAN,
    'Hooks.Example.COM:8443': CLEAN,
    'hooks.example.com.': CLEAN,
    'hooks.example.com:': CLEAN,
    '[2001:DB8::1]:443': CLEAN,
    '192.0.2.1': CLEAN,
    'example.com': 'host',
    'xhooks.example.com': 'host',
    'hooks.example.com..': 'host',
    '192.0.2.2': 'host',
    '': 'malformed_http',
    ':443': 'malformed_http',
    'hooks.example.com:x': 'malformed_http',
    'hooks.example.com:443:443': 'malformed_http',
    'user@hooks.example.com': 'malformed_http',
    'hooks.example.com/': 'malformed_http',
    'hooks.example.com, a': 'malformed_http',
    '2001:db8::1': 'malformed_http',
    'hooks%2eexample.com': 'malformed_http',
    'hööks.example.com': 'malformed_http',
  } as const
  for (const [host, expected] of Object.entries(cases)) {
    t.equal(hostAllowed(host, hosts), expected, host)
    const any = expected === 'malformed_http' ? expected : CLEAN
    t.equal(hostAllowed(host, new Set()), any, `${host}, where any is served`)
  }
  t.equal(hostAllowed(undefined, new Set()), 'malformed_http')
  t.equal(hostAllowed(REPEATED, new Set()), 'malformed_http')
})
