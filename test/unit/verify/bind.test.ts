import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { Head } from '../../../src/head.ts'
import { CLEAN, type Verdict } from '../../../src/reasons.ts'
import { bindVerifier } from '../../../src/verify/bind.ts'
import { keyProblem } from '../../../src/verify/key.ts'
import type { Scheme } from '../../../src/verify/scheme.ts'
import { SECRETS, SIGNERS, type Signer } from '../../signers/signers.ts'
import { bound, compiled, judge, key, schemeOf } from './support.ts'

const NOW = 1_700_000_000_000
const TOKENS = ['gitlab', 'telegram']
const plain: Scheme = { alg: 'hmac-sha256', from: 'header:x-sig', sign: '{body}' }
const hex = (text: string | Uint8Array, secret = 'secret'): string =>
  createHmac('sha256', secret).update(text).digest('hex')

for (const [name, sign] of Object.entries(SIGNERS)) {
  const secret = SECRETS[name] ?? ''
  const verifier = bound(schemeOf(name), secret)
  const bodies = fc.uint8Array({ maxLength: 2_000 })
  const cuts = fc.array(fc.nat({ max: 2_000 }), { maxLength: 6 })

  t.test(`${name}: what its sender signs is clean, however the body is cut`, async t => {
    fc.assert(
      fc.property(bodies, cuts, (body, cuts) => {
        const headers = sign(body, secret, NOW)
        const whole = judge(verifier, { headers, body, now: NOW })
        const cut = judge(verifier, { headers, body, now: NOW, cuts })
        assert.deepEqual(cut, whole)
        return whole.verdict === CLEAN && whole.proof?.secret === 'current'
      }),
    )
    t.pass('no counter-example')
  })

  t.test(
    `${name}: nothing that was changed on the way is clean, however the body is cut`,
    async t => {
      const change = fc.record({ what: fc.nat(), at: fc.nat(), to: fc.nat({ max: 61 }) })
      fc.assert(
        fc.property(bodies, cuts, change, (body, cuts, { what, at, to }) => {
          const headers = sign(body, secret, NOW)
          const changed =
            what % 2 === 0 && !TOKENS.includes(name)
              ? { headers, body: flipped(body, at) }
              : { headers: respelled(headers, what, at, to), body }
          fc.pre(changed.headers !== undefined)
          const sent = { headers: changed.headers ?? [], body: changed.body, now: NOW }
          const whole = judge(verifier, sent)
          assert.equal(judge(verifier, { ...sent, cuts }).verdict, whole.verdict)
          return whole.verdict !== CLEAN && whole.proof === undefined
        }),
      )
      t.pass('no counter-example')
    },
  )

  t.test(
    `${name}: another secret proves nothing, a second one proves under its own place`,
    async t => {
      const other = secret.replace(/..$/, 'AA')
      const headers = sign(Buffer.from('{}'), secret, NOW)
      const sent = { headers, body: '{}', now: NOW }
      const mismatch = TOKENS.includes(name) ? 'token_mismatch' : 'signature_mismatch'
      t.equal(judge(bound(schemeOf(name), other), sent).verdict, mismatch)
      t.equal(judge(bound(schemeOf(name)), sent).verdict, mismatch, 'no secret at all')
      const rotated = [key(other), key(secret, { place: 'previous', until: NOW })]
      t.match(judge(bound(schemeOf(name), ...rotated), sent), {
        verdict: CLEAN,
        proof: { secret: 'previous' },
      })
      const ended = [key(other), key(secret, { place: 'previous', until: NOW - 1 })]
      t.equal(judge(bound(schemeOf(name), ...ended), sent).verdict, mismatch, 'after its end')
      t.equal(judge(bound(schemeOf(name), ended[1] ?? other), sent).verdict, mismatch, 'alone')
    },
  )
}

