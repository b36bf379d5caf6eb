import { createHash, createHmac, sign as signWith } from 'node:crypto'
import t from 'tap'
import { CLEAN, type Verdict } from '../../../src/reasons.ts'
import { bindVerifier } from '../../../src/verify/bind.ts'
import type { Scheme } from '../../../src/verify/scheme.ts'
import { ENTRY, pairOf, SECRET, sample } from './collection.ts'
import { compiled, judge, key, type Sent } from './support.ts'

type Headers = readonly (readonly [string, string])[]

const NOW = 1_700_000_000_000
const HUGE = 'A'.repeat(100_000)
const plain: Scheme = { alg: 'hmac-sha256', from: 'header:x-sig', sign: '{body}' }
const mac = (secret = 'secret') => createHmac('sha256', secret).update('{}').digest('hex')

function verdict(scheme: Scheme, sent: Partial<Sent> & { readonly headers: Headers }): Verdict {
  const verifier = bindVerifier(compiled(scheme, ENTRY), [key('secret')])
  return judge(verifier, { body: '{}', target: '/in', now: NOW, ...sent }).verdict
}

t.test('of several places any one may hold the signature, and none twice', async t => {
  const scheme: Scheme = { ...plain, from: ['header:x-one', 'query:two', 'header:x-three'] }
  const rows: [string, Headers, string, Verdict][] = [
    ['the first', [['x-one', mac()]], '/in', CLEAN],
    ['the second', [], `/in?two=${mac()}`, CLEAN],
    ['the third', [['x-three', mac()]], '/in', CLEAN],
    [
      'all',
      [
        ['x-one', mac()],
        ['x-three', mac()],
      ],
      `/in?two=${mac()}`,
      CLEAN,
    ],
    [
      'one that is right',
      [
        ['x-one', mac('other')],
        ['x-three', mac()],
      ],
      '/in',
      CLEAN,
    ],
    [
      'one that is well formed',
      [
        ['x-one', '?'],
        ['x-three', mac()],
      ],
      '/in',
      CLEAN,
    ],
    [
      'one that is empty',
      [
        ['x-one', ''],
        ['x-three', mac()],
      ],
      '/in',
      CLEAN,
    ],
    [
      'none that is right',
      [
        ['x-one', mac('a')],
        ['x-three', mac('b')],
      ],
      '/in',
      'signature_mismatch',
    ],
    [
      'none that is well formed',
      [
        ['x-one', '?'],
        ['x-three', '!'],
      ],
      '/in',
      'signature_malformed',
    ],
    ['none', [], '/in', 'signature_missing'],
    [
      'all empty',
      [
        ['x-one', ''],
        ['x-three', ''],
      ],
      '/in?two=',
      'signature_missing',
    ],
    [
      'one twice',
      [
        ['x-one', mac()],
        ['x-one', mac()],
      ],
      '/in',
      'signature_malformed',
    ],
    [
      'another twice',
      [
        ['x-one', mac()],
        ['x-three', ''],
        ['x-three', ''],
      ],
      '/in',
      'signature_malformed',
    ],
  ]
  for (const [label, headers, target, expected] of rows) {
    t.equal(verdict(scheme, { headers, target }), expected, label)
  }
  const lists: Scheme = {
    ...scheme,
    split: ',',
    items: ['v1={sig}', 'n={nonce}'],
    sign: '{nonce}{body}',
  }
  const list = (count: number) =>
    Array(count)
      .fill(`v1=${'0'.repeat(64)}`)
      .join(',')
  const good = createHmac('sha256', 'secret').update('a{}').digest('hex')
  const two = (one: string, three: string) =>
    verdict(lists, {
      headers: [
        ['x-one', one],
        ['x-three', three],
      ],
    })
  t.equal(two(`n=a,v1=${good}`, list(30)), CLEAN, '32 items')
  t.equal(two(`n=a,v1=${good}`, list(31)), 'signature_malformed', '33 items in all')
  t.equal(two('n=a', `v1=${good}`), CLEAN, 'a variable counts wherever it stands')
  t.equal(two(`n=a,v1=${good}`, 'n=a'), CLEAN)
  t.equal(two(`n=a,v1=${good}`, 'n=b'), 'signature_malformed', 'one variable, two values')
  const mixed: Scheme = { ...plain, from: ['header:x-one', 'json:sig'], sign: '{json:a}' }
  const body = JSON.stringify({ a: '{}', sig: mac() })
  t.equal(verdict(mixed, { headers: [], body }), CLEAN, 'in the body')
  t.equal(verdict(mixed, { headers: [['x-one', mac()]], body: '{"a":"{}"}' }), CLEAN)
  t.equal(verdict(mixed, { headers: [], body: '{"a":"{}"}' }), 'signature_missing')
})

