import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { ALGS, JWT_ALGS } from '../../../src/verify/alg.ts'
import { compileScheme } from '../../../src/verify/compile.ts'
import type { CompiledScheme, CompileOptions } from '../../../src/verify/compiled.ts'
import { FILTERS } from '../../../src/verify/filters.ts'
import { ARGUED, BARE, CONFIGURED } from '../../../src/verify/names.ts'
import type { Scheme } from '../../../src/verify/scheme.ts'
import { SCHEME_KEYS } from '../../../src/verify/taken.ts'

const ALL: CompileOptions = {
  publicUrl: 'https://hooks.example.com',
  values: { key_id: 'k', webhook_id: 'w', cert_url: 'c', topic_arn: 't', username: 'u' },
}
const plain: Scheme = { alg: 'hmac-sha256', from: 'header:X-Sig', sign: '{body}' }
const token: Scheme = { alg: 'token', from: 'header:X-Token' }
const hash: Scheme = { alg: 'sha256', from: 'header:X-Sig', sign: '{secret}{body}' }
const signature: Scheme = { alg: 'rsa-sha256', from: 'header:X-Sig', sign: '{body}' }
const jwt: Scheme = { alg: 'jwt', from: 'header:X-Jwt', algs: ['HS256'] }
const timed: Scheme = {
  alg: 'hmac-sha256',
  from: 'header:X-Sig',
  split: ',',
  items: ['t={ts}', 'v1={sig}'],
  sign: '{ts}.{body}',
  timestamp: { unit: 's', tolerance: '5m' },
}

function compiled(scheme: Scheme, options: CompileOptions = {}): CompiledScheme {
  const result = compileScheme(scheme, options)
  if (Array.isArray(result)) throw new Error(JSON.stringify(result))
  return result
}

/** `key:column message`, and what was meant, as an operator would read it. */
function issues(scheme: object): string[] {
  const result = compileScheme(scheme as Scheme)
  if (!Array.isArray(result)) return []
  return result.map(({ key, column, message, meant }) =>
    meant === undefined ? `${key}:${column} ${message}` : `${key}:${column} ${message} (${meant}?)`,
  )
}

