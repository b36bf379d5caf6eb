import { createHash, createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import t from 'tap'
import { CLEAN, type Verdict } from '../../../src/reasons.ts'
import { bindVerifier } from '../../../src/verify/bind.ts'
import { keyProblem } from '../../../src/verify/key.ts'
import type { Scheme } from '../../../src/verify/scheme.ts'
import type { Key, Verifier } from '../../../src/verify/verifier.ts'
import { ENTRY } from './collection.ts'
import { compiled, judge, key, type Sent } from './support.ts'

const NOW = 1_700_000_000_000
const IAT = NOW / 1000
const SECRET = 'jwt-secret-of-32-characters-0000'
const plain: Scheme = { alg: 'jwt', from: 'header:x-jwt', algs: ['HS256'] }

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const p256 = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const p384 = generateKeyPairSync('ec', { namedCurve: 'secp384r1' })
const p521 = generateKeyPairSync('ec', { namedCurve: 'secp521r1' })
const ed = generateKeyPairSync('ed25519')

const part = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** A token signed with the secret; header and payload as objects, or as the text they are written in. */
function token(
  payload: unknown,
  header: unknown = { alg: 'HS256' },
  secret: string | Buffer = SECRET,
): string {
  const input = `${part(header)}.${part(payload)}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

type How = { readonly hash?: string; readonly padding?: number; readonly saltLength?: number }

/** A token signed with a private key. */
function signed(
  header: object,
  privateKey: KeyObject,
  { hash, ...how }: How,
  payload: object = {},
): string {
  const input = `${part(header)}.${part(payload)}`
  const options = { key: privateKey, dsaEncoding: 'ieee-p1363', ...how } as const
  return `${input}.${sign(hash, Buffer.from(input), options).toString('base64url')}`
}

function bind(scheme: Scheme, ...keys: (string | Key)[]): Verifier {
  const whole = compiled(scheme, ENTRY)
  return bindVerifier(
    whole,
    keys.map(one => (typeof one === 'string' ? key(one) : one)),
  )
}

function pem({ publicKey }: { readonly publicKey: KeyObject }): string {
  return String(publicKey.export({ type: 'spki', format: 'pem' }))
}

function set(...jwks: readonly object[]): Key {
  return { ...key(JSON.stringify({ keys: jwks })), form: 'set' }
}

const shown = (verifier: Verifier, value: string, sent: Partial<Sent> = {}) =>
  judge(verifier, { now: NOW, target: '/in/x', headers: [['x-jwt', value]], ...sent })

t.test('every algorithm verifies what the platform signs, and no other algorithm does', async t => {
  const rows: [string, { publicKey: KeyObject; privateKey: KeyObject }, How][] = [
    ['RS256', rsa, { hash: 'sha256' }],
    ['RS384', rsa, { hash: 'sha384' }],
    ['RS512', rsa, { hash: 'sha512' }],
    ['PS256', rsa, { hash: 'sha256', padding: 6, saltLength: 32 }],
    ['PS384', rsa, { hash: 'sha384', padding: 6, saltLength: 48 }],
    ['PS512', rsa, { hash: 'sha512', padding: 6, saltLength: 64 }],
    ['ES256', p256, { hash: 'sha256' }],
    ['ES384', p384, { hash: 'sha384' }],
    ['ES512', p521, { hash: 'sha512' }],
    ['EdDSA', ed, {}],
  ]
  for (const [alg, pair, how] of rows) {
    const good = signed({ alg }, pair.privateKey, how)
    const verifier = bind({ ...plain, algs: [alg] }, pem(pair))
    t.equal(shown(verifier, good).verdict, CLEAN, alg)
    const other = good.at(-2) === 'A' ? 'Q' : 'A'
    t.not(
      shown(verifier, good.slice(0, -2) + other + good.slice(-1)).verdict,
      CLEAN,
      `${alg}, forged`,
    )
    for (const [other, otherPair] of rows) {
      if (other === alg) continue
      const foreign = bind({ ...plain, algs: [other] }, pem(otherPair))
      t.equal(shown(foreign, good).verdict, 'signature_malformed', `${alg} where ${other} is due`)
      if (otherPair !== pair) continue
      const renamed = `${part({ alg: other })}.${good.split('.').slice(1).join('.')}`
      t.equal(shown(foreign, renamed).verdict, 'signature_mismatch', `${alg} called ${other}`)
    }
  }
  for (const [alg, hash] of [
    ['HS256', 'sha256'],
    ['HS384', 'sha384'],
    ['HS512', 'sha512'],
  ] as const) {
    const input = `${part({ alg })}.${part({})}`
    const mac = createHmac(hash, SECRET).update(input).digest('base64url')
    t.equal(shown(bind({ ...plain, algs: [alg] }, SECRET), `${input}.${mac}`).verdict, CLEAN, alg)
    t.equal(
      shown(bind({ ...plain, algs: [alg] }, `${SECRET}x`), `${input}.${mac}`).verdict,
      'signature_mismatch',
    )
  }
  const wrongSalt = signed({ alg: 'PS256' }, rsa.privateKey, {
    hash: 'sha256',
    padding: 6,
    saltLength: 20,
  })
  t.equal(
    shown(bind({ ...plain, algs: ['PS256'] }, pem(rsa)), wrongSalt).verdict,
    'signature_mismatch',
  )
})

t.test('a token never chooses how it is verified', async t => {
  const verifier = bind({ ...plain, algs: ['RS256'] }, pem(rsa))
  const confused = token({}, { alg: 'HS256' }, pem(rsa))
  t.equal(shown(verifier, confused).verdict, 'signature_malformed', 'the public key as a secret')
  const named = `${part({ alg: 'RS256' })}.${part({})}`
  const mac = createHmac('sha256', pem(rsa)).update(named).digest('base64url')
  t.equal(shown(verifier, `${named}.${mac}`).verdict, 'signature_mismatch')
  const none = (alg: string) => `${part({ alg })}.${part({})}.`
  for (const alg of ['none', 'None', 'NONE', '']) {
    t.equal(shown(verifier, none(alg)).verdict, 'signature_malformed', alg)
    t.equal(shown(bind(plain, SECRET), none(alg)).verdict, 'signature_malformed', alg)
    t.equal(shown(bind(plain, SECRET), token({}, { alg })).verdict, 'signature_malformed', alg)
  }
  const jwk = p256.publicKey.export({ format: 'jwk' })
  const own = signed({ alg: 'ES256', jwk, jku: 'https://a.example', x5u: 'x' }, p256.privateKey, {
    hash: 'sha256',
  })
  const other = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  t.equal(
    shown(bind({ ...plain, algs: ['ES256'] }, pem(other)), own).verdict,
    'signature_mismatch',
    'its own key',
  )
})

t.test('a token is read strictly', async t => {
  const verifier = bind({ ...plain, claims: { iss: 'a' } }, SECRET)
  const good = token({ iss: 'a' })
  const [head = '', payload = '', mac = ''] = good.split('.')
  const rows: [string, string, Verdict][] = [
    ['itself', good, CLEAN],
    ['empty', '', 'signature_missing'],
    ['two parts', `${head}.${payload}`, 'signature_malformed'],
    ['four parts', `${good}.a`, 'signature_malformed'],
    ['five parts', `${good}.a.b`, 'signature_malformed'],
    ['no signature', `${head}.${payload}.`, 'signature_malformed'],
    ['no payload', `${head}..${mac}`, 'signature_malformed'],
    ['no header', `.${payload}.${mac}`, 'signature_malformed'],
    ['dots', '..', 'signature_malformed'],
    ['padding', `${good}=`, 'signature_malformed'],
    ['padding inside', `${head}=.${payload}.${mac}`, 'signature_malformed'],
    ['the other alphabet', `${head}.${payload}.${'+'.repeat(43)}`, 'signature_malformed'],
    ['a blank before', ` ${good}`, 'signature_malformed'],
    ['a blank after', `${good} `, 'signature_malformed'],
    [
      'a line end inside',
      `${head}.${payload}.${mac.slice(0, 20)}\n${mac.slice(20)}`,
      'signature_malformed',
    ],
    [
      'bits beyond the last byte',
      `${good.slice(0, -1)}${good.endsWith('A') ? 'B' : nextDigit(good)}`,
      'signature_malformed',
    ],
    ['a signature too short', `${head}.${payload}.${mac.slice(0, -3)}`, 'signature_malformed'],
    ['a signature too long', `${head}.${payload}.${'A'.repeat(44)}`, 'signature_malformed'],
    ['another signature', `${head}.${payload}.${'A'.repeat(43)}`, 'signature_mismatch'],
    ['bytes beyond ASCII', `${head}.${payload}.\u00e9${mac.slice(1)}`, 'signature_malformed'],
    ['a scheme before it', `Bearer ${good}`, 'signature_malformed'],
    ['huge', 'A'.repeat(1_000_000), 'signature_malformed'],
    [
      'huge parts',
      `${'A'.repeat(300_000)}.${'A'.repeat(300_000)}.${'A'.repeat(300_000)}`,
      'signature_malformed',
    ],
    ['only dots', '.'.repeat(1_000_000), 'signature_malformed'],
    ['a header that is a list', token({ iss: 'a' }, '["HS256"]'), 'signature_malformed'],
    ['a header that is no JSON', token({ iss: 'a' }, '{alg:HS256}'), 'signature_malformed'],
    [
      'an algorithm twice',
      token({ iss: 'a' }, '{"alg":"HS256","alg":"HS256"}'),
      'signature_malformed',
    ],
    [
      'an algorithm that is no text',
      token({ iss: 'a' }, '{"alg":["HS256"]}'),
      'signature_malformed',
    ],
    ['no algorithm', token({ iss: 'a' }, {}), 'signature_malformed'],
    [
      'an extension',
      token({ iss: 'a' }, { alg: 'HS256', crit: ['b64'], b64: false }),
      'signature_malformed',
    ],
    ['no extension', token({ iss: 'a' }, { alg: 'HS256', crit: [] }), 'signature_malformed'],
    [
      'a key id that is no text',
      token({ iss: 'a' }, { alg: 'HS256', kid: {} }),
      'signature_malformed',
    ],
    ['a payload that is a text', token('"a"'), 'signature_malformed'],
    ['a payload that is no JSON', token('{'), 'signature_malformed'],
    ['a payload with a mark before it', token('\ufeff{"iss":"a"}'), 'signature_malformed'],
    ['a claim twice', token('{"iss":"a","iss":"a"}'), 'signature_malformed'],
    ['a claim twice that nobody reads', token('{"iss":"a","sub":1,"sub":2}'), CLEAN],
    ['a claim under another name', token('{"ISS":"a"}'), 'signature_mismatch'],
    ['a claim that is absent', token({}), 'signature_mismatch'],
    ['a claim that is null', token({ iss: null }), 'signature_mismatch'],
    ['a claim that is a list', token({ iss: ['a'] }), 'signature_mismatch'],
    ['a claim that is an object', token({ iss: { a: 'a' } }), 'signature_mismatch'],
    ['a claim of a prototype', token('{"__proto__":{"iss":"a"}}'), 'signature_mismatch'],
  ]
  for (const [label, value, expected] of rows)
    t.equal(shown(verifier, value).verdict, expected, label)
  const latin1 = `${part({ alg: 'HS256' })}.${Buffer.from('{"iss":"\u00e9"}', 'latin1').toString('base64url')}`
  const latin1Mac = createHmac('sha256', SECRET).update(latin1).digest('base64url')
  t.equal(shown(verifier, `${latin1}.${latin1Mac}`).verdict, 'signature_malformed', 'no UTF-8')
  const twice = {
    headers: [
      ['x-jwt', good],
      ['x-jwt', good],
    ] as const,
  }
  t.equal(shown(verifier, '', twice).verdict, 'signature_malformed', 'repeated')
})

/** A last digit with the same bits, and one more that no byte takes. */
function nextDigit(text: string): string {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return digits.charAt(digits.indexOf(text.slice(-1)) + 1)
}

t.test('a token holds while its times say so, give or take a minute', async t => {
  const rows: [object, Verdict, Verdict?][] = [
    [{}, CLEAN, 'timestamp_missing'],
    [{ iat: IAT }, CLEAN],
    [{ iat: IAT, exp: IAT + 1 }, CLEAN],
    [{ iat: IAT, exp: IAT - 59 }, CLEAN],
    [{ iat: IAT, exp: IAT - 60 }, 'timestamp_stale'],
    [{ iat: IAT, nbf: IAT + 60 }, CLEAN],
    [{ iat: IAT, nbf: IAT + 61 }, 'timestamp_future'],
    [{ iat: IAT + 60 }, CLEAN],
    [{ iat: IAT + 61 }, 'timestamp_future'],
    [{ iat: IAT - 300 }, CLEAN],
    [{ iat: IAT - 301 }, CLEAN, 'timestamp_stale'],
    [{ iat: IAT - 0.5, exp: IAT + 0.5 }, CLEAN],
    [{ iat: null }, CLEAN, 'timestamp_missing'],
    [{ iat: String(IAT) }, 'signature_malformed'],
    [{ exp: 'never' }, 'signature_malformed'],
    [{ exp: -1 }, 'signature_malformed'],
    [{ exp: 1e21 }, 'signature_malformed'],
    [{ exp: NOW * 1000 }, 'signature_malformed'],
    [{ exp: {} }, 'signature_malformed'],
    [{ nbf: [IAT] }, 'signature_malformed'],
    [{ nbf: true }, 'signature_malformed'],
  ]
  for (const [payload, expected, aged = expected] of rows) {
    const text = JSON.stringify(payload)
    t.equal(shown(bind(plain, SECRET), token(payload)).verdict, expected, text)
    t.equal(
      shown(bind({ ...plain, max_age: '300s' }, SECRET), token(payload)).verdict,
      aged,
      `${text}, at most 300s old`,
    )
  }
  t.match(shown(bind(plain, SECRET), token({ iat: IAT - 7 })), { verdict: CLEAN, skew: -7_000 })
  const stale = token({ exp: 1 }, { alg: 'HS256' }, 'another')
  t.equal(
    shown(bind(plain, SECRET), stale).verdict,
    'timestamp_stale',
    'before its signature is looked at',
  )
})

t.test('claims are compared as text, an audience with any of those it is for', async t => {
  const claims = { iss: '{key_id}', n: '7', ok: 'true', aud: 'us', url: '{url}' }
  const verifier = bind({ ...plain, claims }, SECRET)
  const good = { iss: 'key-1', n: 7, ok: true, aud: 'us', url: `${ENTRY.publicUrl}/in/x` }
  const rows: [object, Verdict][] = [
    [good, CLEAN],
    [{ ...good, n: '7', ok: 'true' }, CLEAN],
    [{ ...good, aud: ['them', 'us'] }, CLEAN],
    [{ ...good, aud: 'them' }, 'signature_mismatch'],
    [{ ...good, aud: ['them'] }, 'signature_mismatch'],
    [{ ...good, aud: [] }, 'signature_mismatch'],
    [{ ...good, aud: [['us']] }, 'signature_mismatch'],
    [{ ...good, aud: 'us ' }, 'signature_mismatch'],
    [{ ...good, n: 7.5 }, 'signature_mismatch'],
    [{ ...good, iss: 'key-2' }, 'signature_mismatch'],
    [{ ...good, iss: '' }, 'signature_mismatch'],
    [{ ...good, url: `${ENTRY.publicUrl}/in/x?` }, 'signature_mismatch'],
  ]
  for (const [payload, expected] of rows) {
    t.equal(shown(verifier, token(payload)).verdict, expected, JSON.stringify(payload))
  }
})

t.test('a claim about the body is judged with the body, all else before it', async t => {
  const digest = (body: string) => createHash('sha256').update(body).digest('base64')
  const always = bind({ ...plain, claims: { iss: 'a', hash: '{body|sha256|base64}' } }, SECRET)
  const rows: [object, string, Verdict][] = [
    [{ iss: 'a', hash: digest('ab') }, 'ab', CLEAN],
    [{ iss: 'a', hash: digest('') }, '', CLEAN],
    [{ iss: 'a', hash: digest('ab') }, 'abc', 'signature_mismatch'],
    [{ iss: 'a' }, 'ab', 'signature_mismatch'],
    [{ iss: 'b', hash: digest('ab') }, 'ab', 'signature_mismatch'],
  ]
  for (const [payload, body, expected] of rows) {
    const judged = shown(always, token(payload), { body, cuts: [1] })
    t.equal(judged.verdict, expected, `${JSON.stringify(payload)}, ${body}`)
    t.equal(judged.proof?.replay === undefined, expected !== CLEAN)
  }
  const when = bind(
    { ...plain, claims: { hash: { is: '{body|sha256|base64}', when: 'body' } } },
    SECRET,
  )
  t.equal(shown(when, token({ hash: digest('ab') }), { body: 'ab' }).verdict, CLEAN)
  t.equal(shown(when, token({}), { body: '' }).verdict, CLEAN)
  t.equal(shown(when, token({}), { body: 'ab' }).verdict, 'signature_mismatch', 'added on the way')
  t.equal(shown(when, token({ hash: digest('') }), { body: '' }).verdict, 'signature_mismatch')
  t.equal(
    shown(when, token({ hash: null }), { body: '' }).verdict,
    'signature_mismatch',
    'taken away',
  )
  const field = bind({ ...plain, claims: { id: '{json:a.id}' } }, SECRET)
  t.equal(shown(field, token({ id: 7 }), { body: '{"a":{"id":"7"}}' }).verdict, CLEAN)
  t.equal(shown(field, token({ id: 7 }), { body: '{"a":{}}' }).verdict, 'signature_missing')
  t.equal(shown(field, token({ id: 7 }), { body: 'x' }).verdict, 'malformed_body')
})

t.test('of several tokens one has to pass, and four are looked at', async t => {
  const verifier = bind({ ...plain, split: ',', claims: { hash: '{body|md5|hex}' } }, SECRET)
  const hash = createHash('md5').update('ab').digest('hex')
  const [good, stale, foreign] = [
    token({ hash }),
    token({ hash, exp: 1 }),
    token({ hash }, { alg: 'HS256' }, 'x'),
  ]
  const other = token({ hash: '0' })
  const rows: [string[], Verdict][] = [
    [[good], CLEAN],
    [['junk', stale, foreign, good], CLEAN],
    [[other, good], CLEAN],
    [[good, other], CLEAN],
    [[other, foreign], 'signature_mismatch'],
    [['junk', stale], 'timestamp_stale'],
    [[stale, 'junk'], 'timestamp_stale'],
    [['junk', 'a.b.c'], 'signature_malformed'],
    [[good, good, good, good, good], 'signature_malformed'],
    [Array.from({ length: 10_000 }, () => good), 'signature_malformed'],
  ]
  for (const [tokens, expected] of rows) {
    t.equal(
      shown(verifier, tokens.join(', '), { body: 'ab' }).verdict,
      expected,
      tokens.join().slice(0, 60),
    )
  }
})

t.test('a set of keys verifies by the key that the token names', async t => {
  const jwk = (pair: { publicKey: KeyObject }, more: object) => ({
    ...pair.publicKey.export({ format: 'jwk' }),
    ...more,
  })
  const scheme: Scheme = { ...plain, algs: ['ES256', 'RS256'] }
  const verifier = bind(
    scheme,
    set(jwk(p256, { kid: 'a', alg: 'ES256', use: 'sig' }), jwk(rsa, { kid: 'b' })),
  )
  const es = (header: object) =>
    shown(verifier, signed({ alg: 'ES256', ...header }, p256.privateKey, { hash: 'sha256' }))
      .verdict
  t.equal(es({ kid: 'a' }), CLEAN)
  t.equal(es({}), CLEAN, 'without a name every key is tried')
  t.equal(es({ kid: 'b' }), 'signature_mismatch')
  t.equal(es({ kid: 'A' }), 'signature_mismatch')
  t.equal(es({ kid: '__proto__' }), 'signature_mismatch')
  const rs = signed({ alg: 'RS256', kid: 'b' }, rsa.privateKey, { hash: 'sha256' })
  t.equal(shown(verifier, rs).verdict, CLEAN)
  const unnamed = bind(scheme, set(jwk(rsa, {}), jwk(p256, {})))
  t.equal(shown(unnamed, rs).verdict, CLEAN, 'a key without a name is any')
  const bound = bind(scheme, set(jwk(rsa, { alg: 'RS512' }), jwk(p256, {})))
  t.equal(shown(bound, rs).verdict, 'signature_mismatch', 'a key is for its own algorithm')
})

t.test('a body that is the token is judged as a whole', async t => {
  const verifier = bind({ ...plain, from: 'body' }, SECRET)
  const sent = (body: string) => judge(verifier, { headers: [], body, now: NOW, cuts: [3, 9] })
  t.match(sent(token({ iat: IAT })), { verdict: CLEAN, proof: { secret: 'current' }, skew: 0 })
  t.type(sent(token({})).proof?.replay, 'string')
  t.equal(sent(`${token({})}\n`).verdict, 'signature_malformed')
  t.equal(sent('').verdict, 'signature_missing')
  t.equal(sent('{}').verdict, 'signature_malformed')
  t.equal(sent(token({}, { alg: 'HS256' }, 'x')).verdict, 'signature_mismatch')
  t.equal(sent('.'.repeat(1_000_000)).verdict, 'signature_malformed')
  const field = bind({ ...plain, from: 'json:signedPayload' }, SECRET)
  const wrapped = (body: string) => judge(field, { headers: [], body, now: NOW }).verdict
  t.equal(wrapped(JSON.stringify({ signedPayload: token({}) })), CLEAN)
  t.equal(wrapped('{}'), 'signature_missing')
  t.equal(wrapped('x'), 'malformed_body')
  const form = bind({ ...plain, from: 'form:jwt' }, SECRET)
  t.equal(judge(form, { headers: [], body: `jwt=${token({})}`, now: NOW }).verdict, CLEAN)
})

t.test('one signature in two spellings is one delivery', async t => {
  const claims = { hash: '{body|sha256|hex}' }
  const verifier = bind({ ...plain, algs: ['ES256'], claims }, pem(p256))
  const hash = createHash('sha256').update('ab').digest('hex')
  const good = signed({ alg: 'ES256' }, p256.privateKey, { hash: 'sha256' }, { hash })
  const [head, payload, mac = ''] = good.split('.')
  const bytes = Buffer.from(mac, 'base64url')
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const s = order - BigInt(`0x${bytes.subarray(32).toString('hex')}`)
  const other = Buffer.concat([
    bytes.subarray(0, 32),
    Buffer.from(s.toString(16).padStart(64, '0'), 'hex'),
  ])
  const [one, two] = [good, `${head}.${payload}.${other.toString('base64url')}`].map(value =>
    shown(verifier, value, { body: 'ab' }),
  )
  t.equal(one?.verdict, CLEAN)
  t.equal(two?.verdict, CLEAN, 'the other spelling holds')
  t.equal(two?.proof?.replay, one?.proof?.replay)
})

t.test('a secret counts up to its end, and the second under its own place', async t => {
  const keys = [key('new'), key(SECRET, { place: 'previous', until: NOW })]
  t.equal(shown(bind(plain, ...keys), token({})).proof?.secret, 'previous')
  t.equal(shown(bind(plain, ...keys), token({}), { now: NOW + 1 }).verdict, 'signature_mismatch')
  t.equal(shown(bind(plain), token({})).verdict, 'signature_mismatch', 'no secret at all')
  const hexed = bind({ ...plain, key: '{secret|unhex}' }, '61626364')
  t.equal(shown(hexed, token({}, { alg: 'HS256' }, 'abcd')).verdict, CLEAN)
})

t.test('a key that a JWT cannot be verified with is told to the operator', async t => {
  const problem = (scheme: Scheme, bytes: string, form?: 'set') =>
    keyProblem(compiled(scheme), Buffer.from(bytes), form)
  const es: Scheme = { ...plain, algs: ['ES256'] }
  t.equal(problem(es, pem(p256)), undefined)
  t.match(problem(es, pem(rsa)), /type rsa/)
  t.match(problem(es, pem(p384)), /type ec/)
  t.match(problem(es, '{"keys":[]}', 'set'), /no key that fits/)
  t.match(problem(es, '{"keys":{}}', 'set'), /no list 'keys'/)
  t.match(problem(es, '[]', 'set'), /no list 'keys'/)
  t.match(problem(es, '{', 'set'), /no JSON/)
  t.match(problem(es, '', 'set'), /empty/)
  const jwk = p256.publicKey.export({ format: 'jwk' })
  t.equal(problem(es, JSON.stringify({ keys: [{ kty: 'XX' }, jwk, 7, null] }), 'set'), undefined)
  t.match(
    problem(es, JSON.stringify({ keys: [{ ...jwk, use: 'enc' }] }), 'set'),
    /no key that fits/,
  )
  t.match(
    problem(es, JSON.stringify({ keys: [{ ...jwk, alg: 'ES384' }] }), 'set'),
    /no key that fits/,
  )
  t.match(
    problem(es, JSON.stringify({ keys: [p256.privateKey.export({ format: 'jwk' })] }), 'set'),
    /private or secret/,
  )
  t.match(
    problem(es, JSON.stringify({ keys: [jwk, { kty: 'oct', k: 'AAAA' }] }), 'set'),
    /private or secret/,
  )
  t.match(problem(es, JSON.stringify({ keys: Array(17).fill(jwk) }), 'set'), /more than 16/)
})
