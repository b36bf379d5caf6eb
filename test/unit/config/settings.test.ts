import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { demandsOf } from '../../../src/config/demands.ts'
import { loadMap } from '../../../src/config/load.ts'
import type { ProviderSettings, Settings } from '../../../src/config/settings.ts'
import { coversBody } from '../../../src/config/signing.ts'
import { compileScheme } from '../../../src/verify/compile.ts'
import type { Scheme } from '../../../src/verify/scheme.ts'

const FLOW = '0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11'
const OTHER = '7c1d9f0e-2f57-4f0a-9d7d-1f6b8d0c3e22'

function settingsOf(text: string): Settings {
  const { settings, issues = [] } = loadMap(text, { file: 'map.yaml', dev: true })
  if (settings === undefined) throw new Error(JSON.stringify(issues))
  return settings
}

function providerOf(name: string, keys: string, top = ''): ProviderSettings {
  const text = `version: 1\nupstream: http://a.internal:3000/\n${top}providers:\n  ${name}: { flows: [${FLOW}], ${keys} }\n`
  const [provider] = settingsOf(text).providers
  if (provider === undefined) throw new Error('no provider')
  return provider
}

t.test('the least map has every default of the design', async t => {
  const text = `version: 1\nupstream: http://127.0.0.1:3000\nproviders:\n  github: { secret: env:A, flows: [${FLOW}] }\n`
  t.same(settingsOf(text), {
    upstream: { url: 'http://127.0.0.1:3000', connect: 2_000, answer: 10_000, body: 30_000 },
    listen: {
      https: { host: '0.0.0.0', port: 8443 },
      tls: [],
      admin: { host: '127.0.0.1', port: 9090 },
      proxyProtocol: false,
    },
    publicUrl: undefined,
    trustProxies: [],
    hosts: [],
    state: undefined,
    drain: { settle: 5_000, within: 30_000 },
    limits: {
      connections: 2_000,
      connectionsPerAddress: 400,
      headers: 5_000,
      idle: 10_000,
      buffered: 67_108_864,
      verified: [{ count: 300, per: 1_000 }],
    },
    store: undefined,
    onStoreError: 'local',
    unroutedPerAddress: { count: 120, per: 60_000 },
    providers: [
      {
        name: 'github',
        preset: 'github',
        scheme: {
          alg: 'hmac-sha256',
          from: 'header:X-Hub-Signature-256',
          items: ['sha256={sig}'],
          sign: '{body}',
        },
        secrets: [{ ref: 'env:A', until: undefined }],
        publicKey: undefined,
        values: {},
        verifyToken: undefined,
        handshake: [],
        enrolment: undefined,
        routes: [{ path: `/webhooks/flows/${FLOW}`, flow: FLOW, sync: false, replay: 600_000 }],
        mode: 'enforce',
        methods: ['POST'],
        contentTypes: ['application/json', 'application/x-www-form-urlencoded', 'text/plain'],
        forwardAs: undefined,
        contentEncodings: [],
        limits: {
          body: 1_048_576,
          perAddress: { count: 120, per: 60_000 },
          perProvider: { count: 6_000, per: 60_000 },
          patience: 4_000,
          concurrency: 32,
          deadline: 10_000,
        },
        replay: 600_000,
        allowIps: [],
        answerWithin: 9_000,
        upstreamAnswer: 10_000,
        publicUrl: undefined,
      },
    ],
  })
})

t.test('the example of the design comes out as it says, in its units', async t => {
  const settings = settingsOf(readFileSync('test/fixtures/design.yaml', 'utf8'))
  const [, , stripe, acme] = settings.providers
  t.same(
    settings.providers.map(({ name, preset }) => [name, preset]),
    [
      ['github', 'github'],
      ['typeform', 'typeform'],
      ['stripe-live', 'stripe'],
      ['acme-erp', undefined],
    ],
  )
  t.same(stripe?.secrets, [
    { ref: 'file:/run/secrets/stripe_whsec', until: undefined },
    { ref: 'env:STRIPE_WHSEC_OLD', until: Date.UTC(2027, 0, 1) - 1 },
  ])
  t.match(stripe?.limits, {
    body: 262_144,
    perProvider: { count: 50, per: 1_000 },
    concurrency: 32,
  })
  t.same(acme?.scheme, {
    alg: 'hmac-sha256',
    from: 'header:x-acme-signature',
    items: ['v1={sig}'],
    sign: '{header:x-acme-timestamp}.{body}',
    timestamp: { from: '{header:x-acme-timestamp}', unit: 's', tolerance: '5m' },
  })
  t.same(acme?.allowIps, ['203.0.113.0/24'])
  t.same(acme?.routes, [
    {
      path: '/in/acme',
      flow: '3f8a6a50-0b9c-4a2d-8e0f-6c2c5f4e9b33',
      sync: false,
      replay: 660_000,
    },
  ])
})