const WRONG_SCHEMES: [object, string][] = [
  [
    { ...plain, alg: 'hmac-sha265' },
    `alg:1 unknown algorithm 'hmac-sha265': expected ${ALGS.join(', ')} (hmac-sha256?)`,
  ],
  [
    { ...plain, alg: 'hmac-toString' },
    `alg:1 unknown algorithm 'hmac-toString': expected ${ALGS.join(', ')}`,
  ],
  [{ ...plain, itmes: [] }, "itmes:1 unknown key 'itmes' (items?)"],
  [
    { ...plain, from: 'heder:x' },
    "from:1 unknown place 'heder': expected 'header:NAME', 'query:NAME', 'form:NAME', 'json:NAME' or 'body' (header?)",
  ],
  [{ ...plain, from: 'header:' }, "from:1 which header? Write 'header:NAME'"],
  [{ ...plain, from: 'header:X Sig' }, "from:8 'X Sig' cannot be the name of a header"],
  [{ ...plain, split: '' }, 'split:1 name at least one character, or leave it out'],
  [
    { ...plain, encoding: 'base46' },
    "encoding:1 unknown encoding 'base46': expected hex, base64, base64url, base64+hex (base64?)",
  ],
  [{ ...plain, sign: undefined }, "sign:1 an HMAC needs what is signed, such as '{body}'"],
  [
    { ...plain, sign: 'v1' },
    "sign:1 nothing of the delivery is signed: name at least one source, such as '{body}'",
  ],
  [{ ...plain, sign: 'v0:{bdoy}' }, "sign:5 unknown name 'bdoy' (body?)"],
  [{ ...plain, sign: '{ts}.{body}' }, "sign:2 unknown name 'ts'"],
  [{ ...plain, sign: '{body' }, 'sign:1 this { is never closed'],
  [{ ...plain, sign: 'a}{body}' }, 'sign:2 this } closes nothing'],
  [
    { ...plain, sign: '{body}\\d' },
    "sign:7 unknown escape '\\d': known are \\n \\r \\t \\\\ \\{ \\}",
  ],
  [{ ...plain, sign: '{body:x}' }, 'sign:6 {body} takes nothing after a colon'],
  [{ ...plain, sign: '{header}{body}' }, "sign:2 which header? Write 'header:NAME'"],
  [{ ...plain, sign: '{body}{body}' }, 'sign:8 {body} can stand here only once'],
  [
    { ...plain, sign: '{body}{secret}' },
    "sign:8 an HMAC takes its secret as the key: write {secret} in 'key'",
  ],
  [
    { ...plain, sign: '{url}{body}' },
    "sign:2 {url} needs 'public_url': what senders call, as they sign it",
  ],
  [{ ...plain, sign: '{body|sha256|hxe}' }, "sign:14 unknown filter 'hxe' (hex?)"],
  [{ ...plain, sign: '{body|sha256:x}' }, "sign:13 the filter 'sha256' takes no text"],
  [
    { ...plain, sign: '{header:a|append}{body}' },
    "sign:11 the filter 'append' needs a text, as in 'append:text'",
  ],
  [
    { ...plain, sign: '{header:a|strip:x+}{body}' },
    'sign:17 a pattern can only strip a secret; here, write plain text',
  ],
  [{ ...plain, key: '{secret|strip:(}' }, "key:15 '(' is not a regular expression"],
  [{ ...plain, key: 'fixed' }, 'key:1 the key does not use {secret}: anybody could sign with it'],
  [
    { ...plain, key: '{secret}{header:x}' },
    'key:10 a key is made of the secret alone, never of what a sender wrote',
  ],
  [
    { ...plain, items: ['t={ts}'] },
    'items:1 no pattern holds {sig}, so no signature would be found',
  ],
  [
    { ...plain, items: ['{sig}', 'v1'] },
    'items[1]:1 a pattern needs {sig} or a variable such as {ts}',
  ],
  [
    { ...plain, items: ['{a}{sig}'] },
    'items[0]:5 nothing separates {sig} from the field before it',
  ],
  [{ ...plain, items: ['{sig}:{sig}'] }, 'items[0]:8 {sig} stands twice in one pattern'],
  [
    { ...plain, items: ['{body}:{sig}'] },
    'items[0]:2 {body} has a meaning of its own: name the variable differently',
  ],
  [
    { ...plain, items: ['{T s}={sig}'] },
    "items[0]:2 'T s' cannot name a variable: a-z, then a-z, 0-9 and _",
  ],
  [
    { ...plain, split: ' ,', items: ['v1,{sig}'] },
    "items[0]:3 can never match: items are split at ','",
  ],
  [
    { ...timed, timestamp: { unit: 'sec', tolerance: '5m' } },
    "timestamp.unit:1 unknown unit 'sec': expected s, ms, iso, http",
  ],
  [
    { ...timed, timestamp: { unit: 's', tolerance: '5 min' } },
    "timestamp.tolerance:1 '5 min' allows no time: expected a duration such as '300s' or '5m'",
  ],
  [
    { ...timed, timestamp: { unit: 's', tolerance: '0s' } },
    "timestamp.tolerance:1 '0s' allows no time: expected a duration such as '300s' or '5m'",
  ],
  [
    { ...timed, timestamp: { unit: 's', tolerance: '5m', form: '{ts}' } },
    "timestamp.form:1 unknown key 'form' (from?)",
  ],
  [{ ...plain, timestamp: { unit: 's', tolerance: '5m' } }, "timestamp.from:2 unknown name 'ts'"],
  [
    { ...plain, timestamp: { from: '{header:x-time}', unit: 's', tolerance: '5m' } },
    "timestamp.from:2 this time is not part of 'sign', so it would prove nothing",
  ],
  [
    { ...plain, timestamp: { from: '{body}', unit: 's', tolerance: '5m' } },
    'timestamp.from:2 a time comes from a header, the query, a field of the body or a variable of the items',
  ],
  [{ ...token, sign: '{body}' }, 'sign:1 a token signs nothing: leave this out'],
  [{ ...token, encoding: 'hex' }, 'encoding:1 a token is not decoded: leave this out'],
  [
    { ...token, timestamp: { from: '{header:x}', unit: 's', tolerance: '5m' } },
    'timestamp:1 a token signs no time: leave this out',
  ],
  [{ ...plain, from: [] }, 'from:1 name at least one place'],
  [{ ...plain, from: ['header:a', 'form:'] }, "from[1]:1 which form? Write 'form:NAME'"],
  [{ ...plain, from: 'json:a..b' }, "from:6 'a..b' is no path: names with one dot between them"],
  [{ ...plain, from: 'body' }, 'from:1 only a JWT can be the body itself'],
  [{ ...plain, sign: '{form}' }, "sign:2 which form? Write 'form:NAME'"],
  [{ ...plain, sign: '{json:}' }, "sign:2 which json? Write 'json:NAME'"],
  [{ ...plain, sign: '{sns:x}' }, 'sign:5 {sns} takes nothing after a colon'],
  [
    { ...plain, sign: '{sorted-form:unic}' },
    "sign:14 unknown order 'unic': expected sort, uniq (uniq?)",
  ],
  [
    { ...plain, sign: '{signed-headers}{body}' },
    "sign:2 which header lists them? Write 'signed-headers:NAME'",
  ],
  [
    { ...plain, sign: '{signed-headers:a b}{body}' },
    "sign:17 'a b' cannot be the name of a header",
  ],
  [
    { ...plain, sign: '{key_id}{body}' },
    "sign:2 {key_id} needs 'key_id' in the entry of the provider",
  ],
  [{ ...plain, sign: '{keyid}{body}' }, "sign:2 unknown name 'keyid' (key_id?)"],
  [
    { ...plain, sign: '{body|nfkd}' },
    "sign:7 'nfkd' is for a secret, so it can stand in 'key' alone",
  ],
  [
    { ...plain, items: ['k={key_id};{sig}'] },
    "items[0]:4 {key_id} needs 'key_id' in the entry of the provider",
  ],
  [
    { ...plain, items: ['{cert_url};{sig}'] },
    'items[0]:2 {cert_url} has a meaning of its own: name the variable differently',
  ],
  [{ ...plain, require: [['{heder:x}', 'a']] }, "require[0][0]:2 unknown name 'heder' (header?)"],
  [
    { ...plain, sign: '{header:date}', require: [['{header:digest}', '{body|sha256|hex}']] },
    "require[0][0]:2 this is not part of 'sign', so it would prove nothing about the body",
  ],
  [
    {
      ...plain,
      sign: '{signed-headers:x-list}',
      require: [['{header:x-digest}', '{body|sha256|hex}']],
    },
    "require[0][0]:2 this is not part of 'sign', so it would prove nothing about the body",
  ],
  [
    { alg: 'token', from: 'header:x', require: [['{sorted-form}', '{header:y}']] },
    "require[0][1]:2 this is not part of 'sign', so it would prove nothing about the body",
  ],
  [
    { ...plain, require: [['{secret}', '{header:x}']] },
    'require[0][0]:2 a secret is compared nowhere but in a token',
  ],
  [
    { ...plain, item: 'a' },
    "item:1 'item' is a path within the elements of 'each', which is missing",
  ],
  [
    { ...plain, each: 'items' },
    "each:1 nothing is read of an element: name a field, such as '{json:id}'",
  ],
  [{ ...plain, key_format: 'hex' }, "key_format:1 'key_format' means nothing with 'hmac-sha256'"],
  [{ ...plain, algs: ['HS256'] }, "algs:1 'algs' means nothing with 'hmac-sha256'"],
  [{ ...hash, sign: '{body}' }, 'sign:1 a plain hash without {secret}: anybody could sign'],
  [{ ...hash, key: '{secret}' }, "key:1 a plain hash has no key: write {secret} in 'sign'"],
  [{ ...hash, sign: undefined }, "sign:1 a hash needs what is signed, such as '{body}'"],
  [
    { ...hash, sign: '{secret}' },
    "sign:1 nothing of the delivery is signed: name at least one source, such as '{body}'",
  ],
  [{ ...signature, sign: undefined }, "sign:1 a signature needs what is signed, such as '{body}'"],
  [
    { ...signature, sign: '{body}{secret}' },
    'sign:8 a public key proves the sender: there is no secret to sign',
  ],
  [{ ...signature, key: '{secret}' }, 'key:1 a public key proves the sender: leave this out'],
  [
    { ...signature, key_format: 'der' },
    "key_format:1 unknown key format 'der': expected pem, hex, base64, base64url",
  ],
  [
    { ...jwt, algs: undefined },
    'algs:1 a JWT must not choose how it is verified: name its algorithms',
  ],
  [{ ...jwt, algs: [] }, 'algs:1 a JWT must not choose how it is verified: name its algorithms'],
  [
    { ...jwt, algs: ['HS256', 'none'] },
    "algs[1]:1 unknown algorithm 'none': expected HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA",
  ],
  [
    { ...jwt, algs: ['HS256', 'RS256'] },
    'algs:1 HS* and algorithms of public keys exclude each other',
  ],
  [{ ...jwt, sign: '{body}' }, 'sign:1 a JWT says itself what is signed: leave this out'],
  [{ ...jwt, encoding: 'hex' }, 'encoding:1 a JWT has its own encoding: leave this out'],
  [
    { ...jwt, timestamp: { from: '{header:x}', unit: 's', tolerance: '5m' } },
    "timestamp:1 the times of a JWT are its claims: see 'max_age'",
  ],
  [{ ...jwt, each: 'a' }, "each:1 'each' means nothing with 'jwt'"],
  [
    { ...jwt, max_age: '5 min' },
    "max_age:1 '5 min' allows no time: expected a duration such as '300s' or '5m'",
  ],
  [
    { ...jwt, claims: { exp: '1' } },
    "claims.exp:1 'exp' is a time, which is checked always: see 'max_age'",
  ],
  [{ ...jwt, claims: { hash: '{bdy}' } }, "claims.hash:2 unknown name 'bdy' (body?)"],
  [{ ...jwt, claims: { hash: '{secret}' } }, 'claims.hash:2 a claim is no secret'],
  [
    { ...jwt, claims: { hash: { is: '{bdy}', when: 'body' } } },
    "claims.hash.is:2 unknown name 'bdy' (body?)",
  ],
  [
    { ...jwt, claims: { hash: { is: 'a', when: 'always' } } },
    "claims.hash.when:1 unknown condition 'always': expected body",
  ],
  [
    { ...jwt, claims: { hash: { is: 'a', when: 'body', iss: 'b' } } },
    "claims.hash.iss:1 unknown key 'iss' (is?)",
  ],
  [
    { alg: 'basic', from: 'header:Authorization' },
    "alg:1 basic needs 'username' in the entry of the provider",
  ],
]