/** The body with one bit turned, or with one byte where there was none. */
function flipped(body: Uint8Array, at: number): Uint8Array {
  if (body.length === 0) return Uint8Array.of(at % 256)
  return body.map((byte, i) => (i === at % body.length ? byte ^ (1 << (at % 8)) : byte))
}

/** The headers with one character exchanged, where that changes what they say. */
function respelled(
  headers: [string, string][],
  what: number,
  at: number,
  to: number,
): [string, string][] | undefined {
  const char = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'.charAt(to)
  const index = what % headers.length
  const [header, value] = headers[index] as [string, string]
  const end = value.includes(',v0=') ? value.indexOf(',v0=') : value.length // v0 is passed over
  const place = at % end
  // hexadecimal digits mean the same in either case
  if (value.charAt(place).toLowerCase() === char.toLowerCase()) return undefined
  const changed = value.slice(0, place) + char + value.slice(place + 1)
  return headers.map((pair, i) => (i === index ? [header, changed] : pair))
}

const HEX = 'ab'.repeat(32)
const B64 = `${'q6ur'.repeat(10)}q6s=`
const HUGE = 'A'.repeat(100_000)
const many = (item: string, separator: string): string =>
  Array.from({ length: 10_000 }, () => item).join(separator)

const MALFORMED: Record<string, [label: string, values: string[], verdict: Verdict][]> = {
  github: [
    ['absent', [], 'signature_missing'],
    ['empty', [''], 'signature_missing'],
    ['well formed', [`sha256=${HEX}`], 'signature_mismatch'],
    ['upper case digits', [`sha256=${HEX.toUpperCase()}`], 'signature_mismatch'],
    ['repeated', [`sha256=${HEX}`, `sha256=${HEX}`], 'signature_malformed'],
    ['repeated, once empty', [`sha256=${HEX}`, ''], 'signature_malformed'],
    ['joined', [`sha256=${HEX}, sha256=${HEX}`], 'signature_malformed'],
    ['without its prefix', [HEX], 'signature_malformed'],
    ['another prefix', [`sha1=${HEX}`], 'signature_malformed'],
    ['prefix in another case', [`SHA256=${HEX}`], 'signature_malformed'],
    ['prefix alone', ['sha256='], 'signature_malformed'],
    ['wrong alphabet', [`sha256=${HEX.slice(0, -1)}g`], 'signature_malformed'],
    ['odd digits', [`sha256=${HEX.slice(1)}`], 'signature_malformed'],
    ['too short', [`sha256=${HEX.slice(2)}`], 'signature_malformed'],
    ['too long', [`sha256=${HEX}00`], 'signature_malformed'],
    ['trailing junk', [`sha256=${HEX}!`], 'signature_malformed'],
    ['leading blank', [`sha256= ${HEX.slice(1)}`], 'signature_malformed'],
    ['inner blank', [`sha256=${HEX.slice(0, 32)} ${HEX.slice(33)}`], 'signature_malformed'],
    ['trailing blank', [`sha256=${HEX} `], 'signature_malformed'],
    ['bytes beyond ASCII', [`sha256=${HEX.slice(1)}\u00e9`], 'signature_malformed'],
    ['full-width digits', [`sha256=${'\u00ff'.repeat(64)}`], 'signature_malformed'],
    ['huge', [`sha256=${HUGE}`], 'signature_malformed'],
    ['10,000 items', [many(`sha256=${HEX}`, ',')], 'signature_malformed'],
  ],
  typeform: [
    ['absent', [], 'signature_missing'],
    ['well formed', [`sha256=${B64}`], 'signature_mismatch'],
    ['repeated', [`sha256=${B64}`, `sha256=${B64}`], 'signature_malformed'],
    ['padding left out', [`sha256=${B64.slice(0, -1)}`], 'signature_malformed'],
    ['padding doubled', [`sha256=${B64}=`], 'signature_malformed'],
    ['bits beyond the last byte', [`sha256=${B64.slice(0, -2)}t=`], 'signature_malformed'],
    ['the alphabet of URLs', [`sha256=${B64.replace('q', '_')}`], 'signature_malformed'],
    ['hexadecimal', [`sha256=${HEX}`], 'signature_malformed'],
    ['inner blanks', [`sha256=${B64.slice(0, 20)}    ${B64.slice(24)}`], 'signature_malformed'],
    ['inner tab', [`sha256=${B64.slice(0, 20)}\t${B64.slice(21)}`], 'signature_malformed'],
    ['a blank more', [`sha256=${B64.slice(0, 20)} ${B64.slice(20)}`], 'signature_malformed'],
    ['trailing junk', [`sha256=${B64}A`], 'signature_malformed'],
    ['bytes beyond ASCII', [`sha256=\u00e9${B64.slice(1)}`], 'signature_malformed'],
    ['huge', [`sha256=${HUGE}`], 'signature_malformed'],
  ],
  stripe: [
    ['absent', [], 'signature_missing'],
    ['well formed', [`t=1700000000,v1=${HEX}`], 'signature_mismatch'],
    ['blanks around items', [`t=1700000000 ,\tv1=${HEX} `], 'signature_mismatch'],
    ['repeated', [`t=1700000000,v1=${HEX}`, 'v1=00'], 'signature_malformed'],
    ['no candidate', ['t=1700000000'], 'signature_malformed'],
    ['only another version', [`t=1700000000,v0=${HEX}`], 'signature_malformed'],
    ['unknown items', [`t=1700000000,,x,v9=1,v1=${HEX},=`], 'signature_mismatch'],
    ['one candidate of two is well formed', [`t=1700000000,v1=zz,v1=${HEX}`], 'signature_mismatch'],
    ['no candidate of two is well formed', ['t=1700000000,v1=zz,v1=yy'], 'signature_malformed'],
    ['a time twice, the same', [`t=1700000000,t=1700000000,v1=${HEX}`], 'signature_mismatch'],
    ['a time twice, two values', [`t=1700000000,t=1700000001,v1=${HEX}`], 'signature_malformed'],
    ['no time', [`v1=${HEX}`], 'timestamp_missing'],
    ['an empty time', [`t=,v1=${HEX}`], 'timestamp_missing'],
    ['no candidate and no time', ['v1=zz'], 'signature_malformed'],
    ['a time with junk', [`t=1700000000x,v1=${HEX}`], 'signature_malformed'],
    ['a time with a sign', [`t=+1700000000,v1=${HEX}`], 'signature_malformed'],
    ['a time with a fraction', [`t=1700000000.5,v1=${HEX}`], 'signature_malformed'],
    ['a time in hexadecimal', [`t=0x6553f100,v1=${HEX}`], 'signature_malformed'],
    ['a time too long', [`t=${'0'.repeat(9)}1700000000,v1=${HEX}`], 'signature_malformed'],
    ['a time in other digits', [`t=\u00b91700000000,v1=${HEX}`], 'signature_malformed'],
    ['milliseconds instead of seconds', [`t=1700000000000,v1=${HEX}`], 'signature_malformed'],
    ['stale and malformed', ['t=1,v1=zz'], 'signature_malformed'],
    ['32 items', [`t=1700000000${`,v1=${HEX}`.repeat(31)}`], 'signature_mismatch'],
    ['33 items', [`t=1700000000${`,v1=${HEX}`.repeat(32)}`], 'signature_malformed'],
    ['10,000 items', [`t=1700000000,${many(`v1=${HEX}`, ',')}`], 'signature_malformed'],
    ['10,000 empty items', [','.repeat(10_000)], 'signature_malformed'],
  ],
  gitlab: [
    ['absent', [], 'signature_missing'],
    ['empty', [''], 'signature_missing'],
    ['wrong', ['x'], 'token_mismatch'],
    ['repeated', [SECRETS.gitlab ?? '', SECRETS.gitlab ?? ''], 'signature_malformed'],
    ['joined', [`${SECRETS.gitlab}, ${SECRETS.gitlab}`], 'token_mismatch'],
    ['a blank more', [`${SECRETS.gitlab} `], 'token_mismatch'],
    ['another case', [(SECRETS.gitlab ?? '').toUpperCase()], 'token_mismatch'],
    ['bytes beyond ASCII', ['\u00e9'], 'token_mismatch'],
    ['huge', [HUGE], 'token_mismatch'],
    ['itself', [SECRETS.gitlab ?? ''], CLEAN],
  ],
}

