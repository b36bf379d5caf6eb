import fc from 'fast-check'
import t from 'tap'
import { MemoryReplay } from '../../../src/replay/memory-replay.ts'
import { replayStoreContract } from '../../contract/replay-store.ts'

const SEED = new Uint32Array([1, 2, 3, 4])

t.test('as every replay store', async t => {
  replayStoreContract(t, async () => new MemoryReplay({ max: 100, seed: SEED }))
})

t.test('when full it forgets the oldest, and counts it', async t => {
  const store = new MemoryReplay({ max: 2, seed: SEED })
  store.claim('first', 'o', 1_000, 90_000, 0)
  store.claim('second', 'o', 1_000, 60_000, 1)
  store.claim('third', 'o', 1_000, 60_000, 2)
  t.equal(store.size, 2)
  t.equal(store.evicted, 1)
  t.equal(store.claim('second', 'p', 1_000, 60_000, 3), 'in_flight')
  t.equal(
    store.claim('first', 'p', 1_000, 60_000, 3),
    'fresh',
    'the oldest, though it has the longest window',
  )
})

t.test('what has expired makes room and is no eviction, whatever window is behind it', async t => {
  const store = new MemoryReplay({ max: 3, seed: SEED })
  store.claim('long', 'o', 10, 9_000, 0)
  store.claim('short', 'o', 10, 100, 1)
  store.claim('shorter', 'o', 10, 50, 2)
  store.claim('new', 'o', 10, 9_000, 200)
  t.equal(store.size, 2)
  t.equal(store.evicted, 0)
  store.keep('long', 'o')
  t.equal(store.claim('long', 'p', 10, 9_000, 300), 'delivered')
})

t.test('a delivery claimed again lives its own time, not that of its first claim', async t => {
  const store = new MemoryReplay({ max: 10, seed: SEED })
  const claim = (key: string, now: number) => store.claim(key, 'o', 100, 100, now)
  for (const [key, now] of [
    ['a', 0],
    ['b', 10],
    ['c', 20],
  ] as const)
    claim(key, now)
  store.release('b', 'o')
  claim('b', 30)
  claim('d', 115)
  t.equal(store.size, 3, 'a is gone')
  t.equal(claim('b', 115), 'in_flight')
})

t.test('a bound of none still answers', async t => {
  t.equal(new MemoryReplay({ max: 0, seed: SEED }).claim('k', 'o', 1, 1, 0), 'fresh')
})

type Act = readonly [
  'claim' | 'keep' | 'release',
  key: number,
  owner: number,
  gap: number,
  window: number,
]

t.test('it answers as a plain list of everything that ever happened would', async t => {
  const act: fc.Arbitrary<Act> = fc.tuple(
    fc.constantFrom('claim' as const, 'claim' as const, 'keep' as const, 'release' as const),
    fc.integer({ min: 0, max: 3 }),
    fc.integer({ min: 0, max: 1 }),
    fc.integer({ min: 0, max: 60 }),
    fc.constantFrom(20, 100, 250),
  )
  fc.assert(
    fc.property(fc.array(act, { maxLength: 80 }), acts => {
      const store = new MemoryReplay({ max: 100, seed: SEED })
      /** Every claim that was fresh, oldest first, with what became of it. */
      const claims: { key: number; owner: number; at: number; window: number; end: string }[] = []
      let now = 0
      for (const [what, key, owner, gap, window] of acts) {
        now += gap
        const last = claims.findLast(claim => claim.key === key)
        if (what === 'claim') {
          const expected =
            last?.end === 'kept' && now < last.at + last.window
              ? 'delivered'
              : last?.end === '' && now < last.at + 50
                ? 'in_flight'
                : 'fresh'
          if (store.claim(`${key}`, `${owner}`, 50, window, now) !== expected) return false
          if (expected === 'fresh') claims.push({ key, owner, at: now, window, end: '' })
        } else if (last?.owner === owner && last.end === '' && now < last.at + 50) {
          store[what](`${key}`, `${owner}`)
          last.end = what === 'keep' ? 'kept' : 'released'
        }
      }
      store.claim('last', 'o', 1, 1, now + 250)
      return store.evicted === 0 && store.size === 1
    }),
  )
  t.pass('no counter-example')
})

t.test('never more than its bound, and the newest claim is always remembered', async t => {
  const act = fc.tuple(fc.integer({ min: 0, max: 30 }), fc.constantFrom(100, 1_000, 5_000))
  fc.assert(
    fc.property(fc.array(act, { maxLength: 200 }), acts => {
      const store = new MemoryReplay({ max: 5, seed: SEED })
      return acts.every(([key, window], i) => {
        const answer = store.claim(`${key}`, 'o', 100, window, i * 10)
        const again = store.claim(`${key}`, 'p', 100, window, i * 10)
        return answer !== 'delivered' && again === 'in_flight' && store.size <= 5
      })
    }),
  )
  t.pass('no counter-example')
})
