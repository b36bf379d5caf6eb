import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { Head } from '../../../src/head.ts'
import { PRESETS } from '../../../src/presets/presets.ts'
import { CLEAN, type Verdict } from '../../../src/reasons.ts'
import type { Request } from '../../../src/sign/draft.ts'
import { shed } from '../../../src/sign/shed.ts'
import { signRequest } from '../../../src/sign/sign.ts'
import { bindVerifier } from '../../../src/verify/bind.ts'
import { compileScheme } from '../../../src/verify/compile.ts'
import type { Scheme } from '../../../src/verify/scheme.ts'
import type { Key } from '../../../src/verify/verifier.ts'
import { SENDERS } from '../../signers/senders.ts'

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5)
const PUBLIC_URL = 'https://hooks.example.com'
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 })
const LARGE = generateKeyPairSync('ec', { namedCurve: 'P-521' })
const EC = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ED = generateKeyPairSync('ed25519')
const VALUES = {
  key_id: 'key-1',
  webhook_id: 'hook-1',
  cert_url: 'https://example.com/cert.pem',
  topic_arn: 'arn:aws:sns:eu-central-1:123456789012:hooks',
  username: 'hooks',
}

function pairOf({ alg, algs = [] }: Scheme): { publicKey: KeyObject; privateKey: KeyObject } {
  const name = [alg, ...algs].join()
  if (/rsa|RS|PS/.test(name)) return RSA
  if (name.includes('ES512')) return LARGE
  return /ecdsa|ES/.test(name) ? EC : ED
}

/** A scheme with all that it needs: what signs, and what verifies. */
function sender(scheme: Scheme, secret: Uint8Array, values: Record<string, string> = VALUES) {
  const asymmetric = /^(?:rsa|ec|ed)/.test(scheme.alg)
  const pem: Scheme = asymmetric ? { ...scheme, key_format: 'pem' } : scheme
  const compiled = compileScheme(pem, { publicUrl: PUBLIC_URL, values })
  assert(!Array.isArray(compiled), JSON.stringify(compiled))
  const byKey = compiled.proves === 'public_key'
  const { publicKey, privateKey } = pairOf(scheme)
  const shown = Buffer.from(publicKey.export({ format: 'pem', type: 'spki' }))
  const key: Key = { bytes: byKey ? shown : secret, place: 'current', until: undefined }
  const verifier = bindVerifier(compiled, [key])
  let made = 0
  return {
    compiled,
    sign: (request: Request, now = NOW): Request => {
      const signer = {
        scheme: pem,
        compiled,
        secret: byKey ? undefined : secret,
        privateKey: byKey ? privateKey : undefined,
      }
      const signed = signRequest(signer, request, { now, fresh: () => `fresh-${made++}` })
      assert(!('problem' in signed), JSON.stringify(signed))
      return signed
    },
    judge: ({ method, target, headers, body }: Request): Verdict => {
      const check = verifier.open(new Head(method, target, headers.flat()), NOW)
      if (typeof check === 'string') return check
      check.update(body)
      return check.final([body])
    },
  }
}

function post(body: string | Uint8Array, target = '/in/acme?a=1'): Request {
  return { method: 'POST', target, headers: [['X-Given', 'yes']], body: Buffer.from(body) }
}

