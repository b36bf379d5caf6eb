import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { flawsOf } from '../../../src/commands/map.ts'
import type { CompileScheme } from '../../../src/config/check-senders.ts'
import { formatIssue } from '../../../src/config/issues.ts'
import { type LoadOptions, loadMap } from '../../../src/config/load.ts'
import { anyCharacter } from '../../support/any-character.ts'

const FLOW = '0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11'
const OTHER = '7c1d9f0e-2f57-4f0a-9d7d-1f6b8d0c3e22'
const HEAD = 'version: 1\nupstream: http://127.0.0.1:3000\n'
const TLS = 'listen: { tls: [{ cert: a, key: b }] }\n'
const GITHUB = `providers:\n  github: { secret: env:A, flows: [${FLOW}] }\n`

function places(text: string, options: Partial<LoadOptions> = {}): string[] {
  const { issues = [] } = loadMap(text, { file: 'map.yaml', dev: false, ...options })
  return issues.map(({ line, column, path, message, fix }) => {
    return `${line}:${column} ${path}: ${message}${fix === undefined ? '' : ` | ${fix}`}`
  })
}

t.test('the example of the design is a map without fault, with discovery and without', async t => {
  t.same(places(readFileSync('test/fixtures/design.yaml', 'utf8')), [])
  t.same(places(readFileSync('test/fixtures/full.yaml', 'utf8')), [])
})

t.test('the maps in config/ are without fault', async t => {
  t.same(places(readFileSync('config/hookwarden.example.yaml', 'utf8')), [])
  t.same(places(readFileSync('config/demo.yaml', 'utf8'), { dev: true }), [])
})

t.test('no key is accepted and ignored', async t => {
  for (const key of ['admin_password']) {
    const text = HEAD + TLS.replace(' }\n', `, ${key}: x }\n`) + GITHUB
    t.match(places(text)[0], `listen.${key}: unknown key`, key)
    t.equal(places(text).length, 1)
  }
})

const DISCOVERY = 'discovery: { database: env:DB }\n'

t.test('what `flows: discovered` demands is said at its place', async t => {
  const map = (entries: string, top = DISCOVERY) =>
    places(`${HEAD}${TLS}${top}providers:\n${entries}`)
  const cases: readonly (readonly [string, readonly string[], string?])[] = [
    ['  github: { secret: env:A, flows: discovered }', []],
    ['  telegram: { secret: env:A, app: telegram-bot, flows: discovered, drafts: refuse }', []],
    [
      `  a: { preset: stripe, secret: env:A, app: webhook, flows: discovered, path: /in/a, to: flow:${FLOW}, sync: true }`,
      [],
    ],
    [
      '  github: { secret: env:A, flows: discovered }',
      [
        '5:35 providers.github.flows: `discovered` needs `discovery` at the top | say where: `discovery: { database: env:HOOKWARDEN_DATABASE_URL }`',
      ],
      '',
    ],
    [
      '  telegram: { secret: env:A, flows: discovered }',
      [
        '6:37 providers.telegram.flows: `telegram` is no app of Automatisch with webhooks, so nothing could be discovered | say which app: `app: telegram-bot`',
      ],
    ],
    [
      '  github: { secret: env:A, flows: discovered }\n  gh-2: { preset: github, secret: env:A, app: github, flows: discovered }',
      [
        '7:47 providers.gh-2.app: the flows of `github` are discovered on line 6 under `github` already: they belong to one provider | list the flows of one of the two by their ids',
      ],
    ],
    [
      '  github: { secret: env:A, flows: discovered, sync: true }',
      [
        '6:47 providers.github.sync: whether a flow that is discovered answers its sender is what Automatisch says | remove it',
      ],
    ],
    [
      `  github: { secret: env:A, flows: [${FLOW}], drafts: proven, app: github }`,
      [
        '6:75 providers.github.drafts: `drafts` is about flows that are discovered, and these are listed | remove it, or write `flows: discovered`',
        '6:91 providers.github.app: `app` is about flows that are discovered, and these are listed | remove it, or write `flows: discovered`',
      ],
    ],
    [
      '  github: { secret: env:A, flows: discovred }',
      ['6:35 providers.github.flows: expected a list of flow ids, or `discovered`, got text'],
    ],
    [
      '  github: { secret: env:A, flows: discovered, app: GitHub, drafts: some }',
      [
        '6:52 providers.github.app: expected the key of an app of Automatisch, such as `github` or `telegram-bot`',
        '6:68 providers.github.drafts: expected `proven`, `refuse`',
      ],
    ],
    [
      '  github: { secret: env:A, flows: discovered }',
      [
        '4:24 discovery.database: expected a reference to the secret, `env:NAME`, `file:PATH` or `sealed:…` | keep the secret itself out of the map: put it into a variable or a file',
        '4:53 discovery.every: expected a duration from `1s` to `1h`',
      ],
      "discovery: { database: 'postgres://a:b@c/d', every: 500ms }\n",
    ],
    [
      '  github: { secret: env:A, flows: discovered }',
      [
        '4:24 discovery.database: `plain:` is accepted with `--dev` only | put the URL into a variable or a file: `env:NAME`, `file:PATH`',
      ],
      "discovery: { database: 'plain:postgres://a:b@c/d' }\n",
    ],
  ]
  for (const [entries, expected, top] of cases) t.same(map(entries, top), expected, entries)
})

