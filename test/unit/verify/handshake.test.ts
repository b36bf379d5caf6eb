import fc from 'fast-check'
import t from 'tap'
import { Head } from '../../../src/head.ts'
import { PRESETS } from '../../../src/presets/presets.ts'
import { CLEAN } from '../../../src/reasons.ts'
import { BoundHandshake, signsForAnybody } from '../../../src/verify/bound-handshake.ts'
import { GRAMMARS, type Handshake } from '../../../src/verify/handshake.ts'
import { JsonOnlyVerifier } from '../../../src/verify/json-only.ts'
import type { Told } from '../../../src/verify/told.ts'
import { bound, judge, schemeOf } from './support.ts'

const KEY = Buffer.from('a-key-of-thirty-two-characters-00')
const TOKEN = Buffer.from('the-token')
const KEYS = { mac: KEY, token: TOKEN }

const asked = (one: Handshake, method: string, target: string, headers: string[] = []) =>
  new BoundHandshake([one], KEYS).atHead(new Head(method, target, headers))
const inBody = (one: Handshake, body: string, cut = 3) =>
  new BoundHandshake([one], KEYS).inBody([
    Buffer.from(body).subarray(0, cut),
    Buffer.from(body).subarray(cut),
  ])
const textOf = (body: string): Told => ({
  status: 200,
  type: 'text/plain',
  body,
  header: undefined,
})

const QUERY: Handshake = {
  kind: 'echo-query',
  method: 'GET',
  value: 'c',
  where: { m: 's' },
  token: 't',
  answer: 'text',
}

t.test('a value of the query goes back only to the right method, words and token', async t => {
  const cases: [string, string, unknown][] = [
    ['GET', '/a?m=s&t=the-token&c=1', textOf('1')],
    ['GET', '/a?c=a+b%20c&t=the%2dtoken&m=s', textOf('a b c')],
    ['GET', '/a?m=s&t=the-toker&c=1', 'token_mismatch'],
    ['GET', '/a?m=s&t=the-token-&c=1', 'token_mismatch'],
    ['GET', '/a?m=s&t=&c=1', 'token_mismatch'],
    ['GET', '/a?m=s&c=1', 'token_mismatch'],
    ['GET', '/a?m=s&t=the-token&t=the-token&c=1', 'token_mismatch'],
    ['POST', '/a?m=s&t=the-token&c=1', undefined],
    ['HEAD', '/a?m=s&t=the-token&c=1', undefined],
    ['GET', '/a?m=x&t=the-token&c=1', undefined],
    ['GET', '/a?t=the-token&c=1', undefined],
    ['GET', '/a?m=s&t=the-token', undefined],
    ['GET', '/a?m=s&t=the-token&c=', undefined],
    ['GET', '/a?m=s&t=the-token&c=1&c=1', undefined],
    ['GET', '/a?m=s&t=the-token&c=%3Cb%3E', undefined],
    ['GET', '/a', undefined],
  ]
  for (const [method, target, told] of cases) t.same(asked(QUERY, method, target), told, target)
  const without = new BoundHandshake([QUERY], { mac: KEY, token: undefined })
  t.equal(without.atHead(new Head('GET', '/a?m=s&t=&c=1', [])), 'token_mismatch')
})

t.test('a value of a header goes back alone, in JSON or in a header', async t => {
  const one = { kind: 'echo-header', method: 'GET', value: 'X-Challenge' } as const
  const value = ['X-CHALLENGE', 'a"b']
  t.same(asked({ ...one, answer: 'text' }, 'GET', '/', value), textOf('a"b'))
  t.match(asked({ ...one, answer: { json: { v: '{value}' } } }, 'GET', '/', value), {
    type: 'application/json',
    body: '{"v":"a\\"b"}',
  })
  t.match(asked({ ...one, answer: { header: 'X-Answer' } }, 'GET', '/', value), {
    type: undefined,
    body: '',
    header: ['X-Answer', 'a"b'],
  })
  t.equal(asked({ ...one, answer: 'text' }, 'POST', '/', value), undefined)
  t.equal(asked({ ...one, answer: 'text' }, 'GET', '/', [...value, ...value]), undefined)
  t.equal(asked({ ...one, answer: 'text' }, 'GET', '/', ['X-Challenge', 'a\u00e9']), undefined)
  t.equal(asked({ ...one, answer: 'text' }, 'GET', '/'), undefined)
})

t.test('a method that no delivery has is enough where the sender asks with it', async t => {
  t.match(asked({ kind: 'status', method: 'HEAD' }, 'HEAD', '/a?b'), { status: 200, body: '' })
  t.equal(asked({ kind: 'status', method: 'HEAD' }, 'GET', '/a?b'), undefined)
})

const ECHO: Handshake = {
  kind: 'echo-body',
  where: { type: 'q', 'a.b': '1' },
  without: 'event',
  value: 'v.w',
  answer: 'text',
}