t.test('an entry wins over its preset and over defaults, key by key', async t => {
  const top =
    'defaults: { mode: report, methods: [PUT], limits: { body: 2KiB, concurrency: 3 }, replay: off }\n'
  const inherits = providerOf('github', 'secret: env:A', top)
  t.match(inherits, {
    mode: 'report',
    methods: ['PUT'],
    replay: undefined,
    limits: { body: 2_048, concurrency: 3, deadline: 10_000 },
  })
  const own = providerOf(
    'github',
    'secret: env:A, mode: enforce, methods: [GET, POST], limits: { body: 1KiB }, replay: 1h',
    top,
  )
  t.match(own, {
    mode: 'enforce',
    methods: ['GET', 'POST'],
    replay: 3_600_000,
    limits: { body: 1_024, concurrency: 3, deadline: 10_000 },
  })
})

/** What an entry says, and the window of replay memory that it comes to. */
const WINDOWS: readonly (readonly [string, string, string, number | undefined])[] = [
  ['a signed body is remembered', 'github', 'secret: env:A', 600_000],
  ['as long as the entry says', 'github', 'secret: env:A, replay: 1m', 60_000],
  ['or not at all', 'github', 'secret: env:A, replay: off', undefined],
  ['a token is constant, so nothing is remembered', 'gitlab', 'secret: env:A', undefined],
  ['nor where nothing proves anything', 'old', 'scheme: { none: it cannot sign }', undefined],
  ['a sync flow owes each caller its answer', 'github', 'secret: env:A, sync: true', undefined],
  ['unless the entry says otherwise', 'github', 'secret: env:A, sync: true, replay: 1m', 60_000],
  [
    'twice the tolerance and a minute, where that is longer',
    'acme',
    'secret: env:A, scheme: { alg: hmac-sha256, from: header:a, sign: "{ts}{body|sha256|hex}", items: ["{ts},{sig}"], timestamp: { unit: s, tolerance: 20m } }',
    2_460_000,
  ],
  [
    'a signature that leaves the body out proves no body',
    'acme',
    'secret: env:A, scheme: { alg: hmac-sha256, from: header:a, sign: "{header:id}" }',
    undefined,
  ],
  [
    'the word in braces as text is not the body',
    'acme',
    "secret: env:A, scheme: { alg: hmac-sha256, from: header:a, sign: '\\{body\\}' }",
    undefined,
  ],
]

t.test('replay memory exists where the signature covers the body', async t => {
  for (const [name, provider, keys, window] of WINDOWS) {
    const { replay, routes } = providerOf(provider, keys)
    t.equal(replay, window, name)
    t.equal(routes[0]?.replay, window, `${name}: its route`)
  }
})

t.test('patience fits twice into what the sender waits', async t => {
  t.match(providerOf('slack', 'secret: env:A'), {
    answerWithin: 2_000,
    limits: { patience: 1_000 },
  })
  t.match(providerOf('typeform', 'secret: env:A'), {
    answerWithin: 29_000,
    limits: { patience: 4_000 },
  })
  t.match(providerOf('github', 'secret: env:A, answer_within: 3s'), { limits: { patience: 1_500 } })
  t.match(providerOf('github', 'secret: env:A, limits: { patience: 0s }'), {
    limits: { patience: 0 },
  })
})

t.test('a provider may have the URL that Automatisch registers and a path of its own', async t => {
  const keys = `secret: env:A, path: /in/x, to: 'flow:${OTHER}'`
  t.match(providerOf('github', keys).routes, [
    { path: `/webhooks/flows/${FLOW}`, flow: FLOW, sync: false },
    { path: '/in/x', flow: OTHER, sync: false },
  ])
  t.match(providerOf('github', `${keys}, sync: true`).routes, [
    { path: `/webhooks/flows/${FLOW}/sync`, flow: FLOW, sync: true },
    { path: '/in/x', flow: OTHER, sync: true },
  ])
  t.equal(providerOf('github', `secret: env:A, path: /in/x, to: 'flow:${FLOW}'`).routes.length, 2)
})

t.test('an end is a whole day in UTC, or an instant with its zone', async t => {
  const cases = [
    ['2026-12-31', Date.UTC(2026, 11, 31, 23, 59, 59, 999)],
    ['2028-02-29', Date.UTC(2028, 1, 29, 23, 59, 59, 999)],
    ['2026-12-31T18:00:00Z', Date.UTC(2026, 11, 31, 18)],
    ['2026-12-31T18:00+02:00', Date.UTC(2026, 11, 31, 16)],
  ] as const
  for (const [until, at] of cases) {
    const { secrets } = providerOf(
      'github',
      `secrets: [env:A, { secret: env:B, until: '${until}' }]`,
    )
    t.equal(secrets[1]?.until, at, until)
  }
})