t.test('a mistake is reported with its key, its column and what was meant', async t => {
  for (const [scheme, expected] of WRONG_SCHEMES) t.same(issues(scheme), [expected], expected)
})

t.test('all mistakes of a scheme are reported at once', async t => {
  const found = issues({
    ...plain,
    alg: 'md4',
    from: 'cookie:x',
    sign: '{bdoy|hxe}',
    key: '{sceret}',
  })
  t.same(
    found.map(issue => issue.split(' ')[0]),
    ['alg:1', 'from:1', 'sign:2', 'sign:7', 'key:2'],
  )
})

t.test('when a scheme can judge follows from its templates', async t => {
  t.equal(compiled(token).decides, 'at_head')
  t.equal(compiled(plain).decides, 'at_end')
  t.equal(compiled({ ...plain, sign: '{body|sha256|hex}' }).decides, 'at_end')
  t.equal(compiled({ ...plain, sign: '{method}{query:id}' }).decides, 'at_head')
  const rows: [object, CompiledScheme['decides']][] = [
    [{ ...plain, sign: '{url}{sorted-query}' }, 'at_head'],
    [{ ...plain, from: ['header:a', 'header:b'] }, 'at_end'],
    [{ ...plain, sign: '{body|crc32}{header:a}' }, 'at_end'],
    [{ ...plain, sign: '{body|base64}' }, 'over_whole_body'],
    [{ ...plain, sign: '{url}{sorted-form}' }, 'over_whole_body'],
    [{ ...plain, sign: '{json:a}' }, 'over_whole_body'],
    [{ ...plain, from: 'form:a' }, 'over_whole_body'],
    [{ ...plain, sign: '{json:a}', each: 'b' }, 'over_whole_body'],
    [{ ...plain, sign: '{url}', require: [['{query:a}', 'b']] }, 'at_head'],
    [{ ...plain, sign: '{url}', require: [['{query:a}', '{body|sha256|hex}']] }, 'at_end'],
    [{ ...plain, timestamp: { from: '{json:t}', unit: 's', tolerance: '1m' } }, 'at_end'],
    [hash, 'at_end'],
    [{ ...hash, sign: '{secret}{query:a}' }, 'at_head'],
    [signature, 'at_end'],
    [{ ...signature, alg: 'ed25519' }, 'over_whole_body'],
    [{ ...signature, alg: 'ed25519', sign: '{url}' }, 'at_head'],
    [{ ...signature, alg: 'ed25519', sign: '{url}{body|sha512|hex}' }, 'at_end'],
    [jwt, 'at_head'],
    [{ ...jwt, claims: { url: '{url}' } }, 'at_head'],
    [{ ...jwt, claims: { hash: '{body|sha256|hex}' } }, 'at_end'],
    [{ ...jwt, claims: { iss: { is: 'a', when: 'body' } } }, 'at_end'],
    [{ ...jwt, from: 'body' }, 'over_whole_body'],
    [{ ...token, from: 'json:secret' }, 'over_whole_body'],
    [{ ...token, require: [['{json:a}', 'b']] }, 'over_whole_body'],
    [{ alg: 'basic', from: 'header:authorization' }, 'at_head'],
  ]
  for (const [scheme, decides] of rows) {
    const { decides: found } = compiled(scheme as Scheme, ALL)
    t.equal(found, decides, JSON.stringify(scheme))
  }
})

