import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Head } from '../../../src/head.ts'
import { CLEAN, REASONS } from '../../../src/reasons.ts'
import type { Scheme } from '../../../src/verify/scheme.ts'
import { COLLECTION, sample } from './collection.ts'
import { judge } from './support.ts'

const NOW = 1_700_000_000_000
const MEBIBYTE = 1024 * 1024

/** Bytes of a header field, as latin-1 text. */
const junk = fc.oneof(
  fc.string({ unit: 'binary-ascii', maxLength: 40 }),
  fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.from(bytes).toString('latin1')),
  fc.constantFrom('', ' ', ',', '=', '.', '..', '{', '%', '|', 'null', '__proto__', '-1', 'NaN'),
)

/** Times that hold in one unit or another. */
const time = fc.constantFrom(
  String(NOW / 1000),
  String(NOW),
  new Date(NOW).toISOString(),
  new Date(NOW).toUTCString(),
)

/** Something of the right form that nobody signed. */
const signature = fc
  .tuple(fc.constantFrom(16, 20, 32, 64, 72, 256), fc.nat({ max: 255 }), fc.nat({ max: 3 }))
  .map(([bytes, fill, how]) => {
    const made = Buffer.alloc(bytes, fill)
    if (how === 0) return made.toString('hex')
    if (how === 1) return made.toString('base64')
    if (how === 2) return Buffer.from('3006020101020101', 'hex').toString('base64')
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    return `${part({ alg: ['HS256', 'RS256', 'ES256'][fill % 3] })}.${part({ iat: NOW / 1000 })}.${made.toString('base64url')}`
  })

/** A value of a place that a scheme reads: near to what it should be, or far. */
function valueFor({ items = ['{sig}'], split = '' }: Scheme): fc.Arbitrary<string> {
  const filled = fc
    .tuple(fc.array(fc.constantFrom(...items), { minLength: 1, maxLength: 4 }), signature, time)
    .map(([patterns, sig, ts]) =>
      patterns
        .map(item =>
          item
            .replace('{sig}', sig)
            .replace('{key_id}', 'key-1')
            .replace(/\{\w+\}/, ts),
        )
        .join(split.charAt(0)),
    )
  return fc.oneof({ weight: 3, arbitrary: filled }, time, signature, junk)
}

/** Names of one source that a scheme mentions anywhere. */
function named(scheme: Scheme, source: string): string[] {
  const text = JSON.stringify(scheme)
  return [...text.matchAll(new RegExp(`(?:${source}):([^"}|]+)`, 'g'))].map(([, name = '']) => name)
}

/** A body near to what a scheme reads, or far. */
function bodyFor(scheme: Scheme): fc.Arbitrary<string> {
  const value = valueFor(scheme)
  const form = named(scheme, 'form')
  const json = [...named(scheme, 'json'), 'Type', 'Message']
  const leaf = fc.oneof(value, fc.constantFrom(1, true, null, 'Notification'), fc.jsonValue())
  const nested = fc.array(leaf, { minLength: json.length, maxLength: json.length }).map(values => {
    const root: Record<string, unknown> = {}
    for (const [index, path] of json.entries()) put(root, path.split('.'), values[index])
    const { each, item } = scheme
    const element = item === undefined ? root : { [item]: root }
    return JSON.stringify(each === undefined ? root : { [each]: [element, element] })
  })
  const pairs = fc
    .array(value, { minLength: form.length, maxLength: form.length })
    .map(values =>
      values.map((one, index) => `${form[index]}=${encodeURIComponent(one)}`).join('&'),
    )
  const spoilt = fc
    .tuple(nested, fc.nat(), fc.constantFrom(...'{}[]",:\\x'.split('')))
    .map(([text, at, put]) => text.slice(0, at % text.length) + put + text.slice(at % text.length))
  return fc.oneof(nested, pairs, spoilt, value, junk, fc.json())
}

function put(root: Record<string, unknown>, [name = '', ...rest]: string[], value: unknown): void {
  if (rest.length === 0) {
    root[name] = value
    return
  }
  const inner = root[name]
  const below = typeof inner === 'object' && inner !== null ? { ...inner } : {}
  root[name] = below
  put(below, rest, value)
}