t.test('what several spellings can mean is brought into one', async t => {
  const top =
    "public_url: HTTPS://Hooks.Example.com:443/\nhosts: [Hooks.Example.COM, '[2001:DB8::1]']\ntrust_proxies: [10.0.0.1, '2001:db8::/32']\n"
  const text = `version: 1\nupstream: { url: 'http://A.internal:80', body: 1m }\n${top}providers:\n  acme: { secret: env:A, flows: [${FLOW}], scheme: { alg: hmac-sha1, from: 'header:x', sign: '{url}{body}' }, content_types: [Application/JSON], upstream_answer: 60s, public_url: 'http://x.example' }\n`
  t.match(settingsOf(text), {
    upstream: { url: 'http://a.internal', connect: 2_000, answer: 10_000, body: 60_000 },
    publicUrl: 'https://hooks.example.com',
    hosts: ['hooks.example.com', '[2001:db8::1]'],
    trustProxies: ['10.0.0.1/32', '2001:db8::/32'],
    providers: [
      {
        contentTypes: ['application/json'],
        upstreamAnswer: 60_000,
        publicUrl: 'http://x.example',
      },
    ],
  })
})

const SIGNED = "scheme: { alg: ed25519, from: 'header:x', sign: '{webhook_id}{body}' }"

t.test('what proves a sender with a public key comes as it was given', async t => {
  const one = providerOf('acme', `${SIGNED}, public_key: 'file:/a', webhook_id: w, key_format: hex`)
  t.match(one, {
    secrets: [],
    publicKey: { form: 'one', text: 'file:/a' },
    values: { webhook_id: 'w' },
    scheme: { alg: 'ed25519', key_format: 'hex' },
  })
  const scheme = 'scheme: { alg: jwt, from: body, algs: [ES256] }'
  const keys = '{"keys":[{"kty":"EC","x5c":["a"]}]}'
  for (const jwks of [keys, `'${keys}'`]) {
    t.same(providerOf('acme', `${scheme}, jwks: ${jwks}`).publicKey, { form: 'set', text: keys })
  }
})

t.test(
  'replay memory covers what stays fresh longest, a JWT and days of tolerance too',
  async t => {
    const replay = (scheme: string) => providerOf('acme', `secret: env:A, scheme: ${scheme}`).replay
    const claims = "claims: { hash: '{body|sha256}' }"
    t.equal(
      replay(`{ alg: jwt, from: 'header:x', algs: [HS256], ${claims}, max_age: 1h }`),
      7_260_000,
    )
    t.equal(replay(`{ alg: jwt, from: 'header:x', algs: [HS256], ${claims} }`), 600_000)
    t.equal(replay("{ alg: jwt, from: 'header:x', algs: [HS256], max_age: 1h }"), undefined)
    const timed = "timestamp: { from: '{header:t}', unit: s, tolerance: 2d }"
    t.equal(
      replay(`{ alg: hmac-sha1, from: 'header:x', sign: '{header:t}{body}', ${timed} }`),
      4 * 86_400_000 + 60_000,
    )
  },
)

t.test(
  'whether a signature covers the body is told from its words as the compiler tells it',
  async t => {
    const values = { key_id: 'k', webhook_id: 'w', cert_url: 'c', topic_arn: 't', username: 'u' }
    const schemes: Record<string, Scheme> = parse(
      readFileSync('test/fixtures/schemes.yaml', 'utf8'),
    )
    const digest = '{sorted-form|sha256|hex}'
    const mac = { alg: 'hmac-sha256', from: 'header:x' }
    const more: Record<string, Scheme> = {
      'a token that is the body': { alg: 'jwt', from: ['body'], algs: ['RS256'] },
      'or may be': { alg: 'jwt', from: ['header:x', 'body'], algs: ['RS256'] },
      'a claim about a form': {
        alg: 'jwt',
        from: 'header:x',
        algs: ['HS256'],
        claims: { f: digest },
      },
      'a pair with a form': { ...mac, sign: '{header:y}', require: [[digest, '{header:y}']] },
      'a pair with a message': { ...mac, sign: '{header:y}', require: [['{sns}', '{header:y}']] },
      'a form': { ...mac, sign: '{sorted-form}' },
    }
    for (const [name, scheme] of Object.entries({ ...schemes, ...more })) {
      const compiled = compileScheme(scheme, { publicUrl: 'https://hooks.example.com', values })
      if (Array.isArray(compiled)) throw new Error(name)
      t.equal(coversBody(scheme), compiled.signsBody, name)
      const { proof } = demandsOf(scheme)
      t.equal(proof === 'secret' ? 'secret' : 'public_key', compiled.proves, name)
    }
  },
)