for (const [name, rows] of Object.entries(MALFORMED)) {
  t.test(`${name}: the header is read strictly`, async t => {
    const [, header = ''] = String(schemeOf(name).from).split(':')
    const verifier = bound(schemeOf(name), SECRETS[name] ?? '')
    for (const [label, values, verdict] of rows) {
      const headers = values.map(value => [header, value] as const)
      t.equal(judge(verifier, { headers, now: NOW }).verdict, verdict, label)
    }
  })
}

t.test('a list separated by blanks passes over what is not its version', async t => {
  const sign = SIGNERS.svix as Signer
  const verifier = bound(schemeOf('svix'), SECRETS.svix ?? '')
  const [id, time, [, good = ''] = []] = sign(Buffer.from('{}'), SECRETS.svix ?? '', NOW)
  const rows: [string, Verdict][] = [
    [`v1a,${B64} ${good}`, CLEAN],
    [`${good} ${good}`, CLEAN],
    [` ${good}  v2,x `, CLEAN],
    [`v1,${B64} ${good}`, CLEAN],
    [`${good},${good}`, 'signature_malformed'],
    [`v1a,${B64}`, 'signature_malformed'],
    [' ', 'signature_malformed'],
  ]
  for (const [value, verdict] of rows) {
    const headers = [id ?? ['', ''], time ?? ['', ''], ['svix-signature', value]] as const
    t.equal(judge(verifier, { headers, body: '{}', now: NOW }).verdict, verdict, value)
  }
})

