import t from 'tap'
import { fuzz } from '../fuzz/wire.ts'

t.test(
  'two thousand mutated requests leave nothing unproven upstream, and nothing over',
  async t => {
    const result = await fuzz(t, { seed: 20_262, count: 2000, seconds: 120 })
    t.same(result.faults, [])
    t.ok(result.requests >= 2000, `${result.requests} requests`)
  },
)

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