/** A provider entry after a sound head, and what has to be said about it. Its keys begin on line 6. */
const ENTRIES: readonly (readonly [string, string, readonly string[]])[] = [
  [
    'a misspelt key names the one that was meant, and is not reported as missing too',
    `  github:\n    secrett: env:A\n    flows: [${FLOW}]`,
    ['6:5 providers.github.secrett: unknown key `secrett` | did you mean `secret`?'],
  ],
  [
    'a misspelt preset',
    `  gihub:\n    secret: env:A\n    flows: [${FLOW}]`,
    [
      '5:3 providers.gihub: no preset is called `gihub`, and the entry has neither `preset` nor `scheme` | did you mean `preset: github`?',
    ],
  ],
  [
    'an unknown preset',
    `  live:\n    preset: stirpe\n    secret: env:A\n    flows: [${FLOW}]`,
    ['6:13 providers.live.preset: no preset is called `stirpe` | did you mean `stripe`?'],
  ],
  [
    'a preset beside a scheme',
    `  live:\n    preset: stripe\n    scheme: { alg: token, from: header:x }\n    secret: env:A\n    flows: [${FLOW}]`,
    ['6:5 providers.live.preset: `preset` and `scheme` exclude each other | remove one of them'],
  ],
  [
    'a signed sender without a secret',
    `  github:\n    flows: [${FLOW}]`,
    [
      '5:3 providers.github: missing: this sender signs, so its entry needs `secret` | `secret: env:NAME` or `secret: file:PATH`',
    ],
  ],
  [
    'a secret of an unsigned sender',
    `  old:\n    scheme: { none: it cannot sign }\n    secret: env:A\n    flows: [${FLOW}]`,
    [
      '7:5 providers.old.secret: an unsigned sender has no secret | remove it, or say how the sender proves itself',
    ],
  ],
  [
    'an unsigned sender without a sentence',
    `  old:\n    scheme: { none: "" }\n    flows: [${FLOW}]`,
    ['6:21 providers.old.scheme.none: expected a sentence: why can this sender not prove itself?'],
  ],
  [
    'a plain secret without --dev',
    `  github:\n    secret: plain:0123456789abcdef\n    flows: [${FLOW}]`,
    [
      '6:13 providers.github.secret: `plain:` is accepted with `--dev` only | put the secret into a variable or a file: `env:NAME`, `file:PATH`',
    ],
  ],
  [
    'a sealed secret that was cut',
    `  github:\n    secret: sealed:AAAA\n    flows: [${FLOW}]`,
    [
      '6:13 providers.github.secret: expected `sealed:` and base64 as `hookwarden seal` prints it: this was cut or changed | seal the secret again: `hookwarden seal --to KEY`',
    ],
  ],
  [
    'a pasted secret',
    `  github:\n    secret: 5up3rs3cr3t\n    flows: [${FLOW}]`,
    [
      '6:13 providers.github.secret: expected a reference to the secret, `env:NAME`, `file:PATH` or `sealed:…` | keep the secret itself out of the map: put it into a variable or a file',
    ],
  ],
  [
    'secret beside secrets',
    `  github:\n    secret: env:A\n    secrets: [env:B]\n    flows: [${FLOW}]`,
    ['7:5 providers.github.secrets: `secret` and `secrets` exclude each other | keep `secrets`'],
  ],
  [
    'one reference twice',
    `  github:\n    secrets: [env:A, env:A]\n    flows: [${FLOW}]`,
    ['6:22 providers.github.secrets[1]: this reference is listed twice'],
  ],
  [
    'a rotation that leaves no secret',
    `  github:\n    secrets: [{ secret: env:A, until: 2026-12-31 }]\n    flows: [${FLOW}]`,
    [
      '6:5 providers.github.secrets: every secret ends: after that nothing from this sender would be accepted | list the secret that stays without `until`',
    ],
  ],
  [
    'days that do not exist',
    `  github:\n    secrets: [env:A, { secret: env:B, until: 2026-02-30 }, { secret: env:C, until: 2026-13-01 }]\n    flows: [${FLOW}]`,
    [
      '6:46 providers.github.secrets[1].until: no such day',
      '6:84 providers.github.secrets[2].until: no such day or time',
    ],
  ],
  [
    'no route',
    '  github:\n    secret: env:A',
    [
      '5:3 providers.github: leads to no flow: missing `flows`, or `path` with `to` | copy the id from the address of the flow in Automatisch: `flows: [<id>]`',
    ],
  ],
  [
    'a path without a flow',
    '  github:\n    secret: env:A\n    path: /in/a',
    ['7:5 providers.github.path: `path` needs `to` beside it | say which flow: `to: flow:<id>`'],
  ],
  [
    'a flow without a path',
    `  github:\n    secret: env:A\n    to: flow:${FLOW}`,
    ['7:5 providers.github.to: `to` needs `path` beside it | say which path: `path: /in/…`'],
  ],
  [
    'a flow in capitals',
    `  github:\n    secret: env:A\n    flows: [${FLOW.toUpperCase()}]`,
    [
      '7:13 providers.github.flows[0]: expected a flow id in lower case with dashes, such as `0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11`',
    ],
  ],
  [
    'a destination that is no flow',
    `  github:\n    secret: env:A\n    path: /a\n    to: ${FLOW}`,
    ['8:9 providers.github.to: expected `flow:` and a flow id in lower case with dashes'],
  ],
  [
    'one flow twice in one entry',
    `  github:\n    secret: env:A\n    flows: [${FLOW}, ${FLOW}]`,
    [
      '7:51 providers.github.flows[1]: this flow is listed twice, first on line 7 | remove one of the two',
    ],
  ],
  [
    'one flow under two providers',
    `  github:\n    secret: env:A\n    flows: [${FLOW}]\n  stripe:\n    secret: env:B\n    path: /in/stripe\n    to: flow:${FLOW}`,
    [
      '11:9 providers.stripe.to: this flow is on line 7 under `github` already: it belongs to one provider | remove one of the two',
    ],
  ],
  [
    'one path under two providers',
    `  github:\n    secret: env:A\n    path: /in\n    to: flow:${FLOW}\n  stripe:\n    secret: env:B\n    path: /in\n    to: flow:${OTHER}`,
    [
      '11:11 providers.stripe.path: this path is on line 7 under `github` already: it belongs to one provider | remove one of the two',
    ],
  ],
  [
    'replay memory for a token',
    `  gitlab:\n    secret: env:A\n    flows: [${FLOW}]\n    replay: 10m`,
    [
      '8:13 providers.gitlab.replay: no signature covers the body here, so two events cannot be told from a repetition | remove it, or write `replay: off`',
    ],
  ],
  [
    'a reserved name',
    `  none:\n    preset: github\n    secret: env:A\n    flows: [${FLOW}]`,
    [
      '5:3 providers.none: expected a name of lower-case letters, digits, `-` and `_`, other than `none`: it is a label of metrics',
    ],
  ],
  [
    'encodings that Automatisch does not inflate',
    `  github:\n    secret: env:A\n    flows: [${FLOW}]\n    content_encodings: [gzip, br, gzp, identity]`,
    [
      '8:31 providers.github.content_encodings[1]: expected `gzip`, `deflate` | Automatisch does not take `br`',
      '8:35 providers.github.content_encodings[2]: expected `gzip`, `deflate`',
      '8:40 providers.github.content_encodings[3]: expected `gzip`, `deflate` | no encoding at all is always accepted',
    ],
  ],
  ...['json:a', 'form:a', 'body'].map((from): readonly [string, string, readonly string[]] => [
    `a compressed body of which the scheme reads ${from}`,
    `  acme:\n    scheme: { alg: token, from: '${from}' }\n    secret: env:A\n    flows: [${FLOW}]\n    content_encodings: [gzip]`,
    [
      "9:5 providers.acme.content_encodings: this sender's scheme reads fields of the body, and would read them in the compressed bytes | remove it: what is verified has to be what Automatisch inflates",
    ],
  ]),
  [
    'a compressed body of which the scheme signs fields',
    `  acme:\n    scheme: { alg: hmac-sha256, from: 'header:a', sign: '{method}{sorted-form}' }\n    secret: env:A\n    flows: [${FLOW}]\n    content_encodings: [gzip]`,
    [
      "9:5 providers.acme.content_encodings: this sender's scheme reads fields of the body, and would read them in the compressed bytes | remove it: what is verified has to be what Automatisch inflates",
    ],
  ],
  [
    'a type to forward as, where Automatisch parses what comes',
    `  github:\n    secret: env:A\n    flows: [${FLOW}]\n    content_types: [application/json]\n    forward_as: application/json`,
    [
      '9:5 providers.github.forward_as: Automatisch parses every type that this provider accepts | remove it, or list the type of the sender in `content_types`',
    ],
  ],
  [
    'XML that would be forwarded as JSON',
    `  github:\n    secret: env:A\n    flows: [${FLOW}]\n    content_types: [application/xml]\n    forward_as: application/json`,
    [
      '9:17 providers.github.forward_as: application/xml is no JSON: Automatisch would answer 400 | did you mean `text/plain`?',
    ],
  ],
  [
    'a type to forward as that Automatisch does not parse',
    `  github:\n    secret: env:A\n    flows: [${FLOW}]\n    content_types: [application/vnd.a+json]\n    forward_as: application/vnd.a+json`,
    [
      '9:17 providers.github.forward_as: expected `application/json`, `application/x-www-form-urlencoded`, `text/plain` | did you mean `application/json`?',
    ],
  ],
  [
    'another multipart than forms',
    `  github:\n    secret: env:A\n    flows: [${FLOW}]\n    content_types: [multipart/form-data, multipart/mixed]`,
    [
      '8:42 providers.github.content_types[1]: Automatisch takes no multipart bodies but `multipart/form-data`',
    ],
  ],
  [
    'an empty value',
    `  github:\n    secret:\n    flows: [${FLOW}]`,
    [
      '6:5 providers.github.secret: empty: expected a reference to the secret, `env:NAME`, `file:PATH` or `sealed:…`',
    ],
  ],
  [
    'a word out of a list',
    `  github:\n    secret: env:A\n    flows: [${FLOW}]\n    mode: enforced`,
    ['8:11 providers.github.mode: expected `enforce`, `report`, `off` | did you mean `enforce`?'],
  ],
  [
    'an equality of one side',
    `  acme:\n    secret: env:A\n    flows: [${FLOW}]\n    scheme: { alg: token, from: header:x, require: [[a]] }`,
    ['8:53 providers.acme.scheme.require[0]: expected a pair of templates'],
  ],
  [
    'an alias to what holds it',
    `  github: &a\n    secret: env:A\n    flows: *a`,
    ['7:12 providers.github.flows: an alias of what holds it'],
  ],
  [
    'a block of addresses and one address at once',
    `  github:\n    secret: env:A\n    flows: [${FLOW}]\n    allow_ips: [203.0.113.5/24]`,
    [
      '8:17 providers.github.allow_ips[0]: `203.0.113.5/24` names one address and a whole block | for the block clear the bits behind /24; for the address alone write `203.0.113.5`',
    ],
  ],
]