t.test('a body is a question only with every field that says so', async t => {
  const cases: [string, unknown][] = [
    ['{"type":"q","a":{"b":1},"v":{"w":"x"}}', textOf('x')],
    ['{"v":{"w":"x"},"a":{"b":"1"},"type":"q","more":[{"event":1}]}', textOf('x')],
    ['{"type":"q","a":{"b":1},"v":{"w":"x"},"event":null}', undefined],
    ['{"type":"q","a":{"b":2},"v":{"w":"x"}}', undefined],
    ['{"type":"q","v":{"w":"x"}}', undefined],
    ['{"type":"q","type":"q","a":{"b":1},"v":{"w":"x"}}', undefined],
    ['[{"type":"q","a":{"b":1},"v":{"w":"x"}}]', undefined],
    ['type=q&a.b=1&v.w=x', undefined],
    ['', undefined],
    [`{"type":"q","a":{"b":1},"v":{"w":"x"},"p":"${'y'.repeat(8192)}"}`, undefined],
    ['{"type":"q","a":{"b":1}}', 'malformed_body'],
    ['{"type":"q","a":{"b":1},"v":{"w":["x"]}}', 'malformed_body'],
    ['{"type":"q","a":{"b":1},"v":{"w":"<x"}}', 'malformed_body'],
    ['{"type":"q","a":{"b":1},"v":{"w":""}}', 'malformed_body'],
    [`{"type":"q","a":{"b":1},"v":{"w":"${'y'.repeat(1025)}"}}`, 'malformed_body'],
  ]
  for (const [body, told] of cases) t.same(inBody(ECHO, body), told, body.slice(0, 60))
  t.equal(asked(ECHO, 'POST', '/'), undefined, 'and never before it verified')
})

t.test('a value fills an answer once and is not read as part of it', async t => {
  const answer = { json: { v: '{value}', m: 'a{mac}' } }
  const body = '{"type":"q","a":{"b":1},"v":{"w":"{mac}$&{value}"}}'
  t.match(inBody({ ...ECHO, answer }, body), { body: '{"v":"{mac}$&{value}","m":"a"}' })
})

const SIGNING = Object.values(PRESETS)
  .flatMap(({ handshake = [] }) => handshake)
  .flatMap(one => (one.kind === 'mac-query' || one.kind === 'mac-body' ? [one] : []))

t.test('nothing is signed that is not written as the sender writes it', async t => {
  t.equal(SIGNING.length, 4)
  const valid = { uuid: fc.uuid(), token: fc.stringMatching(/^[\w-]{16,128}$/) }
  const outside = fc.constantFrom(...'=:{}[] <"&%+/.,\n\0\u00e9')
  for (const one of SIGNING) {
    const ask = (value: string) =>
      one.kind === 'mac-query'
        ? asked(one, 'GET', `/a?${one.value}=${encodeURIComponent(value)}`)
        : inBody(one, JSON.stringify(nested({ ...one.where, [one.value]: value })))
    const refusal = one.kind === 'mac-query' ? undefined : 'malformed_body'
    fc.assert(
      fc.property(valid[one.mac.grammar], outside, fc.nat(200), (value, odd, place) => {
        const at = place % (value.length + 1)
        const told = ask(value)
        const spoilt = ask(value.slice(0, at) + odd + value.slice(at))
        return typeof told === 'object' && !('visit' in told) && spoilt === refusal
      }),
    )
    for (const value of ['', '{"a":1}', '[1]', 'a'.repeat(129)]) t.equal(ask(value), refusal)
  }
})

t.test('no grammar holds what a delivery begins with', async t => {
  for (const grammar of Object.values(GRAMMARS)) {
    fc.assert(fc.property(fc.stringMatching(grammar), value => !/[=:{}[\] <]/.test(value)))
  }
  t.pass('no counter-example')
})

/** Paths and values as an object. */
function nested(fields: Readonly<Record<string, string>>): object {
  const out: Record<string, unknown> = {}
  for (const [path, value] of Object.entries(fields)) {
    const [first = '', ...rest] = path.split('.')
    const inner = rest.length === 0 ? value : nested({ [rest.join('.')]: value })
    out[first] = inner
  }
  return out
}

t.test('without a shared key nothing is signed', async t => {
  const one = PRESETS.twitter?.handshake ?? []
  const handshake = new BoundHandshake(one, { mac: undefined, token: undefined })
  t.equal(handshake.atHead(new Head('GET', `/a?crc_token=${'a'.repeat(32)}`, [])), undefined)
  t.ok(signsForAnybody(one))
  t.notOk(signsForAnybody(PRESETS.zoom?.handshake ?? []))
})

t.test('where anybody may have something signed, only JSON is a delivery', async t => {
  const { createHmac } = await import('node:crypto')
  const secret = KEY.toString()
  const plain = bound(schemeOf('github'), secret)
  const verifier = new JsonOnlyVerifier(plain)
  t.equal(verifier.decides, plain.decides)
  const sent = (body: string, forged = '') => {
    const mac = createHmac('sha256', secret).update(body).digest('hex')
    return { headers: [['X-Hub-Signature-256', `sha256=${mac}`]] as const, body: body + forged }
  }
  for (const body of ['{}', '[', '{"a":1}']) {
    const { verdict, proof } = judge(verifier, sent(body))
    t.equal(verdict, CLEAN)
    t.equal(proof?.secret, 'current')
  }
  for (const body of ['', 'abc', ' {}', '"a"', '\ufeff{}']) {
    t.equal(judge(verifier, sent(body)).verdict, 'malformed_body', body)
    t.equal(judge(verifier, sent(body, 'x')).verdict, 'signature_mismatch', 'said to nobody else')
  }
  t.equal(judge(verifier, { headers: [], body: 'abc' }).verdict, 'signature_missing')
})