/** Any delivery to a scheme. */
function anything(scheme: Scheme) {
  const value = valueFor(scheme)
  const names = [...named(scheme, 'header|signed-headers'), 'x-other']
  return fc.record({
    headers: fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 8 }),
    target: fc
      .array(fc.tuple(fc.constantFrom('a', ...named(scheme, 'query')), value), { maxLength: 3 })
      .map(
        pairs =>
          `/in?${pairs.map(([name, one]) => `${name}=${encodeURI(one.toWellFormed())}`).join('&')}`,
      ),
    body: bodyFor(scheme),
    cuts: fc.array(fc.nat({ max: 200 }), { maxLength: 3 }),
  })
}

t.test(
  'nothing that nobody signed is clean or throws, whatever it is, however it is cut',
  async t => {
    for (const [name, scheme] of Object.entries(COLLECTION)) {
      const { verifier } = sample(name)
      fc.assert(
        fc.property(anything(scheme), ({ headers, target, body, cuts }) => {
          const sent = { headers, target, body, now: NOW }
          const { verdict, proof } = judge(verifier, sent)
          assert.equal(typeof verdict === 'string' && Object.hasOwn(REASONS, verdict), true)
          assert.equal(proof, undefined)
          assert.equal(judge(verifier, { ...sent, cuts }).verdict, verdict)
        }),
        { numRuns: 60 },
      )
      t.pass(name)
    }
  },
)

/** A body of a mebibyte that is made to cost more than its length. */
const LARGE: Readonly<Record<string, string>> = {
  brackets: '['.repeat(MEBIBYTE),
  objects: '{"a":'.repeat(MEBIBYTE / 5),
  'one object': `{${'"a":1,'.repeat(MEBIBYTE / 6)}"b":1}`,
  'one list': `{"notificationItems":[${'{},'.repeat(MEBIBYTE / 3)}{}]}`,
  'one text': `{"a":"${'\\u0061'.repeat(MEBIBYTE / 6)}"}`,
  'one digit': `{"a":${'1'.repeat(MEBIBYTE)}}`,
  quotes: '"'.repeat(MEBIBYTE),
  backslashes: `{"a":"${'\\'.repeat(MEBIBYTE)}`,
  ampersands: '&'.repeat(MEBIBYTE),
  'one pair': `bt_signature=${'|&'.repeat(MEBIBYTE / 2)}`,
  pairs: 'a=b&'.repeat(MEBIBYTE / 4),
  percents: `a=${'%'.repeat(MEBIBYTE)}`,
  dots: '.'.repeat(MEBIBYTE),
  digits: 'A'.repeat(MEBIBYTE),
  zeros: '\0'.repeat(MEBIBYTE),
}

t.test('a large body costs no more than its length, whatever reads it', async t => {
  const names = Object.keys(COLLECTION).filter(
    name => !['hmac', 'token', 'basic'].includes(sample(name).scheme.kind) || reads(name),
  )
  t.ok(names.length > 30)
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  for (const name of names) {
    const { scheme, verifier } = sample(name)
    const alg = scheme.jwt?.algs[0]?.name
    const token = `${part({ alg })}.${part({ iat: NOW / 1000 })}.${'A'.repeat(86)}`
    const filled = { '{sig}': alg === undefined ? '0'.repeat(64) : token }
    for (const [label, body] of Object.entries(LARGE)) {
      const headers = named(COLLECTION[name] as Scheme, 'header').map(header => {
        return [header, filled['{sig}']] as const
      })
      assert.notEqual(judge(verifier, { headers, body, now: NOW }).verdict, CLEAN, label)
    }
    t.pass(name)
  }
})

/** Whether a scheme reads fields of the body. */
function reads(name: string): boolean {
  const { scheme } = sample(name)
  return scheme.json !== undefined || scheme.decides === 'over_whole_body'
}

t.test('a verdict stands: asking again does not change it', async t => {
  for (const name of ['cloudinary', 'linear', 'twilio', 'adyen', 'discord', 'messagebird', 'wix']) {
    const { verifier } = sample(name)
    const header = String(COLLECTION[name]?.from).replace('header:', '')
    const raw = [header, '0'.repeat(40), 'x-cld-timestamp', String(NOW / 1000)]
    const check = verifier.open(new Head('POST', '/in', raw), NOW)
    if (typeof check === 'string') {
      t.match(check, /^signature_|^timestamp_/, name)
      continue
    }
    const first = check.final([])
    t.equal(check.final([Buffer.from('more')]), first, name)
    t.equal(check.proof, undefined)
  }
})