t.test('a signed time is judged both ways, and the tolerance itself is still inside', async t => {
  const verifier = bound(schemeOf('slack'), SECRETS.slack ?? '')
  const sent = { headers: (SIGNERS.slack as Signer)(Buffer.from('{}'), SECRETS.slack ?? '', NOW) }
  const at = (now: number) => judge(verifier, { ...sent, body: '{}', now })
  t.match(at(NOW), { verdict: CLEAN, skew: 0 })
  t.match(at(NOW + 300_000), { verdict: CLEAN, skew: -300_000 })
  t.match(at(NOW - 300_000), { verdict: CLEAN, skew: 300_000 })
  t.equal(at(NOW + 300_001).verdict, 'timestamp_stale')
  t.equal(at(NOW - 300_001).verdict, 'timestamp_future')
})

t.test('what a template uses has to be there, once', async t => {
  const scheme = { ...plain, sign: '{header:x-id}.{header:x-time}.{query:n}.{body}' }
  const timed: Scheme = {
    ...scheme,
    timestamp: { from: '{header:x-time}', unit: 'ms', tolerance: '1m' },
  }
  const verifier = bound(timed, 'secret')
  const sig = ['X-Sig', hex('a.1700000000000.7.{}')] as const
  const id = ['x-id', 'a'] as const
  const time = ['x-time', String(NOW)] as const
  const rows: [string, readonly (readonly [string, string])[], string, Verdict][] = [
    ['complete', [sig, id, time], '/?n=7', CLEAN],
    ['an id away', [sig, time], '/?n=7', 'signature_missing'],
    ['an id empty', [sig, ['x-id', ''], time], '/?n=7', 'signature_missing'],
    ['an id twice', [sig, id, id, time], '/?n=7', 'signature_malformed'],
    ['a time away', [sig, id], '/?n=7', 'timestamp_missing'],
    ['a time empty', [sig, id, ['x-time', '']], '/?n=7', 'timestamp_missing'],
    ['a time twice', [sig, id, time, time], '/?n=7', 'signature_malformed'],
    ['a time of words', [sig, id, ['x-time', 'now']], '/?n=7', 'signature_malformed'],
    ['no query', [sig, id, time], '/', 'signature_missing'],
    ['a parameter empty', [sig, id, time], '/?n=', 'signature_missing'],
    ['a parameter twice', [sig, id, time], '/?n=7&n=7', 'signature_malformed'],
    ['a parameter twice, once escaped', [sig, id, time], '/?n=7&%6E=7', 'signature_malformed'],
    ['a stale time and no id', [sig, ['x-time', '1']], '/?n=7', 'timestamp_stale'],
    ['no signature and a stale time', [id, ['x-time', '1']], '/?n=7', 'signature_missing'],
  ]
  for (const [label, headers, target, verdict] of rows) {
    t.equal(judge(verifier, { headers, target, body: '{}', now: NOW }).verdict, verdict, label)
  }
})