t.test('a fault in an entry is reported at its place, once, with the fix', async t => {
  for (const [name, entry, expected] of ENTRIES) {
    t.same(places(`${HEAD}${TLS}providers:\n${entry}\n`), expected, name)
  }
})

/** Keys of an entry beside its secrets, under a scheme, and what has to be said about them. */
const VALUES: readonly (readonly [string, string, string, readonly string[]])[] = [
  [
    'what a scheme names',
    "{ alg: hmac-sha256, from: 'header:x', sign: '{key_id}{body}' }",
    'secret: env:A, key_id: a',
    [],
  ],
  [
    'what a scheme names, missing',
    "{ alg: hmac-sha256, from: 'header:x', sign: '{key_id}{body}' }",
    'secret: env:A',
    ["5:3 providers.acme: missing: this sender's scheme needs `key_id` | add `key_id: …`"],
  ],
  [
    'what a pattern, a key, a pair or a claim names, missing',
    "{ alg: hmac-sha256, from: 'header:x', items: ['{key_id}={sig}'], key: '{webhook_id}{secret}', sign: '{body}', require: [['{header:y}', '{cert_url}']] }",
    'secret: env:A',
    [
      "5:3 providers.acme: missing: this sender's scheme needs `key_id` | add `key_id: …`",
      "5:3 providers.acme: missing: this sender's scheme needs `webhook_id` | add `webhook_id: …`",
      "5:3 providers.acme: missing: this sender's scheme needs `cert_url` | add `cert_url: …`",
    ],
  ],
  [
    'what a scheme does not name',
    "{ alg: hmac-sha256, from: 'header:x', sign: '{body}' }",
    'secret: env:A, webhook_id: a, username: b',
    [
      "6:20 providers.acme.webhook_id: this sender's scheme does not use `webhook_id` | remove it: what is not used would prove nothing",
      "6:35 providers.acme.username: this sender's scheme does not use `username` | remove it: what is not used would prove nothing",
    ],
  ],
  [
    'a misspelt value',
    "{ alg: hmac-sha256, from: 'header:x', sign: '{key_id}{body}' }",
    'secret: env:A, keyid: a',
    ['6:20 providers.acme.keyid: unknown key `keyid` | did you mean `key_id`?'],
  ],
  ['basic', '{ alg: basic, from: header:Authorization }', 'secret: env:A, username: a', []],
  [
    'basic with an empty name',
    '{ alg: basic, from: header:Authorization }',
    "secret: env:A, username: ''",
    [],
  ],
  [
    'basic without a name',
    '{ alg: basic, from: header:Authorization }',
    'secret: env:A',
    ["5:3 providers.acme: missing: this sender's scheme needs `username` | add `username: …`"],
  ],
  [
    'a URL of its own that nothing signs',
    "{ alg: hmac-sha256, from: 'header:x', sign: '{body}' }",
    'secret: env:A, public_url: https://a.example',
    [
      "6:20 providers.acme.public_url: this sender's scheme does not use `public_url` | remove it: what is not used would prove nothing",
    ],
  ],
  ['a public key', "{ alg: ed25519, from: 'header:x', sign: '{body}' }", 'public_key: file:a', []],
  [
    'a public key in another format than the scheme says',
    "{ alg: ed25519, from: 'header:x', sign: '{body}', key_format: hex }",
    'public_key: file:a, key_format: base64',
    [],
  ],
  [
    'no public key',
    "{ alg: rsa-sha256, from: 'header:x', sign: '{body}' }",
    '',
    [
      '5:3 providers.acme: missing: a public key proves this sender, so its entry needs `public_key` | `public_key: file:PATH`, or the key itself',
    ],
  ],
  [
    'a secret beside a public key',
    "{ alg: rsa-sha256, from: 'header:x', sign: '{body}' }",
    'public_key: file:a, secret: env:A',
    [
      '6:25 providers.acme.secret: a public key proves this sender: a secret would prove nothing | remove it',
    ],
  ],
  [
    'a public key beside a secret',
    "{ alg: hmac-sha256, from: 'header:x', sign: '{body}' }",
    'secret: env:A, public_key: file:a, key_format: pem',
    [
      "6:20 providers.acme.public_key: this sender's scheme does not use `public_key` | remove it: what is not used would prove nothing",
      "6:40 providers.acme.key_format: this sender's scheme does not use `key_format` | remove it: what is not used would prove nothing",
    ],
  ],
  [
    'a set of keys where one verifies',
    "{ alg: ed25519, from: 'header:x', sign: '{body}' }",
    'public_key: file:a, jwks: file:b',
    [
      "6:25 providers.acme.jwks: this sender's scheme does not use `jwks` | remove it: what is not used would prove nothing",
    ],
  ],
  ['a JWT with a set of keys', '{ alg: jwt, from: body, algs: [RS256] }', 'jwks: file:a', []],
  ['a JWT with one key', '{ alg: jwt, from: body, algs: [RS256] }', 'public_key: file:a', []],
  [
    'a set in the map',
    '{ alg: jwt, from: body, algs: [RS256] }',
    'jwks: { keys: [{ kty: RSA }] }',
    [],
  ],
  [
    'a JWT with both',
    '{ alg: jwt, from: body, algs: [RS256] }',
    'public_key: file:a, jwks: file:b',
    ['6:25 providers.acme.jwks: `public_key` and `jwks` exclude each other | remove one of them'],
  ],
  [
    'a JWT with neither',
    '{ alg: jwt, from: body, algs: [ES256] }',
    '',
    [
      '5:3 providers.acme: missing: a public key proves this sender, so its entry needs `jwks` or `public_key` | `jwks: file:PATH` or `public_key: file:PATH`, or the keys themselves',
    ],
  ],
  [
    'a JWT under a shared secret with a set of keys',
    '{ alg: jwt, from: body, algs: [HS256] }',
    'secret: env:A, jwks: file:a',
    [
      "6:20 providers.acme.jwks: this sender's scheme does not use `jwks` | remove it: what is not used would prove nothing",
    ],
  ],
  [
    'a public key by reference to the environment',
    "{ alg: ed25519, from: 'header:x', sign: '{body}' }",
    'public_key: env:A',
    [
      '6:17 providers.acme.public_key: expected the public key: PEM, or `file:PATH` | a public key is no secret: write it here, or into a file',
    ],
  ],
  [
    'a token for challenges that nobody answers',
    "{ alg: hmac-sha256, from: 'header:x', sign: '{body}' }",
    'secret: env:A, verify_token: env:B',
    [
      '6:20 providers.acme.verify_token: no challenge of this sender is answered here, so nothing uses this | remove it: what is not used would prove nothing',
    ],
  ],
  [
    'values of an unsigned sender',
    '{ none: it cannot sign }',
    'key_id: a, public_key: file:b',
    [
      "6:5 providers.acme.key_id: this sender's scheme does not use `key_id` | remove it: what is not used would prove nothing",
      "6:16 providers.acme.public_key: this sender's scheme does not use `public_key` | remove it: what is not used would prove nothing",
    ],
  ],
]