const plain = { from: 'header:x-sig', sign: '{body}' } as const
const timed = { unit: 's', tolerance: '5m' } as const
/** At least one of each family of the catalog. */
const FAMILIES: Readonly<Record<string, Scheme>> = {
  'a token': { alg: 'token', from: 'header:x-token' },
  'a token in the query': { alg: 'token', from: 'query:token' },
  'a bearer token': { alg: 'token', from: 'header:authorization', items: ['Bearer {sig}'] },
  'Basic credentials': { alg: 'basic', from: 'header:authorization' },
  'a MAC over the body': { ...plain, alg: 'hmac-sha256' },
  'a MAC in base64 with a prefix': {
    ...plain,
    alg: 'hmac-sha512',
    items: ['sig={sig}'],
    encoding: 'base64',
  },
  'a MAC in base64 of hexadecimal': { ...plain, alg: 'hmac-sha1', encoding: 'base64+hex' },
  'a MAC over time and body in one header': {
    alg: 'hmac-sha256',
    from: 'header:x-sig',
    split: ',',
    items: ['t={ts}', 'v1={sig}'],
    sign: '{ts}.{body}',
    timestamp: timed,
  },
  'a MAC over nonce, id and time in headers': {
    alg: 'hmac-sha3-256',
    from: 'header:x-sig',
    encoding: 'base64url',
    sign: '{header:x-id}.{header:x-time}.{header:x-nonce}.{body}',
    timestamp: { from: '{header:x-time}', unit: 'iso', tolerance: '5m' },
  },
  'a derived key': { ...plain, alg: 'hmac-sha1', key: '{secret|append:x|md5|hex}' },
  'method, URL and query': {
    alg: 'hmac-sha256',
    from: 'header:x-sig',
    sign: '{method}{url}\\n{sorted-query}\\n{target}{path}{body}',
  },
  'listed headers': {
    alg: 'hmac-sha256',
    from: 'header:x-sig',
    sign: '{signed-headers:x-list}\\n{body}',
    timestamp: { from: '{header:x-time}', unit: 'ms', tolerance: '30s' },
  },
  'a hash with the secret in it': { alg: 'sha384', from: 'header:x-sig', sign: '{secret}{body}' },
  'a digest of the body': { ...plain, alg: 'hmac-sha256', sign: '{path}{body|sha256|hex}' },
  'a digest of the body in the query': {
    alg: 'hmac-sha1',
    from: 'header:x-sig',
    sign: '{url}',
    require: [['{query:digest}', '{body|sha256|hex}']],
  },
  'a JWT': {
    alg: 'jwt',
    from: 'header:x-jwt',
    algs: ['HS256'],
    max_age: '300s',
    claims: { iss: '{key_id}', hash: { is: '{body|sha256|hex}', when: 'body' }, url: '{url}' },
  },
  'a JWT by a private key': { alg: 'jwt', from: 'header:x-jwt', algs: ['RS256', 'ES256'] },
  'a JWT by an elliptic curve': {
    alg: 'jwt',
    from: 'header:authorization',
    items: ['Bearer {sig}'],
    algs: ['ES256'],
    claims: { hash: '{body|sha256|base64url}' },
  },
  Ed25519: { ...plain, alg: 'ed25519', sign: '{header:x-time}{body}' },
  ECDSA: { ...plain, alg: 'ecdsa-p256-sha256', encoding: 'base64' },
  RSA: { ...plain, alg: 'rsa-sha256', encoding: 'base64', sign: '{body|crc32}|{webhook_id}' },
  'RSA-PSS': { ...plain, alg: 'rsa-pss-sha512', encoding: 'base64' },
  'a body that is a JWT': { alg: 'jwt', from: 'body', algs: ['RS256'] },
}

const SECRET = fc
  .string({ unit: 'grapheme-ascii', minLength: 16, maxLength: 40 })
  .filter(text => text.trim() === text)

for (const [name, scheme] of Object.entries(FAMILIES)) {
  t.test(`${name}: what is signed is accepted, and not with one bit of it changed`, async t => {
    const body = fc.uint8Array({ minLength: scheme.from === 'body' ? 1 : 0, maxLength: 300 })
    fc.assert(
      fc.property(SECRET, body, fc.nat(), (secret, bytes, at) => {
        const { compiled, sign, judge } = sender(scheme, Buffer.from(secret))
        const signed = sign(
          post(scheme.from === 'body' ? Buffer.from(bytes).toString('hex') : bytes),
        )
        assert.equal(judge(signed), CLEAN)
        assert.ok(signed.headers.some(([one, value]) => one === 'X-Given' && value === 'yes'))
        if (!compiled.signsBody || bytes.length === 0 || scheme.from === 'body') return
        const changed = Buffer.from(signed.body)
        const index = at % changed.length
        changed[index] = (changed[index] ?? 0) ^ (1 << (at % 8))
        assert.notEqual(judge({ ...signed, body: changed }), CLEAN)
      }),
      { numRuns: 40 },
    )
    t.pass('no counter-example')
  })
}

for (const [name, scheme] of Object.entries(FAMILIES)) {
  if (scheme.from === 'body') continue // such a body is its signature
  t.test(`${name}: what is shed proves nothing, and is signed again like new`, async t => {
    const old = NOW - 3_600_000
    fc.assert(
      fc.property(SECRET, fc.uint8Array({ maxLength: 300 }), (secret, bytes) => {
        const { compiled, sign, judge } = sender(scheme, Buffer.from(secret))
        const bare = shed(compiled, sign(post(bytes), old))
        assert.match(String(judge(bare)), /_missing$/)
        const text = JSON.stringify([bare.target, bare.headers])
        assert.ok(!text.includes(secret), text)
        assert.equal(judge(sign(bare)), CLEAN)
        assert.deepEqual(shed(compiled, sign(bare, old)), bare)
      }),
      { numRuns: 20 },
    )
    t.pass('no counter-example')
  })
}