t.test(
  'every scheme of the collection compiles unchanged, in the mode its sender allows',
  async t => {
    const schemes: Record<string, Scheme> = parse(
      readFileSync('test/fixtures/schemes.yaml', 'utf8'),
    )
    const modes = new Map<string, string[]>()
    for (const [name, scheme] of Object.entries(schemes)) {
      const result = compileScheme(scheme, ALL)
      t.notOk(Array.isArray(result), `${name}: ${JSON.stringify(result)}`)
      if (Array.isArray(result)) continue
      modes.set(result.decides, [...(modes.get(result.decides) ?? []), name])
    }
    t.equal(Object.keys(schemes).length, 170)
    t.same(modes.get('at_head')?.sort(), [
      ...['chargebee', 'gitlab', 'mercadopago', 'plivo-v2', 'telegram'],
    ])
    t.same(modes.get('over_whole_body')?.sort(), [
      ...['adyen', 'aws-sns', 'aws-sns-v1', 'braintree', 'discord', 'kinde', 'mailgun', 'mandrill'],
      ...['meraki', 'opennode', 'plivo-v3', 'signalwire', 'standard-webhooks-asymmetric', 'telnyx'],
      ...['tokenio', 'twilio', 'wix'],
    ])
  },
)

t.test(
  'only what covers the body is called signed, only a signed time has a tolerance',
  async t => {
    t.equal(compiled(plain).signsBody, true)
    t.equal(compiled({ ...plain, sign: '{query:id}' }).signsBody, false)
    t.equal(compiled(token).signsBody, false)
    const covering: [object, boolean][] = [
      [{ ...plain, sign: '{url}{sorted-form}' }, true],
      [{ ...plain, sign: '{json:a}' }, false],
      [{ ...plain, sign: '{form:a}' }, false],
      [{ ...plain, sign: '{json:a}', each: 'b' }, false],
      [{ ...signature, from: 'json:Signature', sign: '{sns}' }, true],
      [{ ...plain, sign: '{url}', require: [['{query:a}', '{body|sha256|hex}']] }, true],
      [{ ...plain, sign: '{url}', require: [['{query:a}', '{json:a}']] }, false],
      [{ ...jwt, claims: { iss: 'a' } }, false],
      [{ ...jwt, claims: { hash: { is: '{body|md5}', when: 'body' } } }, true],
      [{ ...jwt, from: 'body' }, true],
    ]
    for (const [scheme, covers] of covering) {
      t.equal(compiled(scheme as Scheme, ALL).signsBody, covers, JSON.stringify(scheme))
    }
    t.equal(compiled({ ...jwt, max_age: '5m' }).toleranceMs, 300_000)
    t.equal(compiled({ ...jwt, max_age: '5m' }).timed, true)
    t.equal(compiled(jwt).timed, false)
    t.equal(compiled(timed).toleranceMs, 300_000)
    t.equal(compiled(plain).toleranceMs, undefined)
  },
)

