import { getHeapSpaceStatistics } from 'node:v8'
import t from 'tap'
import { Thrift } from '../../../src/process/thrift.ts'

const SECOND = 1000

/** What the engine was told, by shares that were seen so many seconds apart. */
function told(every: number, shares: readonly number[]): string[] {
  let now = 5 * SECOND
  const words: string[] = []
  const thrift = new Thrift(
    { now: () => now },
    { giveBack: () => words.push('give back'), mayKeep: may => words.push(`keep ${may}`) },
  )
  for (const share of shares) {
    thrift.look(share)
    now += every * SECOND
  }
  return words
}

const TIGHT = ['keep false', 'give back']
const EASY = ['keep true']

t.test('memory is given back once more than 15 % of the room is taken', async t => {
  t.same(told(1, [0, 0.1, 0.15]), [], 'not before')
  t.same(told(1, [0, 0.16, 0.9, 1, 0.3, 0.08]), TIGHT, 'and once')
})

t.test('what is free is kept again when half of that is taken', async t => {
  t.same(told(60, [0.6, 0.075]), TIGHT)
  t.same(told(60, [0.6, 0.07, 0]), [...TIGHT, ...EASY])
})

t.test('whoever comes and goes does not have it collect all the time', async t => {
  const comesAndGoes = Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? 1 : 0))
  t.same(told(1, comesAndGoes), TIGHT, 'once in a minute, and it stays small all the while')
  t.same(told(1, [...comesAndGoes, 0, 1]), [...TIGHT, ...EASY, ...TIGHT])
})

t.test('V8 does give back, keeps its young generation small, and lets it grow again', t => {
  let now = 0
  const thrift = new Thrift({ now: () => now })
  churn()
  const grown = young()
  thrift.look(1)
  t.ok(young() < grown / 4, `${young()} bytes when given back, of ${grown}`)
  churn()
  const small = young()
  t.ok(small < grown / 4, `${small} bytes after as much again`)
  now = 60 * SECOND
  thrift.look(0)
  churn()
  t.ok(young() > small * 2, `${young()} bytes when it may grow again`)
  t.equal(typeof (globalThis as { gc?: unknown }).gc, 'undefined', 'nobody else can ask for it')
  t.end()
})

/** Bytes that V8 has for what is young. */
function young(): number {
  return getHeapSpaceStatistics().find(one => one.space_name === 'new_space')?.space_size ?? 0
}

/** Makes objects of which each lives for a while; by JSON, because V8 learns which lines make such objects, and makes them old. */
function churn(): void {
  let alive: unknown[] = []
  for (let i = 0; i < 600_000; i++) {
    alive.push(JSON.parse('{"i":1,"pair":[1,{}]}'))
    if (alive.length > 60_000) alive = alive.slice(30_000)
  }
}
