import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { declaredLength } from '../../src/admit/length.ts'
import { acceptableType } from '../../src/admit/media-type.ts'
import { flawsOf } from '../../src/commands/map.ts'
import { loadMap } from '../../src/config/load.ts'
import { framing } from '../../src/exchange/framing.ts'
import { cleanHeaders, cleanTarget } from '../../src/forward/clean.ts'
import { Leaks } from '../../src/forward/leaks.ts'
import { Head } from '../../src/head.ts'
import { CLEAN, REASONS } from '../../src/reasons.ts'
import { plainTarget } from '../../src/route/target.ts'
import { bindVerifier } from '../../src/verify/bind.ts'
import { compileScheme } from '../../src/verify/compile.ts'
import type { Scheme } from '../../src/verify/scheme.ts'

/** HOOKWARDEN_SEED gives another: what fails says its seed and its path. */
const seed = Number(process.env.HOOKWARDEN_SEED ?? 2026)
const RUNS = { seed, numRuns: 2000 }
t.comment(`HOOKWARDEN_SEED=${seed}`)

/** Bytes as a head has them, near to what counts or far. */
const bytes = fc.oneof(
  fc.string({ unit: 'binary-ascii', maxLength: 60 }),
  fc.uint8Array({ maxLength: 60 }).map(all => Buffer.from(all).toString('latin1')),
)
const NAMES = [
  ...['Host', 'Content-Length', 'Transfer-Encoding', 'Content-Type', 'Expect', 'Connection'],
  ...['X-Forwarded-For', 'X-Forwarded-Host', 'Forwarded', 'X-Real-IP', 'X-Hookwarden-Verified'],
  ...['Cookie', 'Authorization', 'Upgrade', 'TE', 'X_Real_IP', 'X-Hub-Signature-256', 'X-Kept'],
]
const name = fc
  .tuple(fc.constantFrom(...NAMES), fc.nat(3))
  .map(([one, how]) => (how === 0 ? one.toLowerCase() : how === 1 ? one.toUpperCase() : one))
const VALUES = ['localhost', '0', '7', '007', 'chunked', '100-continue', 'close', 'X-Kept', '']
const value = fc.oneof(fc.constantFrom(...VALUES), bytes)
const raw = fc
  .array(fc.tuple(fc.oneof({ weight: 4, arbitrary: name }, bytes), value), { maxLength: 12 })
  .map(pairs => pairs.flat())
const target = fc.oneof(
  bytes,
  bytes.map(one => `/${one}`),
  fc
    .array(fc.constantFrom('/', '?', '#', '%', '..', 'a', '&', '=', 'token', '\\', ' '))
    .map(all => `/${all.join('')}`),
)

t.test('target: what passes is a path and a query of printable ASCII, whatever comes', async t => {
  fc.assert(
    fc.property(target, text => {
      const codes = [...text].map(one => one.charCodeAt(0))
      const plain =
        codes[0] === 0x2f && codes.every(code => code > 0x20 && code < 0x7f && code !== 0x23)
      return plainTarget(text) === plain
    }),
    RUNS,
  )
  fc.assert(
    fc.property(target, text => {
      const { query } = new Head('POST', text, [])
      const clean = cleanTarget('/flow', query, { headers: [], query: ['token'] })
      // it would take a question mark at the start of a query for no part of the first name
      const names = [...new URLSearchParams(`&${clean.slice('/flow?'.length)}`).keys()]
      return clean.startsWith('/flow') && !names.includes('token')
    }),
    RUNS,
  )
  t.pass('no counter-example')
})

t.test('header: a head comes to a verdict, and one length at most', async t => {
  fc.assert(
    fc.property(raw, fc.constantFrom('1.0', '1.1', '2.0'), (lines, version) => {
      const head = new Head('POST', '/', lines)
      const declared = declaredLength(head)
      const verdict = framing(head, version, declared, new Set())
      const lengths = head.all('content-length')
      const codings = head.all('transfer-encoding')
      const certain = lengths.length + codings.length < 2
      acceptableType(head.only('content-type'), new Set(['application/json']), true)
      return verdict === CLEAN ? certain && declared !== 'malformed_http' : verdict in REASONS
    }),
    RUNS,
  )
  t.pass('no counter-example')
})

const KEPT = {
  credentials: { headers: ['x-token'], query: [] },
  leaks: new Leaks([]),
  type: undefined,
}
const FORBIDDEN =
  /^(?:x-forwarded-(?!for$|proto$|host$).*|forwarded|x-real-ip|cookie|authorization|connection|upgrade|te|expect|transfer-encoding|content-length|host|.*_.*)$/i

t.test('header: nothing that a proxy claims or that is hop by hop goes on', async t => {
  fc.assert(
    fc.property(raw, lines => {
      const head = new Head('POST', '/', lines)
      const intro = {
        address: '192.0.2.1',
        protocol: 'https' as const,
        requestId: 'id',
        verified: 'provider=a; secret=current',
      }
      const out = cleanHeaders(head, KEPT, intro).headers
      const names = out.filter((_, i) => i % 2 === 0)
      const times = (one: string) => names.filter(other => other.toLowerCase() === one).length
      const ours = ['x-forwarded-for', 'x-request-id', 'x-hookwarden-verified', 'x-forwarded-proto']
      return !names.some(one => FORBIDDEN.test(one)) && ours.every(one => times(one) === 1)
    }),
    RUNS,
  )
  t.pass('no counter-example')
})