t.test('an entry gives what its scheme needs, and nothing that it has no use for', async t => {
  for (const [name, scheme, values, expected] of VALUES) {
    const keys = [values, `scheme: ${scheme}`, `flows: [${FLOW}]`].filter(key => key !== '')
    const text = `${HEAD}${TLS}providers:\n  acme: {\n    ${keys.join(', ')} }\n`
    t.same(places(text), expected, name)
  }
})

t.test('an entry says only of challenges that can be answered how', async t => {
  const at = (entry: string) =>
    places(`${HEAD}${TLS}providers:\n  acme: { secret: env:A, flows: [${FLOW}], ${entry} }\n`).map(
      issue => issue.replace(/^\S+ /, ''),
    )
  const unused = 'no challenge of this sender is answered here, so nothing uses this'
  for (const fine of [
    'preset: whatsapp',
    'preset: whatsapp, verify_token: env:B',
    'preset: whatsapp, verify_token: env:B, handshake: on',
    'preset: whatsapp, handshake: off',
    'preset: slack, handshake: on',
    'preset: github, handshake: off',
  ]) {
    t.same(at(fine), [], fine)
  }
  const token = `providers.acme.verify_token: ${unused} | remove it: what is not used would prove nothing`
  t.same(at('preset: slack, verify_token: env:B'), [token])
  t.same(at('preset: whatsapp, verify_token: env:B, handshake: off'), [token])
  t.same(at('preset: github, handshake: on'), [`providers.acme.handshake: ${unused} | remove it`])
  t.same(at('preset: braintree, key_id: a, handshake: on'), [
    `providers.acme.handshake: ${unused} | remove it`,
  ])
  t.same(at('preset: whatsapp, handshake: on'), [
    'providers.acme: missing: this sender shows a token when it asks, so its entry needs `verify_token` | `verify_token: env:NAME`',
  ])
  t.match(at('preset: slack, handshake: true'), [/^providers.acme.handshake: expected /])
})