t.test('where a token travels in clear is known, so that forwarding can strip it', async t => {
  t.same(compiled(token).credentials, { headers: ['x-token'], query: [] })
  t.same(compiled({ alg: 'token', from: 'query:Key' }).credentials, { headers: [], query: ['Key'] })
  t.same(compiled(plain).credentials, { headers: [], query: [] }, 'a signature may stay')
  const either = compiled({ alg: 'token', from: ['header:X-Secret', 'query:secret'] })
  t.same(either.credentials, { headers: ['x-secret'], query: ['secret'] })
  const basic = compiled({ alg: 'basic', from: 'header:X-Auth' }, ALL)
  t.same(basic.credentials, { headers: ['x-auth'], query: [] })
})

t.test('a fingerprint tells schemes apart, and a new tolerance is not another scheme', async t => {
  const wider = { ...timed, timestamp: { unit: 's', tolerance: '1h' } } as const
  t.equal(compiled(wider).fingerprint, compiled({ ...timed }).fingerprint)
  const others = [
    plain,
    token,
    timed,
    { ...plain, encoding: 'base64' },
    { ...plain, sign: 'a{body}' },
  ]
  t.equal(new Set(others.map(s => compiled(s as Scheme).fingerprint)).size, others.length)
})

t.test('the docs name every key, algorithm, source and filter, and no other', async t => {
  const docs = readFileSync('docs/schemes.md', 'utf8')
  const section = (title: string) => docs.split(`## ${title}\n`)[1]?.split('\n## ')[0] ?? ''
  const first = (text: string) => [...text.matchAll(/^\| (`.*?`) \|/gm)].map(row => row[1] ?? '')
  const words = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(word => word[1] ?? '')

  t.same(first(section('Keys')).flatMap(words), SCHEME_KEYS)
  const row = (key: string) => words(new RegExp(`^\\| \`${key}\` .*$`, 'm').exec(docs)?.[0] ?? '')
  t.same(
    row('alg').filter(word => ALGS.includes(word)),
    ALGS,
  )
  t.same(
    row('algs').slice(1),
    JWT_ALGS.map(({ name }) => name),
  )
  const sources = [...section('Templates').matchAll(/^\| (.*?) \|/gm)]
    .flatMap(row => words(row[1] ?? ''))
    .map(source => source.replace(/^\{|\}$|:.*$/g, ''))
  t.same(
    sources.filter(name => !['ts', 'nonce'].includes(name)).sort(),
    [...ARGUED, ...BARE, ...CONFIGURED].sort(),
  )
  const filters = words(/^Filters: [\s\S]*?\n\n/m.exec(docs)?.[0] ?? '').map(w => w.split(':')[0])
  t.same([...new Set(filters)].sort(), [...FILTERS, 'key'].sort(), 'the sentence also says `key`')
})

t.test('every example of the docs is a scheme without fault', async t => {
  const blocks = [...readFileSync('docs/schemes.md', 'utf8').matchAll(/```yaml\n([\s\S]*?)```/g)]
  const [, families = ''] = blocks.map(([, text = '']) => text)
  const examples: Record<string, Scheme> = parse(families)
  t.ok(Object.keys(examples).length > 10)
  for (const [name, scheme] of Object.entries(examples)) {
    const result = compileScheme(scheme, ALL)
    t.notOk(Array.isArray(result), `${name}: ${JSON.stringify(result)}`)
  }
})
