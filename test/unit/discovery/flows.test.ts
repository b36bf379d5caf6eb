import fc from 'fast-check'
import t from 'tap'
import { isFlow, lossOf, sameFlows, type WebhookFlow } from '../../../src/discovery/flows.ts'

const id = (n: number) => `0b6f0c1e-6b1f-4c57-9a53-${String(n).padStart(12, '0')}`
const flow = (n: number, change: Partial<WebhookFlow> = {}): WebhookFlow => ({
  ...{ id: id(n), app: 'github', sync: false, published: true },
  ...change,
})
const flows = (count: number) => Array.from({ length: count }, (_, n) => flow(n))

t.test('a row that is no flow of Automatisch is none to us', async t => {
  t.ok(isFlow(flow(1)))
  const odd: unknown[] = [
    ...[null, undefined, 'x', [], {}],
    { ...flow(1), id: id(1).toUpperCase() },
    { ...flow(1), id: `${id(1)}\n` },
    { ...flow(1), id: '../sync' },
    ...['', 'A', '-a', 'a b', 'a\n', '__proto__', 'a'.repeat(57), "x'; drop table flows; --"].map(
      app => ({ ...flow(1), app }),
    ),
    { ...flow(1), sync: 'true' },
    { ...flow(1), published: null },
  ]
  for (const row of odd) t.notOk(isFlow(row), JSON.stringify(row))
})

t.test(
  'more than half, and more than three of what is published, is a loss to be doubted',
  async t => {
    const cases: readonly [before: number, after: number, loss: boolean][] = [
      [3, 0, false],
      [4, 0, true],
      [4, 1, false],
      [8, 4, false],
      [8, 3, true],
      [100, 50, false],
      [100, 49, true],
    ]
    for (const [before, after, loss] of cases) {
      const found = lossOf(flows(before), flows(after))
      t.same(
        found,
        loss ? { gone: before - after, of: before } : undefined,
        `${before} to ${after}`,
      )
    }
    t.same(
      lossOf(
        flows(4),
        flows(4).map(one => ({ ...one, published: false })),
      ),
      { gone: 4, of: 4 },
      'unpublished is gone too',
    )
    const drafts = flows(9).map(one => ({ ...one, published: false }))
    t.same(lossOf(drafts, []), undefined, 'drafts come and go')
    t.same(
      lossOf(
        flows(9),
        flows(9).map(one => ({ ...one, app: 'x' })),
      ),
      undefined,
      'another app',
    )
  },
)

t.test(
  'nothing that keeps half of the flows is doubted, and sets are the same as themselves',
  async t => {
    const set = fc.uniqueArray(fc.nat(50), { maxLength: 40 }).map(all => all.map(n => flow(n)))
    fc.assert(
      fc.property(set, set, (before, more) => {
        const kept = before.slice(0, Math.ceil(before.length / 2))
        return lossOf(before, [...kept, ...more]) === undefined && sameFlows(before, [...before])
      }),
    )
    t.notOk(sameFlows([flow(1)], [flow(1, { published: false })]))
    t.notOk(sameFlows([flow(1)], [flow(2)]))
    t.notOk(sameFlows([flow(1)], []))
  },
)
