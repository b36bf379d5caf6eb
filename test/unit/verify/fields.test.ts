import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import t from 'tap'
import { CLEAN, type Verdict } from '../../../src/reasons.ts'
import { bindVerifier } from '../../../src/verify/bind.ts'
import type { Scheme } from '../../../src/verify/scheme.ts'
import { ENTRY } from './collection.ts'
import { compiled, judge, key, type Sent } from './support.ts'

const NOW = 1_700_000_000_000
const plain: Scheme = { alg: 'hmac-sha256', from: 'header:x-sig', sign: '{body}' }
const mac = (text: string | Uint8Array) => createHmac('sha256', 'secret').update(text).digest('hex')
const md5 = (text: string) => createHash('md5').update(text).digest()

/** The verdict on what is signed with `signed` under a scheme. */
function verdict(scheme: Scheme, signed: string | Uint8Array, sent: Partial<Sent> = {}): Verdict {
  const verifier = bindVerifier(compiled(scheme, ENTRY), [key('secret')])
  const headers = [['x-sig', mac(signed)], ...(sent.headers ?? [])] as const
  const whole = judge(verifier, { target: '/in/x', now: NOW, ...sent, headers }).verdict
  const cut = judge(verifier, { target: '/in/x', now: NOW, ...sent, headers, cuts: [1, 2, 7] })
  assert.equal(cut.verdict, whole, 'in pieces')
  return whole
}

t.test(
  'every source of a body and every filter on it mean the same to an independent signer',
  async t => {
    const json = '{"a":{"b":"x"},"n":1130,"f":1.50,"t":true,"z":null,"u":"\u00e9","e":""}'
    const form = 'b=2&a=1+1&a=0&c=%C3%A9'
    const rows: [sign: string, body: string, signed: string | Uint8Array][] = [
      ['{json:a.b}', json, 'x'],
      ['{json:n}:{json:f}:{json:t}', json, '1130:1.50:true'],
      ['{json:z}|{json:none}|{json:e}|{json:a.b}', json, '|||x'],
      ['{json:u}', json, '\u00e9'],
      ['{json:a.b|hex}.{json:u|hex}', json, '78.c3a9'],
      ['{json:none|md5|hex}{json:a.b}', json, `${md5('').toString('hex')}x`],
      ['{json:a.b}{body}', json, `x${json}`],
      ['{body|md5|hex}{json:a.b}', json, `${md5(json).toString('hex')}x`],
      ['{form:b}{form:c}', form, '2\u00e9'],
      ['{form:b|append:!}', form, '2!'],
      ['{sorted-form}', form, 'a1 1a0b2c\u00e9'],
      ['{sorted-form:sort}', form, 'a0a1 1b2c\u00e9'],
      ['{sorted-form:uniq}', `${form}&a=0`, 'a0a1 1b2c\u00e9'],
      ['{sorted-form|sha256|hex}', 'a=1', createHash('sha256').update('a1').digest('hex')],
      ['{method}{sorted-form}', '', 'POST'],
      ['{body|base64}', 'ab', 'YWI='],
      ['{method}.{body|base64url}.{path}', '??>', 'POST.Pz8-./in/x'],
      ['{body|hex}', 'ab', '6162'],
      ['{body|lower}', 'AbC', 'abc'],
      ['{body|unhex}', '6162', 'ab'],
      ['{body|unbase64|hex}', 'YWI=', '6162'],
      ['{body|strip:a}', 'ab', 'b'],
      ['{body|append:z}', 'ab', 'abz'],
      ['{body|base64|sha256|hex}', 'ab', createHash('sha256').update('YWI=').digest('hex')],
      ['{body|crc32}', 'ab', '2659403885'],
      ['{body|crc32|hex}', 'a', Buffer.from('3904355907').toString('hex')],
      ['{body|sha1|base64}', 'ab', createHash('sha1').update('ab').digest('base64')],
      ['{body|sha512}', 'ab', createHash('sha512').update('ab').digest()],
      ['{key_id}/{webhook_id}/{username}{body}', 'ab', 'key-1/webhook-1/user-1ab'],
      ['{key_id|hex}{body}', 'ab', `${Buffer.from('key-1').toString('hex')}ab`],
    ]
    for (const [sign, body, signed] of rows) {
      t.equal(verdict({ ...plain, sign }, signed, { body }), CLEAN, `${sign} of ${body}`)
      t.equal(verdict({ ...plain, sign }, `${signed}~`, { body }), 'signature_mismatch', sign)
    }
  },
)

