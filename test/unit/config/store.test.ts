import t from 'tap'
import { parse } from 'yaml'
import { effectiveMap, writeEffective } from '../../../src/config/effective.ts'
import { type Loaded, loadMap } from '../../../src/config/load.ts'

const HEAD = `version: 1
upstream: http://127.0.0.1:3000
providers: { github: { secret: env:A, flows: [0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11] } }
`

function load(lines: string, dev = true): Loaded {
  return loadMap(`${HEAD}${lines}\n`, { file: 'map.yaml', dev })
}

const BARE = { user: undefined, password: undefined, ca: undefined, prefix: 'hookwarden:' }

t.test('what a store may be', async t => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['store: memory', undefined],
    ['store: redis://redis', { tls: false, host: 'redis', port: 6379, database: 0, ...BARE }],
    [
      'store: rediss://[2001:db8::1]:7000/12',
      { tls: true, host: '2001:db8::1', port: 7000, database: 12, ...BARE },
    ],
    [
      'store: { url: rediss://r.example:6380, user: env:U, password: file:/p, ca: /ca.pem, prefix: "{a}:" }',
      {
        ...{ tls: true, host: 'r.example', port: 6380, database: 0 },
        ...{ user: 'env:U', password: 'file:/p', ca: '/ca.pem', prefix: '{a}:' },
      },
    ],
    [
      'store: { url: redis://redis/ }',
      { tls: false, host: 'redis', port: 6379, database: 0, ...BARE },
    ],
  ]
  for (const [text, expected] of cases) t.same(load(text).settings?.store, expected, text)
  t.equal(load('store: redis://a').settings?.onStoreError, 'local')
  t.equal(load('store: redis://a\non_store_error: closed').settings?.onStoreError, 'closed')
})

t.test('what it may not be, and how to put it right', async t => {
  const cases: readonly (readonly [string, RegExp, RegExp?])[] = [
    ['store: redis', /^expected an address such as/],
    ['store: http://redis', /^expected an address such as/],
    ['store: redis://', /^expected an address such as/],
    ['store: redis://:hunter2@redis', /without user name or password/, /password: env:NAME/],
    ['store: redis://redis/a', /nothing behind the host but the number/],
    ['store: redis://redis/1/2', /nothing behind the host but the number/],
    ['store: redis://redis/1?x=1', /nothing behind the host but the number/],
    ['store: { url: redis://redis, passwort: env:P }', /unknown key/, /did you mean `password`/],
    ['store: { url: redis://redis, password: hunter2 }', /^expected a reference/],
    ['store: { url: redis://redis, prefix: "a b" }', /^expected up to 64/],
    ['store: { url: redis://redis, ca: /ca.pem }', /about TLS/, /rediss/],
    ['store: { password: env:P }', /^missing: expected the address/],
    ['on_store_error: closed', /a store that is shared/, /redis:\/\//],
    ['on_store_error: open', /^expected `local`, `closed`/],
  ]
  for (const [text, message, fix] of cases) {
    const { issues = [] } = load(text)
    t.equal(issues.length, 1, text)
    t.match(issues[0]?.message, message, text)
    if (fix !== undefined) t.match(issues[0]?.fix, fix, text)
    t.notMatch(`${issues[0]?.message}${issues[0]?.fix}`, /hunter2/, text)
  }
  const plain = 'store: { url: redis://redis, password: plain:x }'
  t.equal(load(plain).issues, undefined)
  t.ok(load(plain, false).issues?.some(({ path }) => path === 'store.password'))
})

t.test('the effective map shows it, and no password', async t => {
  const shown = (text: string) => {
    const { settings } = load(text)
    if (settings === undefined) throw new Error(text)
    return parse(writeEffective(effectiveMap(settings, () => ({}))))
  }
  t.match(shown(''), { store: 'memory', on_store_error: 'local' })
  t.match(shown('store: { url: "redis://[::1]/3", password: "plain:hunter2" }').store, {
    url: 'redis://[::1]:6379/3',
    user: null,
    password: 'plain:…',
    prefix: 'hookwarden:',
  })
})
