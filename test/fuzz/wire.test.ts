import { readFileSync } from 'node:fs'
import t from 'tap'
import { fuzz } from './wire.ts'

t.test('mutated requests leave nothing unproven upstream, and nothing over', async t => {
  const result = await fuzz(t, { seed: 20_261, count: 400, seconds: 60 })
  t.same(result.faults, [])
  t.ok(result.requests >= 400, `${result.requests} requests`)
  t.ok(result.delivered > 20, `${result.delivered} delivered`)
  t.ok((result.statuses[400] ?? 0) > 40 && (result.statuses[401] ?? 0) > 8, 'they were refused')
})

t.test('a run of a hundred thousand is recorded, and had no fault', async t => {
  const { runs } = JSON.parse(readFileSync('test/fuzz/seeds.json', 'utf8')) as {
    readonly runs: readonly { readonly count: number; readonly faults: number }[]
  }
  t.ok(runs.some(({ count, faults }) => count >= 100_000 && faults === 0))
})