t.test('every source of a head means the same to an independent signer', async t => {
  const headers = [
    ['X-List', 'x-a,x-b'],
    ['X-A', '1'],
    ['x-b', 'two words'],
    ['x-time', String(NOW)],
  ] as const
  const rows: [sign: string, target: string, signed: string][] = [
    ['{sorted-query}', '/in?b=2&a=1&a=0', 'a=1&a=0&b=2'],
    ['{sorted-query}.{method}', '/in', '.POST'],
    ['{sorted-query}', '/in?a=1+1&b=%7E%2F', 'a=1%201&b=~%2F'],
    ['{signed-headers:x-list}', '/in', 'x-a:1;x-b:two words'],
    ['{signed-headers:X-LIST}', '/in', 'x-a:1;x-b:two words'],
    ['{header:x-a|crc32}', '/in', '2212294583'],
    ['{path}{query:a}', '/in?a=1', '/in1'],
    [
      '{url|sha256|hex}',
      '/in?a',
      createHash('sha256').update(`${ENTRY.publicUrl}/in?a`).digest('hex'),
    ],
  ]
  for (const [sign, target, signed] of rows) {
    t.equal(verdict({ ...plain, sign }, signed, { headers, target }), CLEAN, sign)
    t.equal(verdict({ ...plain, sign }, '', { headers, target }), 'signature_mismatch', sign)
  }
})

t.test('a field that is used has to be there, once, and a value', async t => {
  const timed = { ...plain, timestamp: { from: '{json:t}', unit: 'ms', tolerance: '1m' } } as const
  const form: Scheme = { ...plain, sign: '{form:a}' }
  const json: Scheme = { ...plain, sign: '{json:a}{json:b}' }
  const rows: [Scheme, string, Verdict][] = [
    [form, 'a=1', 'signature_mismatch'],
    [form, 'b=1', 'signature_missing'],
    [form, 'a=', 'signature_missing'],
    [form, '', 'signature_missing'],
    [form, 'a=1&a=1', 'signature_malformed'],
    [form, 'a=1&%61=', 'signature_malformed'],
    [form, '&a=1'.repeat(1001), 'malformed_body'],
    [{ ...plain, sign: '{sorted-form}' }, '&a=1'.repeat(1001), 'malformed_body'],
    [json, '{"a":1}', 'signature_mismatch'],
    [json, '{"b":1}', 'signature_mismatch'],
    [json, '{}', 'signature_missing'],
    [json, '{"a":null,"b":""}', 'signature_missing'],
    [json, '{"a":{}}', 'signature_malformed'],
    [json, '{"a":[1]}', 'signature_malformed'],
    [json, '{"a":"\\ud800"}', 'signature_malformed'],
    [json, '{"a":1,"a":1}', 'signature_malformed'],
    [json, '{"a":1,"\\u0061":1}', 'signature_malformed'],
    [json, '{"a":1,"c":1,"c":1}', 'signature_mismatch'],
    [json, '', 'malformed_body'],
    [json, '[]', 'malformed_body'],
    [json, 'a=1', 'malformed_body'],
    [json, '\ufeff{"a":1}', 'malformed_body'],
    [json, `{"a":1,"c":${'['.repeat(200)}${']'.repeat(200)}}`, 'malformed_body'],
    [{ ...plain, sign: '{body|unhex}' }, 'xyz', 'signature_malformed'],
    [{ ...plain, sign: '{body|unbase64}' }, 'a b', 'signature_malformed'],
    [{ ...plain, sign: '{sns}' }, '{"Type":"Notification"}', 'signature_malformed'],
    [{ ...plain, sign: '{sns}' }, '{"Type":"Other","Message":"a"}', 'signature_malformed'],
    [{ ...plain, sign: '{sns}' }, '{"Type":["Notification"]}', 'signature_malformed'],
    [timed, '{"t":1}', 'signature_mismatch'],
  ]
  for (const [scheme, body, expected] of rows) {
    t.equal(verdict(scheme, 'forged', { body }), expected, `${scheme.sign}: ${body.slice(0, 30)}`)
  }
  const bytes = Buffer.from('{"a":"\u00e9"}', 'latin1')
  t.equal(verdict(json, 'forged', { body: bytes }), 'malformed_body', 'no UTF-8')
  t.equal(verdict(json, '\u00e9', { body: '{"a":"\u00e9"}' }), CLEAN, 'and after it all is well')
})

t.test('a time inside the body counts once the signature holds', async t => {
  const scheme: Scheme = {
    ...plain,
    timestamp: { from: '{json:at.t}', unit: 'ms', tolerance: '1m' },
  }
  const rows: [string, Verdict][] = [
    [`{"at":{"t":${NOW}}}`, CLEAN],
    [`{"at":{"t":"${NOW}"}}`, CLEAN],
    [`{"at":{"t":${NOW - 60_000}}}`, CLEAN],
    [`{"at":{"t":${NOW - 60_001}}}`, 'timestamp_stale'],
    [`{"at":{"t":${NOW + 60_001}}}`, 'timestamp_future'],
    [`{"at":{"t":${NOW}.0}}`, 'signature_malformed'],
    ['{"at":{"t":1.7e12}}', 'signature_malformed'],
    ['{"at":{"t":null}}', 'timestamp_missing'],
    ['{"at":{}}', 'timestamp_missing'],
    ['{"at":1}', 'timestamp_missing'],
    [`{"at":{"t":${NOW},"t":1}}`, 'signature_malformed'],
    [`{"at":{"t":1},"at":{"t":${NOW}}}`, 'signature_malformed'],
    ['not JSON', 'malformed_body'],
  ]
  for (const [body, expected] of rows) {
    t.equal(verdict(scheme, body, { body }), expected, body)
    t.equal(verdict(scheme, `${body} `, { body }), 'signature_mismatch', `${body}, forged`)
  }
})