t.test('certificates are fetched for Amazon SNS alone, and in place of a key', async t => {
  const at = (entry: string) =>
    places(`${HEAD}${TLS}providers:\n  acme: { flows: [${FLOW}], ${entry} }\n`, {
      compileScheme: flawsOf,
    }).map(issue => issue.replace(/^\S+ /, ''))
  const topic = "topic_arn: 'arn:aws:sns:eu-central-1:123456789012:hooks'"
  t.same(at(`preset: aws-sns, cert_url: fetch, ${topic}`), [])
  t.same(at(`preset: aws-sns, cert_url: fetch, ${topic}, handshake: on`), [])
  t.same(at(`preset: aws-sns-v1, cert_url: fetch, ${topic}, handshake: off`), [])
  t.match(at(`preset: aws-sns, cert_url: fetch, ${topic}, public_key: 'file:a'`), [
    /^providers.acme.public_key: this sender's scheme does not use `public_key`/,
  ])
  t.match(at(`preset: aws-sns, cert_url: fetch, ${topic}, secret: env:A`), [
    /^providers.acme.secret: a public key proves this sender/,
  ])
  t.match(at(`preset: aws-sns, cert_url: https://a.example/a.pem, ${topic}`), [
    /^providers.acme: missing: a public key proves this sender/,
  ])
  t.match(at('preset: aws-sns, cert_url: fetch'), [
    "providers.acme: missing: this sender's scheme needs `topic_arn` | add `topic_arn: …`",
  ])
  t.match(at('preset: aws-sns, cert_url: fetch, topic_arn: hooks'), [
    'providers.acme.topic_arn: expected `arn:aws:sns:REGION:ACCOUNT:NAME`',
  ])
  t.match(at('preset: paypal, cert_url: fetch, webhook_id: a, public_key: file:a'), [
    'providers.acme.cert_url: nothing is fetched for this sender | write the URL of its certificate, and its `public_key`',
  ])
})

t.test('a fault of a public key in the map is placed at the key', async t => {
  const compileScheme: CompileScheme = (_, { publicKey, values }) => [
    { key: '', column: 1, entry: 'public_key', message: `${publicKey?.form} ${publicKey?.text}` },
    { key: 'sign', column: 1, message: `${values.key_id} ${values.webhook_id}` },
  ]
  const text = `${HEAD}${TLS}providers:\n  acme:\n    public_key: abc\n    key_id: k\n    flows: [${FLOW}]\n    scheme: { alg: ed25519, from: header:x, sign: '{key_id}{webhook_id}{body}' }\n`
  t.same(places(text, { compileScheme }), [
    "5:3 providers.acme: missing: this sender's scheme needs `webhook_id` | add `webhook_id: …`",
    '6:17 providers.acme.public_key: one abc',
    '9:51 providers.acme.scheme.sign: k missing',
  ])
})

t.test('the private half of a key is never shown', async t => {
  const scheme = 'scheme: { alg: jwt, from: body, algs: [RS256] }'
  const secrets = [
    "public_key: '-----BEGIN PRIVATE KEY----- hunter2'",
    `jwks: '{"keys":[{"kty":"RSA","d":"hunter2"}]}'`,
    'jwks: { keys: [{ kty: oct, k: hunter2 }] }',
  ]
  for (const secret of secrets) {
    const text = `${HEAD}${TLS}providers:\n  acme: { ${secret}, flows: [${FLOW}], ${scheme}, wrong: 1 }\n`
    const { issues = [] } = loadMap(text, { file: 'map.yaml', dev: false })
    t.equal(issues.length, 1)
    t.notMatch(issues.map(formatIssue).join('\n'), 'hunter2', secret)
  }
})