const SCHEMES: readonly Scheme[] = [
  { alg: 'hmac-sha256', from: 'header:X-Sig', items: ['sha256={sig}'], sign: '{body}' },
  {
    alg: 'hmac-sha256',
    from: 'header:X-Sig',
    split: ',',
    items: ['t={ts}', 'v1={sig}'],
    sign: '{ts}.{body}',
    timestamp: { unit: 's', tolerance: '300s' },
  },
  { alg: 'hmac-sha1', from: 'header:X-Sig', encoding: 'base64', sign: '{url}{body}' },
  { alg: 'token', from: 'header:X-Sig' },
]
const hex = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map(all => Buffer.from(all).toString('hex'))
const claim = fc.oneof(
  bytes,
  hex.map(one => `sha256=${one}`),
  fc
    .tuple(fc.nat(), fc.array(hex, { maxLength: 40 }))
    .map(([at, all]) => `t=${at},${all.map(one => `v1=${one}`).join(',')}`),
  fc.uint8Array({ minLength: 20, maxLength: 20 }).map(all => Buffer.from(all).toString('base64')),
)

t.test('signature: nothing that is made up is a proof, and nothing throws', async t => {
  for (const scheme of SCHEMES) {
    const compiled = compileScheme(scheme, {
      publicUrl: 'https://hooks.example.com',
      values: {},
    } as never)
    if (Array.isArray(compiled)) {
      t.fail(JSON.stringify(compiled))
      continue
    }
    const secret = Buffer.from('a secret that nobody guesses, 0123456789')
    const verifier = bindVerifier(compiled, [{ bytes: secret, place: 'current', until: undefined }])
    fc.assert(
      fc.property(fc.array(claim, { maxLength: 2 }), bytes, (claims, body) => {
        const head = new Head(
          'POST',
          '/',
          claims.flatMap(one => ['X-Sig', one]),
        )
        const opened = verifier.open(head, 1_700_000_000_000)
        if (typeof opened === 'string') return opened in REASONS
        opened.update(Buffer.from(body, 'latin1'))
        const verdict = opened.final([Buffer.from(body, 'latin1')])
        return verdict !== CLEAN && opened.proof === undefined
      }),
      RUNS,
    )
  }
  t.pass('no counter-example')
})

const WORDS = [
  '{sig}',
  '{ts}',
  '{body}',
  '{url}',
  '{header:X}',
  '{json:a.b}',
  '{form:a}',
  '{body|sha256|hex}',
  '{',
  '}',
  '|',
  ':',
  '.',
  'v1=',
  ',',
  '{secret}',
  '{nosuch}',
  '{header:}',
]
const template = fc
  .array(fc.oneof(fc.constantFrom(...WORDS), bytes), { maxLength: 5 })
  .map(all => all.join(''))
const scheme = fc.record(
  {
    alg: fc.constantFrom(
      'hmac-sha256',
      'sha256',
      'token',
      'basic',
      'ed25519',
      'ecdsa-p256',
      'jwt',
      'none',
      'x',
    ),
    from: fc.oneof(fc.constantFrom('header:X', 'query:a', 'json:a', 'form:a', 'header:'), template),
    items: fc.array(template, { maxLength: 3 }),
    split: fc.constantFrom(',', ';', ' ', '', ',,'),
    encoding: fc.constantFrom('hex', 'base64', 'base64url', 'base64+hex'),
    key: template,
    sign: template,
    require: fc.array(fc.tuple(template, template), { maxLength: 2 }),
    each: fc.constantFrom('a', ''),
  },
  { requiredKeys: ['alg', 'from'] },
)

t.test('scheme: any scheme is compiled or has flaws that say where', async t => {
  fc.assert(
    fc.property(scheme, made => {
      const compiled = compileScheme(
        made as unknown as Scheme,
        { publicUrl: undefined, values: {} } as never,
      )
      return !Array.isArray(compiled) || compiled.every(({ message }) => message !== '')
    }),
    RUNS,
  )
  t.pass('no counter-example')
})

const FULL = readFileSync('test/fixtures/full.yaml', 'utf8')
const BITS = [
  '{',
  '}',
  '[',
  ']',
  ':',
  '- ',
  '&a ',
  '*a',
  '!!binary ',
  '|',
  '>',
  '"',
  "'",
  '#',
  '\t',
  '\n',
  '%',
  '<<: *a',
  '? ',
  '---\n',
  '0x1',
  '~',
  '1e999',
  '\0',
  '\ufeff',
  '9999999999h',
]

/** A map to which something was done. */
const yaml = fc
  .array(fc.tuple(fc.nat(FULL.length), fc.nat(40), fc.oneof(fc.constantFrom(...BITS), bytes)), {
    minLength: 1,
    maxLength: 4,
  })
  .map(edits => {
    let text = FULL
    for (const [at, drop, put] of edits) text = text.slice(0, at) + put + text.slice(at + drop)
    return text
  })

t.test('YAML: any text is a map or has issues that say where', async t => {
  const load = (text: string) =>
    loadMap(text, { file: 'map.yaml', dev: true, compileScheme: flawsOf })
  const judged = (text: string): boolean => {
    const { settings, issues } = load(text)
    return settings === undefined
      ? issues.length > 0 && issues.every(({ line }) => line >= 1)
      : true
  }
  fc.assert(fc.property(yaml, judged), { seed, numRuns: 300 })
  fc.assert(fc.property(bytes, judged), { seed, numRuns: 300 })
  t.pass('no counter-example')
})
