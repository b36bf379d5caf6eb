import fc from 'fast-check'
import t from 'tap'
import { explain, explaining } from '../../../src/explain/explain.ts'
import { FINDINGS, type FindingCode } from '../../../src/explain/findings.ts'
import { jsonForms } from '../../../src/explain/json-forms.ts'
import { MISTAKES } from './mistakes.ts'
import { hmac, key, PLAIN, SECRET, scene, signed } from './support.ts'

for (const mistake of MISTAKES) {
  const { made, finds, says } = mistake
  t.test(`${[finds].flat().join(' and ')}: ${made}`, async t => {
    const { reason, findings } = explain(scene(mistake))
    t.ok(reason, 'it is refused')
    t.same(
      findings.map(({ code }) => code),
      [finds].flat(),
      'that is found, and nothing else',
    )
    t.match(findings[0]?.detail, says)
    const said = JSON.stringify(findings)
    const written = [
      SECRET,
      Buffer.from(SECRET).toString('hex'),
      Buffer.from(SECRET).toString('base64'),
    ]
    for (const text of written) t.notOk(said.includes(text), 'no secret')
    t.notMatch(said, /[0-9a-f]{32}|[A-Za-z0-9+/]{40}/, 'no signature')
  })
}

t.test('every finding has a mistake that leads to it', async t => {
  const found = new Set(MISTAKES.flatMap(({ finds }) => finds))
  const codes = Object.keys(FINDINGS) as FindingCode[]
  t.same(
    codes.filter(code => !found.has(code)),
    [],
  )
})

t.test('whatever the secret is, nothing of it is said', async t => {
  const secret = fc.string({ unit: 'grapheme-ascii', minLength: 16, maxLength: 40 })
  const stored = fc.constantFrom<(text: string) => string>(
    text => `${text}\n`,
    text => ` ${text}`,
    text => `"${text}"`,
    text => `whsec_${text}`,
    text => Buffer.from(text).toString('base64'),
    text => Buffer.from(text).toString('hex'),
    text => `${text}x`,
  )
  fc.assert(
    fc.property(secret, stored, fc.string(), (text, store, body) => {
      const { findings } = explain(
        scene({ keys: [key(store(text))], headers: signed(body, text), body }),
      )
      const said = findings.map(({ detail }) => detail).join()
      return findings.length > 0 && !said.includes(text) && !said.includes(store(text).trim())
    }),
  )
  t.pass('no counter-example')
})

t.test('an accepted delivery has nothing to explain', async t => {
  const { reason, findings, secret } = explain(scene({ headers: signed('{}') }))
  t.same({ reason, findings, secret }, { reason: undefined, findings: [], secret: 'current' })
})

t.test('it tries a bounded list, however large and odd a delivery is', async t => {
  const others = Array.from({ length: 500 }, (_, i) => ({
    name: `p${i}`,
    scheme: PLAIN,
    options: { publicUrl: `https://p${i}.example.com` },
    keys: [key(`secret-of-provider-number-${i}`)],
    problems: [],
  }))
  const headers = [
    ['X-Acme-Signature', Array.from({ length: 40 }, (_, i) => `k${i}=${'0'.repeat(64)}`).join(',')],
    ...Array.from({ length: 90 }, (_, i) => ['X-Forwarded-Host', `h${i}.example.com`]),
  ] as [string, string][]
  const forged = scene({
    scheme: { ...PLAIN, split: ',', items: ['v1={sig}'], sign: '{url}{body}' },
    options: { publicUrl: 'https://hooks.example.com' },
    others,
    headers,
    body: JSON.stringify({ list: Array.from({ length: 1000 }, (_, i) => ({ i, text: 'é/<' })) }),
  })
  let steps = 0
  const run = explaining(forged)
  for (let step = run.next(); step.done !== true; step = run.next()) steps++
  t.ok(steps > 100, `${steps} steps`)
  t.ok(steps < 1000, `${steps} steps`)
})

t.test('a body is written anew at not much more than its length, however it nests', async t => {
  const nested = `${'['.repeat(60)}${'1,'.repeat(29_000)}1${']'.repeat(60)}`
  for (const form of jsonForms(nested))
    t.ok(form.length < 2 * nested.length + 256 * 1024, `${form.length}`)
  const usual = { a: [{ b: 1, c: 'x' }], d: { e: null } }
  const forms = [...jsonForms(JSON.stringify(usual))]
  for (const indent of ['  ', '    ', '\t'])
    t.ok(forms.includes(JSON.stringify(usual, null, indent)))
})

t.test('deep, broken and tedious bodies come to nothing', async t => {
  const bodies = [
    '['.repeat(30_000) + ']'.repeat(30_000),
    `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
    `${'\n'.repeat(60_000)}x\n`,
    `"${'\\\\'.repeat(30_000)}"`,
    '{"a":',
    '"\\ud800"',
    '{"a":1}{"b":2}',
  ]
  const zeros = [['X-Acme-Signature', '0'.repeat(64)]] as const
  const jwt = { alg: 'jwt', from: 'header:x-acme-signature', algs: ['HS256'] }
  for (const body of bodies) {
    t.match(explain(scene({ headers: zeros, body })).findings, [{ code: 'unexplained' }])
  }
  for (const value of [
    'a'.repeat(60_000),
    '.'.repeat(60_000),
    'e30.'.repeat(9000),
    'e30.bnVsbA.',
  ]) {
    const { findings } = explain(scene({ scheme: jwt, headers: [['X-Acme-Signature', value]] }))
    t.match(findings, [{ code: 'unexplained' }])
  }
})

t.test('of a head alone only what the head tells is said', async t => {
  const headOnly = (headers: [string, string][]) =>
    explain({ ...scene({ headers }), body: undefined }).findings.map(({ code }) => code)
  t.same(headOnly([]), ['header_missing'])
  t.same(headOnly([['X-Hub-Signature-256', 'sha256=00']]), ['wrong_preset'])
  t.same(headOnly([['X-Acme-Signature', hmac('sha256', SECRET, '{}').toString('hex')]]), [
    'unexplained',
  ])
})