t.test('a candidate for another key is dropped', async t => {
  const beside: Scheme = { ...plain, split: ',', items: ['{key_id}:{sig}', 'v1={sig}'] }
  const alone: Scheme = { ...plain, split: ',', items: ['key={key_id}', 'v1={sig}'] }
  const rows: [Scheme, string, Verdict][] = [
    [beside, `key-1:${mac()}`, CLEAN],
    [beside, `key-2:${mac()}`, 'signature_mismatch'],
    [beside, `key-2:${mac('other')},key-1:${mac()}`, CLEAN],
    [beside, `key-2:${mac()},key-1:${mac('other')}`, 'signature_mismatch'],
    [beside, `key-2:${mac()},v1=${mac()}`, CLEAN],
    [beside, `key-1 :${mac()}`, 'signature_mismatch'],
    [beside, `KEY-1:${mac()}`, 'signature_mismatch'],
    [beside, 'key-1:?', 'signature_malformed'],
    [beside, `:${mac()}`, 'signature_malformed'],
    [beside, Array(33).fill(`key-2:${mac()}`).join(), 'signature_malformed'],
    [alone, `key=key-1,v1=${mac()}`, CLEAN],
    [alone, `v1=${mac()},key=key-1`, CLEAN],
    [alone, `key=key-2,v1=${mac()}`, 'signature_mismatch'],
    [alone, `v1=${mac()},key=key-2`, 'signature_mismatch'],
    [alone, `v1=${mac()}`, CLEAN],
    [{ ...plain, items: ['{sig}@{key_id}'] }, `${mac()}@key-1`, CLEAN],
    [{ ...plain, items: ['{sig}@{key_id}'] }, `${mac()}@key-2`, 'signature_mismatch'],
  ]
  for (const [scheme, value, expected] of rows) {
    t.equal(verdict(scheme, { headers: [['x-sig', value]] }), expected, value.slice(0, 40))
  }
})

/** What a header may be instead of a signature, for each family whose signature stands in one. */
function malformed(good: string, more: readonly [string, string[], Verdict][]) {
  const rows: [string, string[], Verdict][] = [
    ['itself', [good], CLEAN],
    ['absent', [], 'signature_missing'],
    ['empty', [''], 'signature_missing'],
    ['repeated', [good, good], 'signature_malformed'],
    ['repeated, once empty', [good, ''], 'signature_malformed'],
    ['joined', [`${good}, ${good}`], 'signature_malformed'],
    ['a blank before', [` ${good}`], 'signature_malformed'],
    ['a blank after', [`${good} `], 'signature_malformed'],
    ['a character less', [good.slice(1)], 'signature_malformed'],
    ['a character more', [`${good}0`], 'signature_malformed'],
    ['another alphabet', [`!${good.slice(1)}`], 'signature_malformed'],
    ['no UTF-8', [`\u00ff${good.slice(1)}`], 'signature_malformed'],
    ['control characters', [`\u0001${good.slice(1)}`], 'signature_malformed'],
    ['huge', [HUGE], 'signature_malformed'],
    ['10,000 items', [Array(10_000).fill(good).join(',')], 'signature_malformed'],
  ]
  return [...rows, ...more]
}

const time = String(NOW / 1000)
const bodyOf = (text: string) => ({ body: text, text: Buffer.from(time + text) })
const { body, text } = bodyOf('{}')

