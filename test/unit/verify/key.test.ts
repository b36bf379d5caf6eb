import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto'
import t from 'tap'
import { CLEAN } from '../../../src/reasons.ts'
import { bindVerifier } from '../../../src/verify/bind.ts'
import { keyProblem } from '../../../src/verify/key.ts'
import type { Scheme } from '../../../src/verify/scheme.ts'
import { compiled, judge, key } from './support.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const short = generateKeyPairSync('rsa', { modulusLength: 1024 })
const p256 = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const p384 = generateKeyPairSync('ec', { namedCurve: 'secp384r1' })
const ed = generateKeyPairSync('ed25519')
const x25519 = generateKeyPairSync('x25519')

const pem = ({ publicKey }: { publicKey: KeyObject }) =>
  String(publicKey.export({ type: 'spki', format: 'pem' }))
const der = ({ publicKey }: { publicKey: KeyObject }) =>
  publicKey.export({ type: 'spki', format: 'der' })
const raw = Buffer.from(ed.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
const scheme = (alg: string, key_format?: Scheme['key_format']): Scheme => ({
  alg,
  from: 'header:x',
  sign: '{body}',
  key_format,
})

t.test('a public key is taken in the form that the scheme says, and in no other', async t => {
  const rows: [Scheme, string | Uint8Array, RegExp | undefined][] = [
    [scheme('ed25519'), pem(ed), undefined],
    [scheme('ed25519'), `\n${pem(ed)}\n`, undefined],
    [scheme('ed25519'), der(ed).toString('base64'), undefined],
    [scheme('ed25519', 'hex'), raw.toString('hex'), undefined],
    [scheme('ed25519', 'hex'), raw.toString('hex').toUpperCase(), undefined],
    [scheme('ed25519', 'hex'), der(ed).toString('hex'), undefined],
    [scheme('ed25519', 'base64'), raw.toString('base64'), undefined],
    [scheme('ed25519', 'base64'), `whpk_${raw.toString('base64')}`, undefined],
    [scheme('ed25519', 'base64url'), raw.toString('base64url'), undefined],
    [scheme('ecdsa-p256-sha256', 'base64'), der(p256).toString('base64'), undefined],
    [scheme('ecdsa-p256-sha256'), pem(p256), undefined],
    [scheme('rsa-sha256'), pem(rsa), undefined],
    [scheme('rsa-pss-sha512'), pem(rsa), undefined],
    [scheme('rsa-sha1', 'hex'), der(rsa).toString('hex'), undefined],
    [scheme('ed25519'), '', /empty/],
    [scheme('ed25519'), 'abc', /no PEM/],
    [scheme('ed25519'), '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----', /no PEM/],
    [scheme('ed25519'), Buffer.from([0xff, 0xfe]), /no text/],
    [scheme('ed25519', 'hex'), pem(ed), /no raw Ed25519 key and no DER in hex/],
    [scheme('ed25519', 'hex'), raw.toString('hex').slice(2), /no raw Ed25519 key/],
    [scheme('ed25519', 'base64'), `${raw.toString('base64')}!`, /no raw Ed25519 key/],
    [scheme('ed25519'), pem(rsa), /type rsa/],
    [scheme('ed25519'), pem(x25519), /type x25519/],
    [scheme('ecdsa-p256-sha256'), pem(p384), /type ec/],
    [scheme('rsa-sha256'), pem(short), /1024 bits, fewer than 2048/],
  ]
  for (const [one, bytes, expected] of rows) {
    const problem = keyProblem(compiled(one), Buffer.from(bytes))
    if (expected === undefined) t.equal(problem, undefined, `${one.alg} ${one.key_format}`)
    else t.match(problem, expected)
  }
})

t.test(
  'an RSA-PSS key that says what it is for verifies nothing else, and throws at nobody',
  async t => {
    // the declared types know only one use of these options
    const make = generateKeyPairSync as (type: string, how: object) => { publicKey: KeyObject }
    const made = (as: object) => make('rsa-pss', { modulusLength: 2048, ...as })
    const bound = (hash: string, saltLength = 32) =>
      made({ hashAlgorithm: hash, mgf1HashAlgorithm: hash, saltLength })
    const free = made({})
    const jwt = (alg: string): Scheme => ({ alg: 'jwt', from: 'header:x', algs: [alg] })
    const rows: [Scheme, { publicKey: KeyObject }, RegExp | undefined][] = [
      [scheme('rsa-pss-sha512'), free, undefined],
      [scheme('rsa-pss-sha512'), bound('sha512'), undefined],
      [scheme('rsa-pss-sha512'), bound('sha256'), /does not verify with/],
      [jwt('PS512'), bound('sha256'), /does not verify with/],
      [jwt('PS256'), bound('sha512'), /does not verify with/],
      [jwt('PS256'), bound('sha256', 40), /does not verify with/],
      [jwt('PS256'), bound('sha256'), undefined],
    ]
    for (const [one, pair, expected] of rows) {
      const problem = keyProblem(compiled(one), Buffer.from(pem(pair)))
      if (expected === undefined) t.equal(problem, undefined)
      else t.match(problem, expected)
    }
  },
)

t.test('a private key is refused, and not repeated', async t => {
  for (const pair of [ed, rsa, p256]) {
    const secret = String(pair.privateKey.export({ type: 'pkcs8', format: 'pem' }))
    for (const alg of ['ed25519', 'rsa-sha256', 'ecdsa-p256-sha256']) {
      const problem = keyProblem(compiled(scheme(alg)), Buffer.from(secret)) ?? ''
      t.match(problem, /this is a private key/)
      t.notMatch(problem, secret.slice(60, 90))
    }
  }
})

t.test('a secret that a plain hash or a name and password cannot use is told', async t => {
  const hash: Scheme = { alg: 'sha256', from: 'header:x', sign: '{secret|unhex}{body}' }
  t.equal(keyProblem(compiled(hash), Buffer.from('6162')), undefined)
  t.match(keyProblem(compiled(hash), Buffer.from('xyz')), /cannot be decoded by 'unhex'/)
  t.match(keyProblem(compiled(hash), Buffer.from('')), /empty/)
  const basic = compiled({ alg: 'basic', from: 'header:x' }, { values: { username: 'a' } })
  t.equal(keyProblem(basic, Buffer.from('\u00e9\n')), undefined, 'it travels in base64')
  t.match(keyProblem(basic, Buffer.from('')), /empty/)
  const nfkd = compiled({
    alg: 'hmac-sha256',
    from: 'header:x',
    sign: '{body}',
    key: '{secret|nfkd}',
  })
  t.equal(keyProblem(nfkd, Buffer.from('\ufb01\u00c5')), undefined)
  t.match(keyProblem(nfkd, Buffer.from([0xff])), /cannot be decoded by 'nfkd'/)
  const mac = createHmac('sha256', 'fiA\u030a').update('{}').digest('hex')
  const verifier = bindVerifier(nfkd, [key('\ufb01\u00c5')])
  t.equal(judge(verifier, { headers: [['x', mac]], body: '{}' }).verdict, CLEAN, 'taken apart')
})
