import { readFileSync } from 'node:fs'
import t from 'tap'
import { fuzz } from './wire.ts'

t.test('a thousand mutated requests leave nothing unproven upstream, and nothing over', async t => {
  const result = await fuzz(t, { seed: 20_261, count: 1000, seconds: 60 })
  t.same(result.faults, [])
  t.ok(result.requests >= 1000, `${result.requests} requests`)
  t.ok(result.delivered > 50, `${result.delivered} delivered`)
  t.ok((result.statuses[400] ?? 0) > 100 && (result.statuses[401] ?? 0) > 20, 'they were refused')
})

const PLANTED = [
  [
    'a forgery that passes',
    /no signature of/,
    ['verify/hmac.ts', "this.proof === undefined ? 'signature_mismatch' : CLEAN", 'CLEAN'],
  ],
  [
    'what is behind a doubtful length',
    /no stream holds for certain/,
    ['listen/door.ts', 'if (ending(line)) return', ''],
  ],
] as const

for (const [what, fault, plant] of PLANTED) {
  t.test(`the fuzzer sees ${what}, where that is planted`, async t => {
    const { faults } = await fuzz(t, { seed: 1, count: 600, seconds: 30, plant })
    t.ok(
      faults.some(one => fault.test(one)),
      faults.join('\n').slice(0, 500),
    )
  })
}

t.test('a run of a hundred thousand is recorded, and had no fault', async t => {
  const { runs } = JSON.parse(readFileSync('test/fuzz/seeds.json', 'utf8')) as {
    readonly runs: readonly { readonly count: number; readonly faults: number }[]
  }
  t.ok(runs.some(({ count, faults }) => count >= 100_000 && faults === 0))
})