/** Faults outside the entries: what replaces the line `listen:` of a sound map, and what has to be said. */
const TOPS: readonly (readonly [string, string, readonly (string | RegExp)[]])[] = [
  ['no certificate', '', [/^1:1 listen.tls: missing: at least one certificate/]],
  ['an empty list of certificates', 'listen: { tls: [] }\n', [/^3:16 listen.tls: missing/]],
  [
    'an admin listener that others reach',
    'listen: { tls: [{ cert: a, key: b }], admin: 0.0.0.0:9090 }\n',
    [/^3:46 listen.admin: off loopback the admin listener has to ask for something/],
  ],
  [
    'a password of the admin listener that stands in the map',
    'listen: { tls: [{ cert: a, key: b }], admin: 0.0.0.0:9090, admin_auth: { user: ops, password: "plain:0123456789abcdef" } }\n',
    [/listen.admin_auth.password: `plain:` is accepted with `--dev` only/],
  ],
  [
    'what is no reference',
    'listen: { tls: [{ cert: a, key: b }], admin_auth: hunter2 }\n',
    [/listen.admin_auth: expected a reference to a token/],
  ],
  [
    'nothing to ask for, said on purpose',
    'listen: { tls: [{ cert: a, key: b }], admin: 0.0.0.0:9090, admin_auth: none }\n',
    [],
  ],
  [
    'two listeners on one port',
    'listen: { tls: [{ cert: a, key: b }], https: 0.0.0.0:9090 }\n',
    [/listen.admin: the same port as `listen.https`/],
  ],
  [
    'the usual listener and another on its port',
    'listen: { tls: [{ cert: a, key: b }], http: 127.0.0.1:8443 }\ntrust_proxies: [10.0.0.1]\n',
    [/^3:45 listen.http: the same port as `listen.https`/],
  ],
  [
    'a console without its list, and a place for one that is off',
    'listen: { tls: [{ cert: a, key: b }], console: 0.0.0.0:8444 }\n',
    [/^3:39 listen.console: nothing is served there: `console` is missing/],
  ],
  [
    'a console that everybody reaches',
    `${TLS}console: { allow_ips: [10.0.0.0/8, "::/0"] }\n`,
    [/^4:36 console.allow_ips\[1\]: this lets everybody in/],
  ],
  [
    'a console without a list',
    `${TLS}console: {}\n`,
    [/console.allow_ips: missing: expected a list of address blocks/],
  ],
  [
    'a console without a certificate, and one on the port of another listener',
    'listen: { http: 127.0.0.1:8444 }\ntrust_proxies: [10.0.0.1]\nconsole: { allow_ips: [10.0.0.1] }\n',
    [
      /^3:11 listen.http: .*|listen.console: the same port/,
      /^5:1 console: the console ends TLS itself/,
    ],
  ],
  [
    'a plain listener on a public address',
    'listen: { http: 203.0.113.1:80 }\ntrust_proxies: [10.0.0.1]\n',
    [/^3:17 listen.http: what is not encrypted may only listen on a loopback or private address/],
  ],
  [
    'a plain listener on every address',
    'listen: { http: 0.0.0.0:80 }\ntrust_proxies: [10.0.0.1]\n',
    [/^3:17 listen.http: what is not encrypted/],
  ],
  [
    'a plain listener beside one for TLS that has no certificate',
    'listen: { http: 127.0.0.1:80, https: 0.0.0.0:443 }\ntrust_proxies: [10.0.0.1]\n',
    [/^3:1 listen.tls: missing/],
  ],
  [
    'proxies that nobody believes',
    'listen: { http: 127.0.0.1:80, proxy_protocol: true }\n',
    [/^3:17 listen.http: a plain listener is for a proxy/, /^3:47 listen.proxy_protocol: a PROXY/],
  ],
  [
    'an address without a port',
    'listen: { tls: [{ cert: a, key: b }], https: 0.0.0.0 }\n',
    [/^3:46 listen.https: expected an address with a port/],
  ],
  [
    'a bad block',
    `${TLS}trust_proxies: [10.0.0.0/33, 10.0.0.256/8]\n`,
    [/^4:17 .*from 0 to 32/, /^4:30 .*expected an address block/],
  ],
  [
    'trust in everyone',
    `${TLS}trust_proxies: [0.0.0.0/0]\n`,
    [/^4:17 trust_proxies\[0\]: this trusts every address/],
  ],
  [
    'a drain that ends before it settles',
    `${TLS}drain: { settle: 30s }\n`,
    [/^4:18 drain.settle: `settle` \(30s\) has to end before `within` \(30s\)/],
  ],
  [
    'a number where a duration is due',
    `${TLS}drain: { within: 30 }\n`,
    [
      /^4:18 drain.within: expected a duration .*, got a number \| a duration needs its unit: `30s`/,
    ],
  ],
  [
    'a deadline of nothing',
    `${TLS}limits: { idle: 0s }\n`,
    [/^4:17 limits.idle: has to be longer than nothing/],
  ],
  [
    'a deadline that a timer cannot hold',
    `${TLS}limits: { idle: 30d }\n`,
    [/^4:17 limits.idle: at most `24h`/],
  ],
  [
    'a size of another house',
    `${TLS}limits: { buffered: 64MB }\n`,
    [/^4:21 limits.buffered: expected a size .* \| did you mean `64MiB`\?/],
  ],
  [
    'a rate without a number of seconds',
    `${TLS}limits: { verified: 300/s }\n`,
    [/^4:21 limits.verified: expected a rate .* \| did you mean `300\/1s`\?/],
  ],
  [
    'a rate of nothing among several',
    `${TLS}limits: { verified: [300/1s, 0/1s] }\n`,
    [/^4:30 limits.verified\[1\]: neither side of a rate may be zero/],
  ],
  [
    'a body that memory never holds',
    `${TLS}defaults: { limits: { body: 9MiB } }\n`,
    [/^4:29 defaults.limits.body: .*8MiB: a body of 9MiB would never arrive/],
  ],
  [
    'memory too small for the default body',
    `${TLS}limits: { buffered: 4MiB }\n`,
    [/^4:21 limits.buffered: .*512KiB: a body of 1MiB would never arrive/],
  ],
  [
    'a public URL with a path',
    `${TLS}public_url: https://h.example.com/x\n`,
    [/^4:13 public_url: .*Automatisch drops a path.*\| write `https:\/\/h.example.com`/],
  ],
  [
    'a host with a port',
    `${TLS}hosts: [h.example.com:8443, '*.example.com']\n`,
    [/^4:9 .*without a port/, /^4:29 .*without scheme or wildcard/],
  ],
  [
    'a key twice',
    `${TLS}hosts: []\nhosts: []\n`,
    [/^5:1 hosts: `hosts` is given twice, first on line 4 \| remove one of them/],
  ],
  [
    'an unknown key',
    `${TLS}limit: {}\n`,
    [/^4:1 limit: unknown key `limit` \| did you mean `limits`\?/],
  ],
  ['a tag', `${TLS}hosts: !mine []\n`, [/^4:8 : tags are not understood here/]],
]

t.test('a fault outside the entries is reported at its place, once, with the fix', async t => {
  for (const [name, top, expected] of TOPS) {
    const found = places(HEAD + top + GITHUB)
    t.match(found, expected, name)
    t.equal(found.length, expected.length, name)
  }
})

t.test('the upstream is an origin, and its deadlines agree', async t => {
  const cases: [string, RegExp][] = [
    ['127.0.0.1:3000', /^2:11 upstream: expected an origin such as/],
    ['http://127.0.0.1:3000/webhooks', /^2:11 upstream: expected only scheme, host and port/],
    ['ftp://127.0.0.1', /^2:11 upstream: expected an origin/],
    [
      '{ url: http://127.0.0.1:3000, answer: 40s }',
      /^2:49 upstream.answer: `body` \(30s\) covers the whole/,
    ],
    [
      '{ url: http://127.0.0.1:3000, anwser: 4s }',
      /^2:41 upstream.anwser: unknown key .*did you mean `answer`/,
    ],
    ['{ connect: 1s }', /^2:1 upstream.url: missing: expected an origin/],
    ['[]', /^2:11 upstream: expected an origin .*, got a list/],
  ]
  for (const [upstream, expected] of cases) {
    const found = places(`version: 1\nupstream: ${upstream}\n${TLS}${GITHUB}`)
    t.match(found[0], expected, upstream)
    t.equal(found.length, 1, upstream)
  }
})

