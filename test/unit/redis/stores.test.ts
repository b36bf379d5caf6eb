import fc from 'fast-check'
import t from 'tap'
import { MemoryLimits } from '../../../src/limit/memory-limits.ts'
import { RedisLimits } from '../../../src/limit/redis-limits.ts'
import { type Bucket, type LimitStore, limitOf } from '../../../src/limit/store.ts'
import { MemoryReplay } from '../../../src/replay/memory-replay.ts'
import { RedisReplay } from '../../../src/replay/redis-replay.ts'
import type { ReplayStore } from '../../../src/replay/store.ts'
import { limitStoreContract } from '../../contract/limit-store.ts'
import { replayStoreContract } from '../../contract/replay-store.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { NO_REDIS, redisClient, StillRedis, startRedis } from '../../support/redis.ts'

const SEED = new Uint32Array([1, 2, 3, 4])

t.test('stores in a real Redis', { skip: NO_REDIS }, async t => {
  const server = await startRedis()
  const client = redisClient(server.port)
  t.teardown(async () => {
    client.disconnect()
    await server.close()
  })
  let opened = 0
  const still = () => ({
    redis: new StillRedis(client),
    prefix: `test-${opened++}:`,
    clock: new ManualClock({ start: 0 }),
  })

  /**
   * A store in Redis alone, at the time that each call is told.
   *
   * @param asks at each call as if no answer were known
   */
  function limits(asks = false): LimitStore {
    const options = still()
    const open = () => new RedisLimits({ ...options, own: new MemoryLimits(100) })
    let store = open()
    return {
      reserve(buckets, now, patience) {
        options.redis.now = now
        options.clock.advance(Math.max(0, now - options.clock.now()))
        if (asks) store = open()
        return store.reserve(buckets, now, patience)
      },
      giveBack(buckets, now, shared) {
        options.redis.now = now
        store.giveBack(buckets, now, shared)
      },
      close: () => store.close(),
    }
  }

  /** The same of replay memory: `max: 0` remembers nothing of its own. */
  function replay(max: number): ReplayStore {
    const options = still()
    const own = new MemoryReplay({ max, seed: SEED })
    const store = new RedisReplay({ ...options, own, onError: 'local' })
    return {
      claim(key, owner, lease, window, now) {
        options.redis.now = 1e12 + now
        return store.claim(key, owner, lease, window, now)
      },
      keep: (key, owner) => store.keep(key, owner),
      release: (key, owner) => store.release(key, owner),
      close: () => store.close(),
    }
  }

  t.test('limits', async t => limitStoreContract(t, async () => limits()))
  t.test('replay memory of Redis alone', async t => replayStoreContract(t, async () => replay(0)))
  t.test("replay memory behind this process's own", async t =>
    replayStoreContract(t, async () => replay(100)),
  )

  t.test('in Redis a limit decides as in memory, to the last bit', async t => {
    const rate = fc.record({
      count: fc.integer({ min: 1, max: 700 }),
      per: fc.constantFrom(1_000, 60_000, 3_600_000),
    })
    const act = fc.record({
      gap: fc.double({ min: 0, max: 2_000, noNaN: true }),
      patience: fc.constantFrom(0, 100, 4_000),
      back: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(rate, { minLength: 1, maxLength: 3 }),
        fc.array(act, { maxLength: 25 }),
        async (rates, acts) => {
          const [shared, alone] = [limits(true), new MemoryLimits(100)]
          const buckets: Bucket[] = rates.map((rate, i) => ({
            limit: limitOf('law', rate),
            key: `${i}`,
          }))
          let now = 1.7e12
          for (const { gap, patience, back } of acts) {
            now += gap
            const [ours, theirs] = [
              await shared.reserve(buckets, now, patience),
              alone.reserve(buckets, now, patience),
            ]
            t.strictSame({ ...ours, shared: false }, theirs)
            if (JSON.stringify({ ...ours, shared: false }) !== JSON.stringify(theirs)) return false
            if (!back || ours.wait === undefined) continue
            shared.giveBack(buckets, now, ours.shared)
            alone.giveBack(buckets, now)
          }
          return true
        },
      ),
      { numRuns: 60 },
    )
  })

  t.test('a clock of Redis that is set back by a minute takes its buckets with it', async t => {
    const store = limits(true)
    const ten = [{ limit: limitOf('back', { count: 10, per: 1_000 }), key: 'a' }]
    const granted = async (now: number) => {
      let count = 0
      for (let i = 0; i < 15; i++) {
        if ((await store.reserve(ten, now, 0)).wait === 0) count++
      }
      return count
    }
    t.equal(await granted(100_000), 10)
    t.equal(await granted(40_000), 0, 'nothing is granted anew')
    t.equal(await granted(40_500), 5, 'and nobody is shut out for the minute')
  })

  t.test('keys have the prefix, and end by themselves', async t => {
    const redis = new StillRedis(client, 0)
    redis.now = 5_000
    const options = { redis, prefix: '{shop}hw:', clock: new ManualClock() }
    const own = new MemoryLimits(100)
    const rates = new RedisLimits({ ...options, own })
    const buckets = [{ limit: limitOf('per_provider', { count: 5, per: 500_000 }), key: 'x' }]
    await rates.reserve(buckets, 0, 0)
    const memory = new MemoryReplay({ max: 10, seed: SEED })
    const store = new RedisReplay({ ...options, own: memory, onError: 'local' })
    for (const key of ['kept', 'held', 'gone']) await store.claim(key, 'me', 30_000, 600_000, 0)
    store.keep('kept', 'me')
    store.release('gone', 'me')
    const keys = (await client.keys('*{shop}*')).sort()
    t.same(keys, ['{shop}hw:limit:per_provider:x', '{shop}hw:replay:held', '{shop}hw:replay:kept'])
    const left = await Promise.all(keys.map(key => client.pttl(key)))
    const most = [100_000, 600_000, 600_000]
    for (const [i, ms] of left.entries()) {
      const roof = most[i] ?? 0
      t.ok(ms > roof * 0.5 && ms <= roof, `${keys[i]}: ${ms} ms`)
    }
  })

  t.test('a value that nobody here wrote counts as none, and is replaced', async t => {
    const garbage = [
      '',
      'garbage',
      '1',
      '0 x y',
      '1 2',
      '0 1 2',
      'nan inf -',
      '1 . . .',
      '1e999 e e',
    ]
    const options = { redis: new StillRedis(client), clock: new ManualClock(), prefix: 'odd:' }
    for (const value of garbage) {
      await client.set('odd:limit:odd:a', value)
      await client.set('odd:replay:a', value)
      const rates = new RedisLimits({ ...options, own: new MemoryLimits(100) })
      const two = [{ limit: limitOf('odd', { count: 2, per: 1_000 }), key: 'a' }]
      options.redis.now = 1e12
      const waits = []
      for (let i = 0; i < 3; i++) waits.push((await rates.reserve(two, 1_000, 0)).wait)
      t.same(waits, [0, 0, undefined], value)
      rates.giveBack(two, 1_000, true)
      const own = new MemoryReplay({ max: 0, seed: SEED })
      const store = new RedisReplay({ ...options, own, onError: 'closed' })
      t.equal(await store.claim('a', 'me', 1_000, 9_000, 0), 'fresh')
      t.equal(await store.claim('a', 'you', 1_000, 9_000, 0), 'in_flight')
    }
  })

  t.test('a key of any bytes is one key', async t => {
    const store = replay(0)
    const keys = ['a b\u0000\u00ff\u0080', 'a b\u0000\u00ff\u0081', 'a b\r\n$1\r\n', 'a|b{c}']
    for (const key of keys) t.equal(await store.claim(key, 'o', 1_000, 9_000, 0), 'fresh')
    for (const key of keys) t.equal(await store.claim(key, 'o', 1_000, 9_000, 0), 'in_flight')
  })
})