const FAMILIES: Record<
  string,
  { header: string; good: string; more?: [string, string[], Verdict][]; with?: Headers }
> = {
  cloudinary: {
    header: 'x-cld-signature',
    good: createHash('sha1').update(`{}${time}${SECRET}`).digest('hex'),
    with: [['x-cld-timestamp', time]],
    more: [
      ['another hash', [createHash('sha256').update('').digest('hex')], 'signature_malformed'],
    ],
  },
  discord: {
    header: 'x-signature-ed25519',
    good: signWith(null, text, pairOf(sample('discord').scheme).privateKey).toString('hex'),
    with: [['x-signature-timestamp', time]],
    more: [
      ['zeros', ['0'.repeat(128)], 'signature_mismatch'],
      ['ones', ['f'.repeat(128)], 'signature_mismatch'],
    ],
  },
  sendgrid: {
    header: 'x-twilio-email-event-webhook-signature',
    good: signWith('sha256', text, pairOf(sample('sendgrid').scheme).privateKey).toString('base64'),
    with: [['x-twilio-email-event-webhook-timestamp', time]],
    more: [
      ['both halves without DER', [Buffer.alloc(64, 1).toString('base64')], 'signature_malformed'],
      [
        'another signature',
        [Buffer.from('3006020101020101', 'hex').toString('base64')],
        'signature_mismatch',
      ],
      [
        'DER and more',
        [Buffer.from('300602010102010100', 'hex').toString('base64')],
        'signature_malformed',
      ],
      [
        'numbers that are nothing',
        [Buffer.from('3006020100020100', 'hex').toString('base64')],
        'signature_malformed',
      ],
    ],
  },
  'wechat-pay': {
    header: 'wechatpay-signature',
    good: signWith(
      'sha256',
      Buffer.from(`${time}\nn\n{}\n`),
      pairOf(sample('wechat-pay').scheme).privateKey,
    ).toString('base64'),
    with: [
      ['wechatpay-timestamp', time],
      ['wechatpay-nonce', 'n'],
    ],
    more: [
      ['shorter than the key', [Buffer.alloc(255, 1).toString('base64')], 'signature_malformed'],
      ['longer than the key', [Buffer.alloc(257, 1).toString('base64')], 'signature_malformed'],
      ['above the modulus', [Buffer.alloc(256, 0xff).toString('base64')], 'signature_mismatch'],
      ['nothing', [Buffer.alloc(256).toString('base64')], 'signature_mismatch'],
    ],
  },
}

for (const [name, { header, good, more = [], with: beside = [] }] of Object.entries(FAMILIES)) {
  t.test(`${name}: the header is read strictly`, async t => {
    const { verifier } = sample(name)
    for (const [label, values, expected] of malformed(good, more)) {
      const headers = [...values.map(value => [header, value] as const), ...beside]
      t.equal(judge(verifier, { headers, body, now: NOW }).verdict, expected, label)
    }
  })
}

t.test('a public key looks at four candidates, and one that holds is enough', async t => {
  const scheme: Scheme = { alg: 'ed25519', from: 'header:x-sig', split: ' ', sign: '{body}' }
  const whole = compiled(scheme)
  const { privateKey, publicKey } = pairOf(whole)
  const pem = publicKey.export({ type: 'spki', format: 'pem' })
  const good = signWith(null, Buffer.from('{}'), privateKey).toString('hex')
  const other = '0'.repeat(128)
  const rows: [string[], Verdict][] = [
    [[good], CLEAN],
    [[other, other, other, good], CLEAN],
    [['?', '?', '?', '?', good], CLEAN],
    [[other, other, other, other, good], 'signature_malformed'],
    [[other, other], 'signature_mismatch'],
  ]
  const verifier = bindVerifier(whole, [key(String(pem))])
  for (const [values, expected] of rows) {
    const headers = [['x-sig', values.join(' ')]] as const
    t.equal(
      judge(verifier, { headers, body: '{}', now: NOW }).verdict,
      expected,
      `${values.length}`,
    )
  }
})