t.test('a path has one spelling', async t => {
  const refused = [
    'in',
    '//in',
    '/in//a',
    '/%69n',
    '/in?a=1',
    '/in#a',
    '/in/../a',
    '/./in',
    '/ü',
    '/in\\a',
    '/a b',
    '/webhooks/flows/x',
    '/Webhooks/Flows',
  ]
  for (const path of ['/', '/in/', '/In/a.b-c_~', '/in/$1,2;3', '/webhooks/old']) {
    const text = `${HEAD}${TLS}providers:\n  github: { secret: env:A, path: '${path}', to: 'flow:${FLOW}' }\n`
    t.same(places(text), [], path)
  }
  for (const path of refused) {
    const text = `${HEAD}${TLS}providers:\n  github: { secret: env:A, path: '${path}', to: 'flow:${FLOW}' }\n`
    t.match(places(text), [/^5:34 providers.github.path: /], path)
  }
})

t.test('every issue comes at once, in the order of the file', async t => {
  const text = `version: 2\nupstream: nowhere\nlisten: { admin: 0.0.0.0:1, proxy_protocol: true }\nproviders:\n  github: { flows: [] }\n  stripe: { secret: x, path: y, tolerance: 5m }\n`
  const found = places(text).map(line =>
    line
      .split(':')
      .slice(0, 3)
      .join(':')
      .replace(/ (\S*):.*/, ' $1'),
  )
  t.same(
    found,
    [
      '1:10 version',
      '2:11 upstream',
      '3:1 listen.tls',
      '3:18 listen.admin',
      '3:45 listen.proxy_protocol',
      '5:3 providers.github',
      '5:20 providers.github.flows',
      '6:21 providers.stripe.secret',
      '6:24 providers.stripe.path',
      '6:30 providers.stripe.path',
      '6:33 providers.stripe.tolerance',
    ].sort((a, b) => a.localeCompare(b, 'en', { numeric: true })),
  )
})

t.test('what a scheme compiler finds is placed inside the text of its key', async t => {
  const compileScheme: CompileScheme = ({ sign = '', items = [] }) => [
    { key: 'sign', column: sign.indexOf('bdy') + 1, message: 'unknown source', meant: 'body' },
    { key: 'items[1]', column: 2, message: 'here', meant: undefined },
    ...(items.length > 2 ? [{ key: '', column: 1, message: 'whole' }] : []),
  ]
  const text = `${HEAD}${TLS}providers:\n  acme:\n    secret: env:A\n    flows: [${FLOW}]\n    scheme:\n      alg: hmac-sha256\n      from: header:x\n      items:\n        - 'a'\n        - v={sig}\n        - c\n      sign: '{ts}.{bdy}'\n`
  t.same(places(text, { compileScheme }), [
    '9:7 providers.acme.scheme: whole',
    '13:12 providers.acme.scheme.items[1]: here',
    '15:20 providers.acme.scheme.sign: unknown source | did you mean `body`?',
  ])
})

t.test('a preset that needs what the map lacks is reported at its entry', async t => {
  const compileScheme: CompileScheme = (_, { publicUrl }) =>
    publicUrl === undefined ? [{ key: 'sign', column: 4, message: 'needs public_url' }] : []
  t.same(places(HEAD + TLS + GITHUB, { compileScheme }), ['5:3 providers.github: needs public_url'])
  const text = `${HEAD}${TLS}public_url: https://a.example\n${GITHUB}`
  t.same(places(text, { compileScheme }), [])
})

const PASTED = 'sk_live_9fQz51canary'
/** What a secret may begin with, and what may stand behind it: all that means something to YAML. */
const BEFORE = [
  ...['', '*', '&', '!', '!!', '@', '`', '%', '|', '>', '"', "'", '[', '{', '[{', '? ', ': '],
  ...[
    '\\',
    '-',
    '~',
    '$',
    ']',
    '}',
    '&a *',
    '*a ',
    '"a" ',
    '|\n      ',
    'plain:',
    '<<: *',
    '[*',
    '{*',
  ],
]
const BEHIND = ['', '"', ':', ': b', ' #x', ']', '}', '*', '!', ' "', '\n  bad']
const PASTED_INTO: Readonly<Record<string, (value: string) => string>> = {
  'a key of its own': value => `  github:\n    flows: [${FLOW}]\n    secret: ${value}\n`,
  'a key without a blank': value => `  github:\n    flows: [${FLOW}]\n    secret:${value}\n`,
  'keys in one line': value => `  github: { secret: ${value}, flows: [${FLOW}] }\n`,
  'one of several': value =>
    `  github:\n    flows: [${FLOW}]\n    secrets: [{ secret: ${value}, until: 2026-12-31 }]\n`,
}

t.test('a secret that was pasted is never shown, whatever YAML makes of it', async t => {
  for (const [where, provider] of Object.entries(PASTED_INTO)) {
    const shown: string[] = []
    for (const before of BEFORE)
      for (const behind of BEHIND) {
        const value = `${before}${PASTED}${behind}`
        const { issues = [] } = loadMap(`${HEAD}${TLS}providers:\n${provider(value)}`, {
          file: 'map.yaml',
          dev: false,
        })
        if (issues.length === 0 || issues.map(formatIssue).join().includes(PASTED))
          shown.push(value)
      }
    t.same(shown, [], where)
  }
})

t.test('a provider may be called a token, and its keys are what they are', async t => {
  const keys = `secret: env:A, flows: [${FLOW}], content_types: [application/json], allow_ips: [10.0.0.0/8], client_certificate: { ca: /a.pem, subject: a.example }`
  t.same(
    places(`${HEAD}${TLS}providers:\n  github-token-secret: { preset: github, ${keys} }\n`),
    [],
  )
})