t.test('both sides of a pair have to be there and the same', async t => {
  const digest = (body: string) => createHash('sha256').update(body).digest('hex')
  const pinned: Scheme = {
    ...plain,
    sign: '{url}',
    require: [['{query:sum}', '{body|sha256|hex}']],
  }
  const at = (query: string) => ({ target: `/in${query}`, signed: `${ENTRY.publicUrl}/in${query}` })
  const rows: [string, string, Verdict][] = [
    [`?sum=${digest('ab')}`, 'ab', CLEAN],
    [`?sum=${digest('')}`, '', CLEAN],
    [`?sum=${digest('ab')}`, 'abc', 'signature_mismatch'],
    [`?sum=${digest('ab').toUpperCase()}`, 'ab', 'signature_mismatch'],
    ['?sum=', 'ab', 'signature_missing'],
    ['', 'ab', 'signature_missing'],
    [`?sum=${digest('ab')}&sum=${digest('ab')}`, 'ab', 'signature_malformed'],
  ]
  for (const [query, body, expected] of rows) {
    const { target, signed } = at(query)
    t.equal(verdict(pinned, signed, { target, body }), expected, `${query}, ${body}`)
    t.equal(verdict(pinned, 'x', { target, body }), 'signature_mismatch', 'forged')
  }
  const named: Scheme = {
    ...plain,
    require: [
      ['{header:x-key}', '{key_id}'],
      ['{json:a}', '{json:b}'],
    ],
  }
  const sent = (key: string, body: string) =>
    verdict(named, body, { headers: [['x-key', key]], body })
  t.equal(sent('key-1', '{"a":1,"b":"1"}'), CLEAN)
  t.equal(sent('key-2', '{"a":1,"b":1}'), 'signature_mismatch')
  t.equal(sent('', '{"a":1,"b":1}'), 'signature_missing')
  t.equal(sent('key-1', '{"a":1,"b":2}'), 'signature_mismatch')
  t.equal(sent('key-1', '{"c":1}'), 'signature_missing', 'two fields that are absent are not equal')
  t.equal(sent('key-1', '{"a":1,"b":1,"a":1}'), 'signature_malformed')
})

t.test('a header that lists what is signed has to list the time', async t => {
  const scheme: Scheme = {
    ...plain,
    sign: '{signed-headers:x-list}{body}',
    timestamp: { from: '{header:x-time}', unit: 'ms', tolerance: '1m' },
  }
  const sent = (
    list: string | undefined,
    signed: string,
    more: readonly (readonly [string, string])[] = [],
  ) =>
    verdict(scheme, `${signed}{}`, {
      headers: [
        ['x-time', String(NOW)],
        ...(list === undefined ? [] : [['x-list', list] as const]),
        ...more,
      ],
      body: '{}',
    })
  t.equal(sent('x-time', `x-time:${NOW}`), CLEAN)
  t.equal(sent(' X-Time , x-a', `x-time:${NOW};x-a:1`, [['x-a', '1']]), CLEAN)
  t.equal(sent('x-a', 'x-a:1', [['x-a', '1']]), 'signature_malformed', 'a time that nobody signed')
  t.equal(sent(undefined, ''), 'signature_missing')
  t.equal(sent('', ''), 'signature_missing')
  t.equal(sent('x-time,x-a', `x-time:${NOW}`), 'signature_missing', 'a header that is absent')
  t.equal(sent('x-time,x-time', `x-time:${NOW}`), 'signature_malformed')
  t.equal(sent('x-time,', `x-time:${NOW}`), 'signature_malformed')
  t.equal(sent('x-time,a b', `x-time:${NOW}`), 'signature_malformed')
  t.equal(sent('x-time,__proto__', `x-time:${NOW}`), 'signature_missing')
  t.equal(sent(`x-time${',x-a'.repeat(10_000)}`, ''), 'signature_malformed')
  const many = Array.from({ length: 32 }, (_, i) => [`x-${i}`, `${i}`] as const)
  const names = many.map(([name]) => name)
  const pairs = many.map(([name, value]) => `${name}:${value}`)
  t.equal(
    sent(
      ['x-time', ...names.slice(1)].join(','),
      [`x-time:${NOW}`, ...pairs.slice(1)].join(';'),
      many,
    ),
    CLEAN,
  )
  t.equal(sent(['x-time', ...names].join(','), '', many), 'signature_malformed', '33 names')
  t.equal(
    sent('x-time,x-a', '', [
      ['x-a', '1'],
      ['x-a', '1'],
    ]),
    'signature_malformed',
  )
})