t.test('every source and filter means the same to an independent signer', async t => {
  const body = '{"a":1}'
  const digest = createHash('sha256').update(body).digest()
  const rows: [sign: string, signed: string | Uint8Array][] = [
    ['{method}\\n{path}\\n{target}\\n{body}', `PUT\n/in/x\n/in/x?b=%41&c=1+2\n${body}`],
    ['{url}|{body}', `https://hooks.example.com/in/x?b=%41&c=1+2|${body}`],
    ['{body}{header:X-Id}', `${body}Id-1`],
    ['{header:x-id|lower}{body}', `id-1${body}`],
    ['{header:x-id|strip:Id-}{body}', `1${body}`],
    ['{header:x-id|strip:nothing}{body}', `Id-1${body}`],
    ['{header:x-id|append:!}{body}', `Id-1!${body}`],
    ['{header:x-id|hex}.{header:x-id|base64}.{body}', `49642d31.SWQtMQ==.${body}`],
    ['{header:x-hex|unhex}{body}', `\x01\x7f${body}`],
    ['{query:b}.{query:c}.{body}', `A.1 2.${body}`],
    ['{header:x-id|md5|hex}{body}', `${createHash('md5').update('Id-1').digest('hex')}${body}`],
    ['{body|sha256|hex}', digest.toString('hex')],
    ['{body|sha256}', digest],
    ['{method} {body|sha256|base64url} {header:x-id}', `PUT ${digest.toString('base64url')} Id-1`],
    ['{body|md5|base64}', createHash('md5').update(body).digest('base64')],
    ['\u00e9\\{\\}\\\\{body}', `\u00e9{}\\${body}`],
  ]
  for (const [sign, signed] of rows) {
    const options = { publicUrl: 'https://hooks.example.com/' }
    const verifier = bindVerifier(compiled({ ...plain, sign }, options), [key('secret')])
    const headers = [
      ['x-sig', hex(signed)],
      ['x-id', 'Id-1'],
      ['x-hex', '017F'],
    ] as const
    const sent = { headers, body, method: 'PUT', target: '/in/x?b=%41&c=1+2' }
    t.equal(judge(verifier, sent).verdict, CLEAN, sign)
    t.equal(judge(verifier, { ...sent, cuts: [1, 3] }).verdict, CLEAN, `${sign}, in pieces`)
    const forged = { ...sent, body: `${body} ` }
    t.equal(judge(verifier, forged).verdict, 'signature_mismatch', `${sign}, forged`)
  }
})

t.test('headers are signed as the bytes that came, whatever they say', async t => {
  const verifier = bound({ ...plain, sign: '{header:x-id}.{body}' }, 'secret')
  const bytes = Buffer.from([0xe9, 0xff, 0x80])
  const headers = [
    ['x-id', bytes.toString('latin1')],
    ['x-sig', hex(Buffer.concat([bytes, Buffer.from('.{}')]))],
  ] as const
  t.equal(judge(verifier, { headers, body: '{}' }).verdict, CLEAN)
})

