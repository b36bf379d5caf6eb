import fc from 'fast-check'
import t from 'tap'
import { Lateness } from '../../../src/limit/lateness.ts'

const EMISSION = 20

interface Stall {
  readonly from: number
  readonly to: number
}

/** When turns go that are due one emission apart, where the process stands still now and then. */
function released(count: number, stalls: readonly Stall[]): number[] {
  const lateness = new Lateness()
  const seen = (at: number): number =>
    stalls.find(({ from, to }) => at >= from && at < to)?.to ?? at
  const waiting = Array.from({ length: count }, (_, i) => ({
    due: i * EMISSION,
    at: seen(i * EMISSION),
  }))
  const gone: number[] = new Array(count).fill(0)
  while (waiting.length > 0) {
    waiting.sort((a, b) => a.at - b.at || a.due - b.due)
    const { due, at } = waiting.shift() as { due: number; at: number }
    const more = lateness.hold(due, at)
    if (more > 0) waiting.push({ due, at: seen(at + Math.ceil(more)) })
    else gone[due / EMISSION] = at
  }
  return gone
}

/** The most that went within a second. */
function most(gone: readonly number[]): number {
  return Math.max(...gone.map(from => gone.filter(at => at >= from && at < from + 1_000).length))
}

t.test('a process that is on time lets everybody go on time', async t => {
  const gone = released(100, [])
  t.same(
    gone,
    gone.map((_, i) => i * EMISSION),
  )
})

t.test(
  'after a stall turns keep nine tenths of their distance, and are on time in the end',
  async t => {
    const gone = released(600, [{ from: 1_000, to: 1_500 }])
    t.equal(
      gone[75],
      1_950,
      'due at the end of the stall, and still late: the first was by half a second',
    )
    for (let i = 52; i < 600; i++) {
      t.ok((gone[i] ?? 0) - (gone[i - 1] ?? 0) >= 0.9 * EMISSION - 1 - 5, `${i} does not crowd`)
    }
    t.ok(most(gone) <= 56, `${most(gone)} in a second, not the 75 that were due`)
    t.equal(gone.at(-1), 599 * EMISSION)
  },
)

t.test('nobody is held for more than a second, whatever happened', async t => {
  const stall = fc.record({ from: fc.nat(6_000), length: fc.nat(3_000) })
  fc.assert(
    fc.property(fc.array(stall, { maxLength: 6 }), given => {
      const stalls = given.map(({ from, length }) => ({ from, to: from + length }))
      const gone = released(300, stalls)
      const end = (at: number): number => {
        const next = stalls.find(({ from, to }) => at >= from && at < to)?.to
        return next === undefined || next === at ? at : end(next)
      }
      return gone.every((at, i) => at >= i * EMISSION && at <= end(i * EMISSION + 1_001))
    }),
  )
  t.pass('no counter-example')
})
