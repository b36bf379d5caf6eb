import t from 'tap'
import { CLEAN, type Verdict } from '../../../src/reasons.ts'
import { bindVerifier } from '../../../src/verify/bind.ts'
import type { Scheme } from '../../../src/verify/scheme.ts'
import { compiled, judge, key } from './support.ts'

const SECRET = 'p\u00e4ss:word-of-32-characters-0000'
const basic: Scheme = { alg: 'basic', from: 'header:Authorization' }
const base64 = (text: string) => Buffer.from(text).toString('base64')

function bound(scheme: Scheme, username = 'us er') {
  const values = { username, key_id: 'key-1' }
  const keys = [key(SECRET), key('an older password', { place: 'previous', until: 5_000 })]
  return bindVerifier(compiled(scheme, { values }), keys)
}

t.test('name and password are read as the standard has them', async t => {
  const good = `Basic ${base64(`us er:${SECRET}`)}`
  const rows: [string, string[], Verdict][] = [
    ['itself', [good], CLEAN],
    ['another case', [good.replace('Basic', 'bAsIc')], CLEAN],
    ['more blanks', [good.replace(' ', '   ')], CLEAN],
    ['absent', [], 'signature_missing'],
    ['empty', [''], 'signature_missing'],
    ['repeated', [good, good], 'signature_malformed'],
    ['another scheme', [good.replace('Basic', 'Bearer')], 'signature_malformed'],
    ['no scheme', [good.slice(6)], 'signature_malformed'],
    ['no credentials', ['Basic '], 'signature_malformed'],
    ['a tab', [good.replace(' ', '\t')], 'signature_malformed'],
    ['another alphabet', ['Basic w6Q_'], 'signature_malformed'],
    ['no padding', [`Basic ${base64('a').slice(0, 2)}`], 'signature_malformed'],
    ['a blank after', [`${good} `], 'signature_malformed'],
    ['two of them', [`${good}, ${good}`], 'signature_malformed'],
    ['bytes beyond ASCII', ['Basic \u00e9aaa'], 'signature_malformed'],
    ['huge', [`Basic ${'A'.repeat(100_000)}`], 'signature_malformed'],
    ['another name', [`Basic ${base64(`user:${SECRET}`)}`], 'token_mismatch'],
    ['another password', [`Basic ${base64('us er:x')}`], 'token_mismatch'],
    ['no password', [`Basic ${base64('us er:')}`], 'token_mismatch'],
    ['no name', [`Basic ${base64(`:${SECRET}`)}`], 'token_mismatch'],
    ['no colon', [`Basic ${base64('us er')}`], 'token_mismatch'],
    ['a line end more', [`Basic ${base64(`us er:${SECRET}\n`)}`], 'token_mismatch'],
    ['the older password', [`Basic ${base64('us er:an older password')}`], CLEAN],
  ]
  for (const [label, values, expected] of rows) {
    const headers = values.map(value => ['authorization', value] as const)
    const { verdict, proof } = judge(bound(basic), { headers, body: 'any', now: 5_000 })
    t.equal(verdict, expected, label)
    t.equal(proof?.replay, undefined)
  }
  const headers = [['authorization', `Basic ${base64('us er:an older password')}`]] as const
  t.equal(judge(bound(basic), { headers, now: 5_000 }).proof?.secret, 'previous')
  t.equal(judge(bound(basic), { headers, now: 5_001 }).verdict, 'token_mismatch', 'past its end')
  const nameless = [['authorization', `Basic ${base64(`:${SECRET}`)}`]] as const
  t.equal(judge(bound(basic, ''), { headers: nameless }).verdict, CLEAN, 'a name may be empty')
})

t.test('what is shown can stand in a field of the body', async t => {
  const json: Scheme = { alg: 'token', from: 'json:a.b' }
  const form: Scheme = { alg: 'token', from: 'form:a' }
  const rows: [Scheme, string, Verdict][] = [
    [json, JSON.stringify({ a: { b: SECRET } }), CLEAN],
    [json, JSON.stringify({ a: { b: `${SECRET} ` } }), 'token_mismatch'],
    [json, '{"a":{"b":7}}', 'token_mismatch'],
    [json, '{"a":{"b":""}}', 'signature_missing'],
    [json, '{"a":{"b":null}}', 'signature_missing'],
    [json, '{"a":7}', 'signature_missing'],
    [json, '{"a":{"b":{}}}', 'signature_malformed'],
    [json, '{"a":{"b":"x","b":"x"}}', 'signature_malformed'],
    [json, '', 'malformed_body'],
    [form, `a=${encodeURIComponent(SECRET)}`, CLEAN],
    [form, 'a=x', 'token_mismatch'],
    [form, 'b=x', 'signature_missing'],
    [form, 'a=x&a=x', 'signature_malformed'],
    [form, '&a'.repeat(1001), 'malformed_body'],
  ]
  for (const [scheme, body, expected] of rows) {
    t.equal(judge(bound(scheme), { headers: [], body, cuts: [2, 4] }).verdict, expected, body)
  }
})

t.test('a token can come with a pair that has to be the same', async t => {
  const scheme: Scheme = {
    alg: 'token',
    from: ['header:x-a', 'query:a'],
    require: [['{header:x-id}', '{key_id}']],
  }
  const secret = Buffer.from(SECRET).toString('latin1')
  const sent = (id: string, shown = secret) =>
    judge(bound(scheme), {
      headers: [
        ['x-a', shown],
        ['x-id', id],
      ],
    }).verdict
  t.equal(sent('key-1'), CLEAN)
  t.equal(sent('key-2'), 'signature_mismatch')
  t.equal(sent(''), 'signature_missing')
  t.equal(sent('key-2', 'x'), 'token_mismatch')
  const target = `/in?a=${encodeURIComponent(SECRET)}`
  t.equal(judge(bound(scheme), { headers: [['x-id', 'key-1']], target }).verdict, CLEAN)
  const late: Scheme = { ...scheme, require: [['{json:id}', '{key_id}']] }
  const inBody = (body: string) => judge(bound(late), { headers: [['x-a', secret]], body }).verdict
  t.equal(inBody('{"id":"key-1"}'), CLEAN)
  t.equal(inBody('{"id":"key-2"}'), 'signature_mismatch')
  t.equal(inBody('x'), 'malformed_body')
})