t.test('an issue shows its line with a caret, and never what may be a secret', async t => {
  const text = `${HEAD}${TLS}providers:\n  github: { secret: hunter2hunter2, flow: ['plain:hunter2hunter2'] }\n`
  const { issues = [] } = loadMap(text, { file: 'map.yaml', dev: false })
  const shown = issues.map(formatIssue).join('\n')
  t.notMatch(shown, 'hunter2')
  t.match(
    shown,
    '5 |   github: { secret: **************, flow: [**********************] }\n    |                     ^\n',
  )
})

t.test('a line cannot write to the terminal', async t => {
  const { issues = [] } = loadMap('a: "\u202e\u001b[31m"\n\u001b[2Jb: 1\n', {
    file: 'map.yaml',
    dev: false,
  })
  t.notMatch(issues.map(formatIssue).join(' ').replaceAll('\n', ' '), /[\p{Cc}\p{Cf}]/u)
})

t.test('broken YAML is an issue with its place, and nothing is guessed from the rest', async t => {
  const cases: [string, RegExp][] = [
    ['', /^1:1 : the map is empty/],
    ['# only a comment\n', /^\d:\d+ : the map is empty/],
    ['version: 1\nlisten: {\n', /^\d:\d+ : .*flow map/i],
    ['a: "open', /^1:\d+ : .*quote/],
    ['a: *nothing', /^1:4 a: an alias of nothing above/],
    ['a: 1\n---\nb: 1\n', /: a map is one document/],
    ['- a\n', /^1:1 : expected keys with values, got a list/],
    ['? [a]\n: b\n', /^1:\d : expected a plain key/],
    [`${'['.repeat(2_000)}`, /nested too deep/],
    [`a: ${'['.repeat(30)}${']'.repeat(30)}`, /nested too deep/],
    ['x'.repeat(4_000_001), /^1:1 : larger than/],
  ]
  for (const [text, expected] of cases) t.match(places(text)[0], expected, text.slice(0, 40))
})

t.test('aliases serve shared values and cannot grow into a bomb', async t => {
  const entry = (name: string, flow: string) =>
    `  ${name}: { secret: env:A, flows: [${flow}], scheme: *s }\n`
  const text = `${HEAD}${TLS}providers:\n  a: { secret: env:A, flows: [${FLOW}], scheme: &s { alg: token, from: header:x } }\n${entry('b', OTHER)}`
  const { settings } = loadMap(text, { file: 'map.yaml', dev: false })
  t.same(
    settings?.providers.map(({ scheme }) => scheme),
    Array(2).fill({ alg: 'token', from: 'header:x' }),
  )
  let bomb = 'a0: &a0 [x, x, x, x, x, x, x, x, x]\n'
  for (let i = 1; i < 20; i++) bomb += `a${i}: &a${i} [${Array(9).fill(`*a${i - 1}`)}]\n`
  t.match(places(bomb)[0], /aliases repeat too much/)
})

t.test('no text makes the reader throw, and each issue points into the text', async t => {
  const sound = readFileSync('test/fixtures/full.yaml', 'utf8')
  const piece = fc.oneof(
    fc.constantFrom(
      ...'{}[],:&*!|>-?#%@`"\'\\\n\t '.split(''),
      'null',
      '~',
      '0x1F',
      '.inf',
      '__proto__',
      'constructor',
      '<<',
      '*a',
      '&a ',
      '!!binary ',
      '- ',
      '\r',
    ),
    fc.string({ unit: anyCharacter, maxLength: 6 }),
  )
  const mutated = fc
    .array(fc.tuple(fc.nat(sound.length), fc.nat(30), piece), { minLength: 1, maxLength: 6 })
    .map(cuts =>
      cuts.reduce(
        (text, [at, drop, put]) => text.slice(0, at) + put + text.slice(at + drop),
        sound,
      ),
    )
  const keys = fc.constantFrom(
    'version',
    'upstream',
    'listen',
    'providers',
    'limits',
    'scheme',
    '__proto__',
    'toString',
    'none',
  )
  const { tree } = fc.letrec<{ tree: unknown }>(tie => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue(),
      fc.dictionary(keys, tie('tree')),
      fc.array(tie('tree'), { maxLength: 3 }),
    ),
  }))
  const any = fc.oneof(
    fc.string({ unit: anyCharacter }),
    mutated,
    tree.map(value => JSON.stringify(value) ?? ''),
  )
  fc.assert(
    fc.property(any, fc.boolean(), (text, dev) => {
      const { settings, issues } = loadMap(text, { file: 'map.yaml', dev, compileScheme: () => [] })
      const lines = text.split('\n').length
      if (settings !== undefined) return issues === undefined
      const placed = issues.every(
        issue =>
          issue.line >= 1 && issue.line <= lines && issue.column >= 1 && issue.message !== '',
      )
      return issues.length > 0 && placed && issues.every(issue => formatIssue(issue) !== '')
    }),
    { numRuns: 400 },
  )
  t.pass('no counter-example')
})

t.test(
  'where only the plain listener is given, no certificate is needed and none serves',
  async t => {
    const listening = (listen: string) => {
      const text = `${HEAD}listen: { ${listen} }\ntrust_proxies: [10.0.0.1]\n${GITHUB}`
      const { settings, issues } = loadMap(text, { file: 'map.yaml', dev: false })
      t.same(issues, undefined, listen)
      return settings?.listen
    }
    const tls = 'tls: [{ cert: a, key: b }]'
    t.match(listening('http: 10.1.2.3:80'), {
      https: undefined,
      http: { host: '10.1.2.3', port: 80 },
    })
    t.match(listening(`http: '[fd00::1]:80', ${tls}`), {
      https: { host: '0.0.0.0', port: 8443 },
      http: { host: 'fd00::1' },
    })
    t.match(listening(tls), { https: { port: 8443 }, http: undefined, proxyProtocol: false })
    for (const host of [
      '127.0.0.1',
      'localhost',
      '172.31.0.1',
      '192.168.0.1',
      '100.64.0.1',
      '[::1]',
    ])
      t.equal(listening(`http: '${host}:81', proxy_protocol: true`)?.http?.port, 81, host)
  },
)
