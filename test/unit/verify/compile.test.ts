import { readFileSync } from 'node:fs'
import t from 'tap'
import { compileScheme, SCHEME_KEYS } from '../../../src/verify/compile.ts'
import { type CompiledScheme, HMAC_HASHES } from '../../../src/verify/compiled.ts'
import { FILTERS } from '../../../src/verify/filters.ts'
import type { Scheme } from '../../../src/verify/scheme.ts'
import { RESERVED } from '../../../src/verify/template.ts'

const plain: Scheme = { alg: 'hmac-sha256', from: 'header:X-Sig', sign: '{body}' }
const token: Scheme = { alg: 'token', from: 'header:X-Token' }
const timed: Scheme = {
  alg: 'hmac-sha256',
  from: 'header:X-Sig',
  split: ',',
  items: ['t={ts}', 'v1={sig}'],
  sign: '{ts}.{body}',
  timestamp: { unit: 's', tolerance: '5m' },
}

function compiled(scheme: Scheme, publicUrl?: string): CompiledScheme {
  const result = compileScheme(scheme, { publicUrl })
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

const LATER_SCHEMES: [object, string][] = [
  [{ ...plain, alg: 'jwt' }, "alg:1 'jwt' is not supported yet"],
  [{ ...plain, alg: 'ed25519' }, "alg:1 'ed25519' is not supported yet"],
  [{ alg: 'basic', from: 'header:Authorization' }, "alg:1 'basic' is not supported yet"],
  [{ ...plain, alg: 'sha256' }, "alg:1 'sha256' is not supported yet"],
  [{ ...plain, require: [['a', 'b']] }, "require:1 'require' is not supported yet"],
  [{ ...plain, each: 'x' }, "each:1 'each' is not supported yet"],
  [{ ...plain, from: 'form:sig' }, "from:1 'form' here is not supported yet"],
  [{ ...plain, from: 'json:a.b' }, "from:1 'json' here is not supported yet"],
  [{ ...plain, from: 'body' }, "from:1 'body' here is not supported yet"],
  [{ ...plain, from: ['header:a', 'header:b'] }, 'from:1 a list of places is not supported yet'],
  [{ ...plain, sign: '{method}{sorted-form:sort}' }, 'sign:10 {sorted-form} is not supported yet'],
  [{ ...plain, sign: '{json:a.b}' }, 'sign:2 {json} is not supported yet'],
  [{ ...plain, sign: '{key_id}{body}' }, 'sign:2 {key_id} is not supported yet'],
  [{ ...plain, items: ['{key_id}:{sig}'] }, 'items[0]:2 {key_id} is not supported yet'],
  [{ ...plain, sign: '{body|crc32}' }, "sign:7 the filter 'crc32' is not supported yet"],
  [{ ...plain, key: '{secret|nfkd}' }, "key:9 the filter 'nfkd' is not supported yet"],
  [
    { ...plain, sign: 'a{body|lower}' },
    'sign:3 {body|lower}, with anything but a hash first, is not supported yet',
  ],
]

const WRONG_SCHEMES: [object, string][] = [
  [
    { ...plain, alg: 'hmac-sha265' },
    "alg:1 unknown algorithm 'hmac-sha265': expected hmac-sha1, hmac-sha256, hmac-sha384, hmac-sha512, hmac-md5, hmac-sha3-256, token (hmac-sha256?)",
  ],
  [
    { ...plain, alg: 'hmac-toString' },
    "alg:1 unknown algorithm 'hmac-toString': expected hmac-sha1, hmac-sha256, hmac-sha384, hmac-sha512, hmac-md5, hmac-sha3-256, token",
  ],
  [{ ...plain, itmes: [] }, "itmes:1 unknown key 'itmes' (items?)"],
  [
    { ...plain, from: 'heder:x' },
    "from:1 unknown place 'heder': expected 'header:NAME' or 'query:NAME' (header?)",
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
    'timestamp.from:2 a time comes from a header, the query or a variable of the items',
  ],
  [{ ...token, sign: '{body}' }, 'sign:1 a token signs nothing: leave this out'],
  [{ ...token, encoding: 'hex' }, 'encoding:1 a token is not decoded: leave this out'],
  [
    { ...token, timestamp: { from: '{header:x}', unit: 's', tolerance: '5m' } },
    'timestamp:1 a token signs no time: leave this out',
  ],
]

t.test(
  'what the full language has and this version has not is an issue, never ignored',
  async t => {
    for (const [scheme, expected] of LATER_SCHEMES) t.same(issues(scheme), [expected], expected)
  },
)

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
  t.equal(compiled({ ...plain, sign: '{url}' }, 'https://hooks.example.com').decides, 'at_head')
})

t.test(
  'only what covers the body is called signed, only a signed time has a tolerance',
  async t => {
    t.equal(compiled(plain).signsBody, true)
    t.equal(compiled({ ...plain, sign: '{query:id}' }).signsBody, false)
    t.equal(compiled(token).signsBody, false)
    t.equal(compiled(timed).toleranceMs, 300_000)
    t.equal(compiled(plain).toleranceMs, undefined)
  },
)

t.test('where a token travels in clear is known, so that forwarding can strip it', async t => {
  t.same(compiled(token).credentials, { headers: ['x-token'], query: [] })
  t.same(compiled({ alg: 'token', from: 'query:Key' }).credentials, { headers: [], query: ['Key'] })
  t.same(compiled(plain).credentials, { headers: [], query: [] }, 'a signature may stay')
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
  const algs = words(/^\| `alg` .*$/m.exec(docs)?.[0] ?? '').slice(1)
  t.same(algs, [...Object.keys(HMAC_HASHES).map(hash => `hmac-${hash}`), 'token'])
  const sources = [...section('Templates').matchAll(/^\| (.*?) \|/gm)].flatMap(row =>
    words(row[1] ?? ''),
  )
  const named = sources.filter(source => /^\{[a-z]+\}$/.test(source)).map(s => s.slice(1, -1))
  t.same(named.filter(name => !['ts', 'nonce'].includes(name)).sort(), [...RESERVED].sort())
  t.ok(sources.includes('{header:NAME}') && sources.includes('{query:NAME}'))
  const filters = words(/^Filters: [^.]*/m.exec(docs)?.[0] ?? '').map(word => word.split(':')[0])
  t.same(filters.sort(), [...FILTERS, 'key'].sort(), 'the sentence also says `key`')
})