t.test('a value that its filter cannot decode is malformed', async t => {
  const verifier = bound({ ...plain, sign: '{header:x-hex|unhex}{body}' }, 'secret')
  const headers = [
    ['x-sig', HEX],
    ['x-hex', 'xyz'],
  ] as const
  t.equal(judge(verifier, { headers }).verdict, 'signature_malformed')
})

t.test('every hash and encoding agrees with the platform', async t => {
  for (const hash of ['sha1', 'sha256', 'sha384', 'sha512', 'md5', 'sha3-256']) {
    const mac = createHmac(hash, 'secret').update('{}').digest()
    const spelled = {
      hex: mac.toString('hex'),
      base64: mac.toString('base64'),
      base64url: mac.toString('base64url'),
      'base64+hex': Buffer.from(mac.toString('hex')).toString('base64'),
    } as const
    for (const encoding of ['hex', 'base64', 'base64url', 'base64+hex'] as const) {
      const verifier = bound({ ...plain, alg: `hmac-${hash}`, encoding }, 'secret')
      const headers = [['x-sig', spelled[encoding]]] as const
      t.equal(judge(verifier, { headers, body: '{}' }).verdict, CLEAN, `${hash}, ${encoding}`)
      t.equal(judge(verifier, { headers, body: '{ }' }).verdict, 'signature_mismatch')
    }
  }
})

t.test('what the head alone decides is refused before the body', async t => {
  const unsigned = bound({ ...plain, sign: 'id:{query:id};' }, 'secret')
  const headers = [['x-sig', hex('id:7;')]] as const
  t.same(judge(unsigned, { headers, target: '/?id=7', body: 'anything' }), {
    verdict: CLEAN,
    proof: { secret: 'current', replay: undefined },
    skew: undefined,
  })
  const forged = new Head('POST', '/?id=8', headers.flat())
  t.equal(unsigned.open(forged, NOW), 'signature_mismatch', 'before any body')

  const bearer: Scheme = { alg: 'token', from: 'header:Authorization', items: ['Bearer {sig}'] }
  const shown = (value: string) =>
    judge(bound(bearer, 'abc'), { headers: [['authorization', value]] }).verdict
  t.equal(shown('Bearer abc'), CLEAN)
  t.equal(shown('Bearer abd'), 'token_mismatch')
  t.equal(shown('Basic abc'), 'signature_malformed')
  t.equal(shown('Bearer '), 'signature_malformed')
  const twice = bound(bearer, key('abc'), key('abc', { place: 'previous' }))
  t.equal(judge(twice, { headers: [['authorization', 'Bearer abc']] }).proof?.secret, 'current')

  const query = bound({ alg: 'token', from: 'query:key' }, 'a b')
  const asked = (target: string) => judge(query, { headers: [], target }).verdict
  t.equal(asked('/?x=1&key=a%20b'), CLEAN)
  t.equal(asked('/?key=a+b'), CLEAN)
  t.equal(asked('/?key=a%2'), 'token_mismatch')
  t.equal(asked('/?key=a%20b&k%65y='), 'signature_malformed')
  t.equal(asked('/?Key=a%20b'), 'signature_missing')
  t.equal(asked('/'), 'signature_missing')
})