t.test('another secret does not verify, whatever the family', async t => {
  for (const [name, scheme] of Object.entries(FAMILIES)) {
    if (pairOf(scheme) !== ED || scheme.alg === 'ed25519') continue
    const signed = sender(scheme, Buffer.from('one-secret-of-16-and-more')).sign(post('{"a":1}'))
    const other = sender(scheme, Buffer.from('another-secret-of-16-and-more'))
    t.match(other.judge(signed), /_mismatch$/, name)
  }
})

t.test('signatures among the fields of a body', async t => {
  const adyen = PRESETS.adyen?.scheme as Scheme
  const text = fc.string({ unit: 'grapheme', maxLength: 20 })
  const item = fc.record({ pspReference: text, merchantReference: text, success: fc.boolean() })
  fc.assert(
    fc.property(fc.array(item, { minLength: 1, maxLength: 4 }), items => {
      const { sign, judge } = sender(adyen, Buffer.from('AB'.repeat(16)))
      const list = items.map(one => ({ NotificationRequestItem: { ...one, eventCode: 'A' } }))
      const signed = sign(post(JSON.stringify({ notificationItems: list })))
      assert.equal(judge(signed), CLEAN)
      const changed = Buffer.from(signed.body)
        .toString()
        .replace('"eventCode":"A"', '"eventCode":"B"')
      assert.equal(judge({ ...signed, body: Buffer.from(changed) }), 'signature_mismatch')
    }),
  )
  const braintree = sender(PRESETS.braintree?.scheme as Scheme, Buffer.from('x'.repeat(20)))
  const signed = braintree.sign(post('bt_payload=a%2Bb%0A&bt_signature=old'))
  t.equal(braintree.judge(signed), CLEAN)
  t.match(
    Buffer.from(signed.body).toString(),
    /^bt_payload=a%2Bb%0A&bt_signature=key-1%7C[0-9a-f]{40}$/,
  )
})

t.test('every preset signs what it verifies', async t => {
  for (const [name, { scheme }] of Object.entries(PRESETS)) {
    const { secret, values = {}, compose } = SENDERS[name] ?? { secret: '' }
    const { jwks: _, public_key: __, ...named } = values
    const { sign, judge } = sender(scheme, Buffer.from(secret), named)
    const signed = sign(post(compose?.('a text', NOW) ?? '{"id":1}', '/in/acme'))
    t.equal(judge(signed), CLEAN, name)
  }
})

t.test('a time, an id or a header that was given stays', async t => {
  const { sign } = sender(
    PRESETS['standard-webhooks']?.scheme as Scheme,
    Buffer.from('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'),
  )
  const given: [string, string][] = [
    ['Webhook-Id', 'msg_mine'],
    ['Webhook-Timestamp', '1700000000'],
  ]
  const { headers } = sign({ ...post('{}'), headers: given })
  t.same(headers.slice(0, 2), given)
  t.equal(headers.length, 3, 'the signature alone is added')
})

t.test('what cannot be signed is said', async t => {
  const problem = (
    scheme: Scheme,
    request: Request,
    keys: { secret?: string; privateKey?: KeyObject },
  ) => {
    const compiled = compileScheme(scheme, { publicUrl: PUBLIC_URL, values: VALUES })
    assert(!Array.isArray(compiled))
    const { secret, privateKey } = keys
    const bytes = secret === undefined ? undefined : Buffer.from(secret)
    const signed = signRequest({ scheme, compiled, secret: bytes, privateKey }, request, {
      now: NOW,
      fresh: () => 'fresh',
    })
    return 'problem' in signed ? signed.problem : 'signed'
  }
  const hmac: Scheme = { ...plain, alg: 'hmac-sha256' }
  const rsa: Scheme = { ...plain, alg: 'rsa-sha256' }
  const fields: Scheme = { ...plain, alg: 'hmac-sha256', from: 'form:sig', sign: '{form:id}' }
  const json: Scheme = { alg: 'hmac-sha256', from: 'json:sig', sign: '{json:id}' }
  const secret = 'a-secret-of-16-and-more'
  t.match(problem(hmac, post(''), {}), /no secret/)
  t.match(problem(rsa, post(''), {}), /private key: give one/)
  t.match(problem(rsa, post(''), { privateKey: ED.privateKey }), /type ed25519/)
  t.match(problem({ ...hmac, key: '{secret|unhex}' }, post(''), { secret }), /decoded by 'unhex'/)
  t.match(problem(fields, post('other=1'), { secret }), /\{form:id\} is signed/)
  t.match(problem(json, post('[1]'), { secret }), /none of the fields|no JSON object/)
  t.match(
    problem(PRESETS.adyen?.scheme as Scheme, post('{}'), { secret: 'AB'.repeat(16) }),
    /no list/,
  )
  t.match(
    problem({ alg: 'jwt', from: 'header:x', algs: ['HS256'] }, post(''), { secret }),
    /^signed$/,
  )
})
