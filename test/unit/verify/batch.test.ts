import { createHmac } from 'node:crypto'
import t from 'tap'
import { CLEAN, type Verdict } from '../../../src/reasons.ts'
import { bindVerifier } from '../../../src/verify/bind.ts'
import type { Scheme } from '../../../src/verify/scheme.ts'
import { ENTRY } from './collection.ts'
import { compiled, judge, key } from './support.ts'

const mac = (text: string, secret = 'secret') =>
  createHmac('sha256', secret).update(text).digest('hex')
const signed = (id: unknown, secret?: string) => ({ id, sig: mac(String(id), secret) })
const scheme: Scheme = {
  alg: 'hmac-sha256',
  each: 'list.of',
  item: 'in.it',
  from: 'json:sig',
  sign: '{json:id}',
}

function judged(one: Scheme, body: unknown, ...secrets: string[]) {
  const keys = (secrets.length === 0 ? ['secret'] : secrets).map((secret, index) =>
    key(secret, { place: index === 0 ? 'current' : 'previous' }),
  )
  const verifier = bindVerifier(compiled(one, ENTRY), keys)
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return judge(verifier, { headers: [], body: text, cuts: [5, 11] })
}

t.test('every element of a batch is verified for itself, and all must pass', async t => {
  const wrapped = (...items: unknown[]) => ({ list: { of: items.map(it => ({ in: { it } })) } })
  const rows: [string, unknown, Verdict][] = [
    ['one', wrapped(signed('a')), CLEAN],
    ['three', wrapped(signed('a'), signed(2), signed(true)), CLEAN],
    ['one forged', wrapped(signed('a'), { id: 'b', sig: mac('a') }), 'signature_mismatch'],
    ['one unsigned', wrapped(signed('a'), { id: 'b' }), 'signature_missing'],
    ['one malformed', wrapped({ id: 'a', sig: 'x' }, signed('b')), 'signature_malformed'],
    ['one without a field', wrapped({ sig: mac('') }), 'signature_missing'],
    [
      'one of another shape',
      { list: { of: [{ in: { it: signed('a') } }, {}] } },
      'signature_missing',
    ],
    [
      'one that is a text',
      { list: { of: [{ in: { it: signed('a') } }, 'b'] } },
      'signature_missing',
    ],
    ['one that is a list', { list: { of: [[{ in: { it: signed('a') } }]] } }, 'signature_missing'],
    ['none', wrapped(), 'signature_missing'],
    ['no list', { list: { of: { in: { it: signed('a') } } } }, 'signature_missing'],
    ['nothing', {}, 'signature_missing'],
    ['no JSON', '[', 'malformed_body'],
    ['a list at the top', [{ in: { it: signed('a') } }], 'malformed_body'],
    ['the list twice', '{"list":{"of":[]},"list":{"of":[]}}', 'signature_malformed'],
    [
      'a field twice',
      `{"list":{"of":[{"in":{"it":{"id":"a","id":"a","sig":"${mac('a')}"}}}]}}`,
      'signature_malformed',
    ],
    [
      'an object twice',
      `{"list":{"of":[{"in":{},"in":{"it":{"id":"a","sig":"${mac('a')}"}}}]}}`,
      'signature_malformed',
    ],
  ]
  for (const [label, body, expected] of rows) {
    const found = judged(scheme, body)
    t.equal(found.verdict, expected, label)
    t.equal(found.proof?.replay, undefined, 'fields alone are covered')
  }
})

t.test('a batch is as current as its oldest secret', async t => {
  const body = (...secrets: string[]) => ({ of: secrets.map(secret => signed('a', secret)) })
  const bare = { ...scheme, each: 'of', item: undefined }
  t.equal(judged(bare, body('new', 'new'), 'new', 'old').proof?.secret, 'current')
  t.equal(judged(bare, body('new', 'old'), 'new', 'old').proof?.secret, 'previous')
  t.equal(judged(bare, body('old', 'new'), 'new', 'old').proof?.secret, 'previous')
  t.equal(judged(bare, body('new', 'other'), 'new', 'old').verdict, 'signature_mismatch')
})

t.test('a batch can show a token, pin a field and sign a head', async t => {
  const token: Scheme = { alg: 'token', each: 'value', from: 'json:clientState' }
  const shown = (...states: unknown[]) =>
    judged(token, { value: states.map(clientState => ({ clientState })) })
  t.match(shown('secret', 'secret'), { verdict: CLEAN, proof: { replay: undefined } })
  t.equal(shown('secret', 'other').verdict, 'token_mismatch')
  t.equal(shown('secret', null).verdict, 'signature_missing')
  const pinned: Scheme = {
    ...scheme,
    each: 'of',
    item: undefined,
    require: [['{json:key}', '{key_id}']],
  }
  t.equal(judged(pinned, { of: [{ ...signed('a'), key: 'key-1' }] }).verdict, CLEAN)
  t.equal(judged(pinned, { of: [{ ...signed('a'), key: 'key-2' }] }).verdict, 'signature_mismatch')
  const method: Scheme = { ...scheme, each: 'of', item: undefined, sign: '{method}{json:id}' }
  t.equal(judged(method, { of: [{ id: 'a', sig: mac('POSTa') }] }).verdict, CLEAN)
})

t.test('a large batch costs no more than its length', async t => {
  const bare = { ...scheme, each: 'of', item: undefined }
  const many = { of: Array.from({ length: 5_000 }, (_, i) => signed(i)) }
  t.equal(judged(bare, many).verdict, CLEAN)
  t.equal(judged(bare, `{"of":[${'{},'.repeat(300_000)}{}]}`).verdict, 'signature_missing')
})