t.test('a pattern fits a whole item or not at all', async t => {
  const items = ['id={id};mac=<{sig}>', '[{sig}]']
  const verifier = bound({ ...plain, split: ',', items, sign: '{id}{body}' }, 'secret')
  const mac = hex('a{}')
  const rows: [string, Verdict][] = [
    [`id=a;mac=<${mac}>`, CLEAN],
    [`id=a;mac=<${mac}>, [${HEX}]`, CLEAN],
    [`id=a;mac=<${HEX}>, [${mac}]`, CLEAN],
    [`id=a;mac=<${mac}`, 'signature_malformed'],
    [`id=a;mac=<${mac}]`, 'signature_malformed'],
    [`id=a;mac=<${mac}>x`, 'signature_malformed'],
    [`id=;mac=<${mac}>`, 'signature_malformed'],
    [`id=a,mac=<${mac}>`, 'signature_malformed'],
    [`[${mac}]`, 'signature_missing'],
    [`id=b;mac=<${mac}>`, 'signature_mismatch'],
    [`id=a;mac=<${mac}>,id=b;mac=<${mac}>`, 'signature_malformed'],
  ]
  for (const [value, verdict] of rows) {
    const sent = { headers: [['x-sig', value]] as const, body: '{}' }
    t.equal(judge(verifier, sent).verdict, verdict, value)
  }
})

t.test('replay memory keys on the decoded signature, the scheme and the signed time', async t => {
  const replay = (scheme: Scheme, headers: readonly (readonly [string, string])[], now = NOW) => {
    const { proof } = judge(bound(scheme, 'secret', key('old')), { headers, body: '{}', now })
    t.type(proof?.replay, 'string')
    return proof?.replay
  }
  const mac = hex('{}')
  const first = replay(plain, [['x-sig', mac]])
  t.equal(replay(plain, [['x-sig', mac.toUpperCase()]]), first, 'respelled')
  const list: Scheme = { ...plain, split: ',' }
  t.equal(replay(list, [['x-sig', `${mac},${HEX}`]]), replay(list, [['x-sig', `${HEX}, ${mac}`]]))
  t.not(replay(list, [['x-sig', mac]]), first, 'another scheme')
  t.not(replay(plain, [['x-sig', hex('{}', 'old')]]), first, 'another secret')
  const stripe = (time: number) => {
    const [t, scheme] = [`${time}`, { ...schemeOf('stripe'), key: '{secret}' }]
    return replay(scheme, [['stripe-signature', `t=${t},v1=${hex(`${t}.{}`)}`]])
  }
  t.not(stripe(NOW / 1000), stripe(NOW / 1000 + 1), 'another time')
})

t.test('two secrets and two candidates meet in any order, and the first secret counts', async t => {
  const verifier = bound({ ...plain, split: ',' }, key('new'), key('old', { place: 'previous' }))
  const of = (...secrets: string[]) => {
    const headers = [['x-sig', secrets.map(secret => hex('{}', secret)).join(',')]] as const
    return judge(verifier, { headers, body: '{}' }).proof?.secret
  }
  t.equal(of('old'), 'previous')
  t.equal(of('other', 'new'), 'current')
  t.equal(of('old', 'new'), 'current')
  t.equal(of('new', 'old'), 'current')
  t.equal(of('other'), undefined)
})

t.test('a secret that cannot be a key is told to the operator, without repeating it', async t => {
  const rows: [string, string, RegExp | undefined][] = [
    ['github', '', /empty/],
    ['github', 'short ones are judged elsewhere', undefined],
    ['standard-webhooks', 'whsec_', /empty key/],
    ['standard-webhooks', 'whsec_not base64!', /unbase64/],
    ['standard-webhooks', 'whsec_AAAA\n', /unbase64/],
    ['standard-webhooks', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', undefined],
    ['standard-webhooks', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', undefined],
    ['standard-webhooks', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS', undefined],
    ['stripe', 'whsec_not base64!', undefined],
    ['gitlab', 'tok-7\n', /line end/],
    ['gitlab', ' tok-7', /blank/],
    ['gitlab', 'tok-7', undefined],
  ]
  for (const [name, secret, expected] of rows) {
    const problem = keyProblem(compiled(schemeOf(name)), Buffer.from(secret))
    if (expected === undefined) t.equal(problem, undefined, `${name}: ${secret}`)
    else t.match(problem, expected, `${name}: ${secret}`)
    if (secret !== '') t.notOk(problem?.includes(secret.trim()), 'not repeated')
  }
})
