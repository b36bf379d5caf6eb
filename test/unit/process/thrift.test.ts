import t from 'tap'
import { Thrift } from '../../../src/process/thrift.ts'

const SECOND = 1000

/** What the engine was told, by shares that were seen so many seconds apart. */
function told(every: number, shares: readonly number[]): string[] {
  let now = 5 * SECOND
  const words: string[] = []
  const thrift = new Thrift(
    { now: () => now },
    { giveBack: () => words.push('give back'), mayGrow: may => words.push(`grow ${may}`) },
  )
  for (const share of shares) {
    thrift.look(share)
    now += every * SECOND
  }
  return words
}

const TIGHT = ['grow false', 'give back']
const EASY = ['grow true']

t.test('memory is given back once more than half of the room is taken', async t => {
  t.same(told(1, [0, 0.4, 0.5]), [], 'not before')
  t.same(told(1, [0, 0.51, 0.9, 1, 0.6, 0.3]), TIGHT, 'and once')
})

t.test('the young generation grows again when three quarters are free', async t => {
  t.same(told(1, [0.6, 0.25]), TIGHT)
  t.same(told(1, [0.6, 0.24, 0.1]), [...TIGHT, ...EASY])
})

t.test('whoever comes and goes does not have it collect all the time', async t => {
  const comesAndGoes = Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? 1 : 0))
  t.same(told(1, comesAndGoes), [...TIGHT, ...EASY], 'once in a minute')
  t.same(told(1, [...comesAndGoes, 1]), [...TIGHT, ...EASY, ...TIGHT])
})

t.test('V8 does give back, and goes on', async t => {
  const keep = () => Array.from({ length: 2_000_000 }, (_, i) => ({ i }))
  let held: unknown = keep()
  const much = process.memoryUsage().heapTotal
  t.ok(held)
  held = undefined
  const thrift = new Thrift({ now: () => 0 })
  thrift.look(1)
  const less = process.memoryUsage().heapTotal
  t.ok(less < much / 2, `${less} bytes, and ${much} before`)
  thrift.look(0)
  t.equal(keep().length, 2_000_000)
  t.equal(typeof (globalThis as { gc?: unknown }).gc, 'undefined', 'nobody else can ask for it')
})
