import fc from 'fast-check'
import type { Test } from 'tap'
import type { Limit } from '../../src/limit/gcra.ts'
import type { Bucket, LimitStore } from '../../src/limit/store.ts'

const limit: Limit = { name: 'contract', emission: 100, burst: 200 }
const one = (key: string, under = limit): readonly Bucket[] => [{ limit: under, key }]

/** What every LimitStore promises. Each implementation's test calls this; each `open` starts empty. */
export function limitStoreContract(t: Test, open: () => Promise<LimitStore>): void {
  t.test('two go at once, the third is told when, another key is not affected', async t => {
    const store = await open()
    t.teardown(() => store.close())
    t.equal((await store.reserve(one('a'), 1_000, 0)).wait, 0)
    const { wait, shared } = await store.reserve(one('a'), 1_000, 0)
    t.equal(wait, 0)
    t.match(await store.reserve(one('a'), 1_000, 0), { wait: undefined, retryAfter: 100 })
    t.equal((await store.reserve(one('b'), 1_000, 0)).wait, 0)
    store.giveBack(one('a'), 1_000, shared)
    t.equal((await store.reserve(one('a'), 1_000, 0)).wait, 0, 'what was given back can be taken')
  })

  t.test('two limits under one key do not share a bucket', async t => {
    const store = await open()
    t.teardown(() => store.close())
    for (let i = 0; i < 3; i++) await store.reserve(one('a'), 1_000, 0)
    t.equal((await store.reserve(one('a', { ...limit, name: 'other' }), 1_000, 0)).wait, 0)
  })

  t.test(
    'who may wait gets turns in order, one emission apart, until patience is spent',
    async t => {
      const store = await open()
      t.teardown(() => store.close())
      const waits = []
      for (let i = 0; i < 6; i++) waits.push((await store.reserve(one('a'), 1_000, 300)).wait)
      t.same(waits, [0, 0, 100, 200, 300, undefined])
      t.equal((await store.reserve(one('a'), 1_100, 300)).wait, 300, 'a refusal took nothing')
    },
  )

  t.test(
    'of several buckets the slowest decides, and one that refuses leaves all untouched',
    async t => {
      const store = await open()
      t.teardown(() => store.close())
      const slow: Limit = { name: 'slow', emission: 1_000, burst: 1_000 }
      const both = [...one('a'), ...one('a', slow)]
      const reserve = (buckets: readonly Bucket[], patience: number) =>
        store.reserve(buckets, 1_000, patience)
      t.match(await reserve(both, 0), { wait: 0, retryAfter: 0, refusedBy: undefined })
      t.match(await reserve(both, 500), { wait: undefined, retryAfter: 500, refusedBy: 1 })
      const granted = await reserve(both, 1_000)
      t.match(granted, { wait: 1_000, refusedBy: undefined })
      t.match(await reserve(one('a'), 100), { wait: 100 }, 'the refusal took nothing of the first')
      t.match(
        await reserve(both, 0),
        { wait: undefined, retryAfter: 2_000, refusedBy: 0 },
        'the first to refuse is named, the last to grant says when',
      )
      store.giveBack(both, 1_000, granted.shared)
      t.match(await reserve(both, 1_000), { wait: 1_000 }, 'what comes back comes back everywhere')
    },
  )

  t.test('giving back never saves up more than the burst', async t => {
    const store = await open()
    t.teardown(() => store.close())
    const { shared } = await store.reserve(one('a'), 1_000, 0)
    for (let i = 0; i < 5; i++) store.giveBack(one('a'), 1_000, shared)
    store.giveBack(one('never seen'), 1_000, shared)
    for (const key of ['a', 'never seen']) {
      const waits = []
      for (let i = 0; i < 3; i++) waits.push((await store.reserve(one(key), 1_000, 0)).wait)
      t.same(waits, [0, 0, undefined], key)
    }
  })

  t.test('a reload to a looser limit does not keep a sender out for the old window', async t => {
    const store = await open()
    t.teardown(() => store.close())
    const hourly: Limit = { name: 'contract', emission: 3_600_000, burst: 3_600_000 }
    await store.reserve(one('a', hourly), 1_000, 0)
    t.equal((await store.reserve(one('a', hourly), 1_000, 0)).wait, undefined)
    t.equal((await store.reserve(one('a'), 1_200, 100)).wait !== undefined, true)
  })

  t.test(
    'in no window does it let more through than the burst and what the window refills',
    async t => {
      const steps = fc.array(fc.integer({ min: 0, max: 120 }), { maxLength: 40 })
      await fc.assert(
        fc.asyncProperty(steps, async gaps => {
          const store = await open()
          const granted: number[] = []
          let now = 1_000
          for (const gap of gaps) {
            now += gap
            if ((await store.reserve(one('a'), now, 0)).wait === 0) granted.push(now)
          }
          await store.close()
          const rounding = 0.02 // a store may forgive a hundredth of one, once
          return granted.every((from, i) =>
            granted.slice(i).every((to, more) => more + 1 <= 2 + rounding + (to - from) / 100),
          )
        }),
        { numRuns: 50 },
      )
      t.pass('no counter-example')
    },
  )
}
