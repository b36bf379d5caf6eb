import t from 'tap'
import { MemoryLimits } from '../../../src/limit/memory-limits.ts'
import { RedisLimits } from '../../../src/limit/redis-limits.ts'
import { limitOf } from '../../../src/limit/store.ts'
import type { Reply } from '../../../src/redis/port.ts'
import { MemoryReplay } from '../../../src/replay/memory-replay.ts'
import { RedisReplay } from '../../../src/replay/redis-replay.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { HandRedis } from '../../support/redis.ts'

const ten = [{ limit: limitOf('per_provider', { count: 10, per: 1_000 }), key: 'a' }]
const LEASE = 30_000
const WINDOW = 600_000

function limits() {
  const redis = new HandRedis()
  const own = new MemoryLimits(100)
  return {
    redis,
    own,
    store: new RedisLimits({ redis, own, prefix: '', clock: new ManualClock() }),
  }
}

function replay(onError: 'local' | 'closed') {
  const redis = new HandRedis()
  const own = new MemoryReplay({ max: 100, seed: new Uint32Array(4) })
  const store = new RedisReplay({ redis, own, prefix: '', clock: new ManualClock(), onError })
  const claim = (key: string, owner: string) => store.claim(key, owner, LEASE, WINDOW, 0)
  return { redis, store, claim }
}

t.test('limits', async t => {
  /** How many more go at once by this process alone. */
  function room(own: MemoryLimits): number {
    let count = 0
    while (own.reserve(ten, 1_000, 0).wait === 0) count++
    return count
  }

  /** Granted at once, with so much spent by all replicas. */
  const granted = (ahead: number): Reply => [0, 0, ahead]

  t.test('what Redis granted goes back to Redis, and to the mirror of it', async t => {
    const { redis, own, store } = limits()
    const asked = store.reserve(ten, 1_000, 0)
    redis.answer(granted(100))
    const { wait, shared } = await asked
    t.same({ wait, shared }, { wait: 0, shared: true })
    store.giveBack(ten, 1_000, shared)
    t.same(redis.asked, ['reserve', 'giveBack'])
    t.equal(room(own), 10)
  })

  t.test('this process knows what the others spent, granted or refused', async t => {
    for (const [answer, left] of [
      [granted(700), 3],
      [[0, '50', 1_050], 0],
      [[1, '100', 1_000], 0],
    ] as const) {
      const { redis, own, store } = limits()
      const asked = store.reserve(ten, 1_000, 50)
      redis.answer(answer)
      await asked
      t.equal(room(own), left, `after ${JSON.stringify(answer)}`)
    }
  })

  t.test('what it knows of its own is not forgotten for what Redis knows', async t => {
    const { redis, own, store } = limits()
    redis.up = false
    for (let i = 0; i < 8; i++) await store.reserve(ten, 1_000, 0)
    redis.up = true
    const asked = store.reserve(ten, 1_000, 0)
    redis.answer(granted(100))
    await asked
    t.equal(room(own), 2)
  })

  t.test('what is no answer to the question counts as none', async t => {
    for (const answer of [null, 0, 'OK', [], [0], [0, 0], [0, 0, 0, 0], ['0', 0, 0]]) {
      const { redis, own, store } = limits()
      const asked = store.reserve(ten, 1_000, 0)
      redis.answer(answer)
      t.match(await asked, { wait: 0, shared: false }, JSON.stringify(answer))
      t.equal(room(own), 9, 'this process counts alone')
    }
  })

  t.test('a late grant pays for what went by this process meanwhile', async t => {
    const { redis, own, store } = limits()
    const asked = store.reserve(ten, 1_000, 0)
    redis.answer(undefined)
    const { wait, shared } = await asked
    t.same({ wait, shared }, { wait: 0, shared: false }, 'this process grants it')
    redis.late(granted(100))
    t.same(redis.asked, ['reserve'])
    t.equal(room(own), 9)
  })

  t.test('a late grant that nobody used goes back', async t => {
    const { redis, own, store } = limits()
    while (own.reserve(ten, 1_000, 0).wait === 0);
    const asked = store.reserve(ten, 1_000, 0)
    redis.answer(undefined)
    t.match(await asked, { wait: undefined, retryAfter: 100 })
    redis.late(granted(100))
    t.same(redis.asked, ['reserve', 'giveBack'])
  })

  t.test('a late refusal changes nothing', async t => {
    const { redis, store } = limits()
    const asked = store.reserve(ten, 1_000, 0)
    redis.answer(undefined)
    await asked
    redis.late([1, '100', 1_000])
    t.same(redis.asked, ['reserve'])
  })

  t.test('a delivery that Redis would refuse asks nothing', async t => {
    const { redis, store } = limits()
    const asked = store.reserve(ten, 1_000, 50)
    redis.answer([1, '100', 1_050]) // the next is due in 150 ms
    await asked
    t.match(store.reserve(ten, 1_000, 50), { wait: undefined, retryAfter: 100, refusedBy: 0 })
    store.giveBack([], 1_000, false) // as one ends that was refused
    t.match(store.reserve(ten, 1_090, 50), { wait: undefined, retryAfter: 10 })
    void store.reserve(ten, 1_100, 50)
    void store.reserve(ten, 1_000, 150)
    t.same(redis.asked, ['reserve', 'reserve', 'reserve'], 'those that it might grant do')
    store.giveBack(ten, 1_000, false)
    void store.reserve(ten, 1_000, 50)
    t.equal(redis.asked.length, 4, 'and all do after something was given back')
  })

  t.test('what was granted while Redis was away does not go to Redis when it is back', async t => {
    const { redis, own, store } = limits()
    redis.up = false
    const { shared } = await store.reserve(ten, 1_000, 0)
    redis.up = true
    store.giveBack(ten, 1_000, shared)
    t.same(redis.asked, [])
    t.equal(room(own), 10)
  })
})

t.test('endings', async t => {
  t.test('of two owners of one key both are told, the release before the keep', async t => {
    const { redis, store, claim } = replay('local')
    const first = claim('k', 'A')
    redis.answer(0)
    t.equal(await first, 'fresh')
    redis.up = false
    store.release('k', 'A')
    t.equal(await claim('k', 'B'), 'fresh')
    store.keep('k', 'B')
    redis.back()
    t.same(redis.told, ['release k A 0', `keep k B ${WINDOW}`])
  })

  t.test('a release that is owed later than a keep is still told before it', async t => {
    const { redis, store, claim } = replay('local')
    const first = claim('k', 'A')
    redis.answer(0)
    await first
    store.release('k', 'A')
    redis.up = false
    t.equal(await claim('k', 'B'), 'fresh')
    store.keep('k', 'B')
    redis.answer(undefined) // the release, which nobody knows to have come through
    await settled()
    redis.told.length = 0
    redis.back()
    t.same(redis.told, ['release k A 0', `keep k B ${WINDOW}`])
  })

  t.test('one that failed is told again once Redis answers another', async t => {
    const { redis, store, claim } = replay('local')
    const claims = [claim('a', 'me'), claim('b', 'me')]
    for (let i = 0; i < 2; i++) redis.answer(0)
    t.same(await Promise.all(claims), ['fresh', 'fresh'])
    for (const key of ['a', 'b']) store.keep(key, 'me')
    redis.answer(undefined)
    redis.answer(0)
    await settled()
    t.same(redis.told, ['keep a me 0', 'keep b me 0', 'keep a me 0'])
  })

  t.test('one that failed is told again before the next claim', async t => {
    const { redis, store, claim } = replay('local')
    const first = claim('a', 'me')
    redis.answer(0)
    await first
    store.keep('a', 'me')
    redis.answer(undefined)
    await settled()
    void claim('b', 'me')
    t.same(redis.told, ['keep a me 0', 'keep a me 0'])
    t.same(redis.asked, ['claim', 'keep', 'keep', 'claim'])
  })

  t.test('one that Redis does not take keeps no other from being told', async t => {
    const { redis, store } = replay('local')
    redis.up = false
    for (let i = 0; i < 250; i++) store.keep(`${i}`, 'me')
    redis.back()
    redis.answer(undefined)
    for (let i = 0; i < 250; i++) {
      redis.answer(0)
      await settled()
    }
    t.equal(new Set(redis.told).size, 250)
    t.equal(redis.told.length, 250, 'it is not told again for ever')
  })

  t.test('when Redis is down again, the rest waits', async t => {
    const { redis, store } = replay('local')
    redis.up = false
    for (let i = 0; i < 250; i++) store.keep(`${i}`, 'me')
    redis.back()
    redis.up = false
    for (let i = 0; i < 100; i++) redis.answer(undefined)
    await settled()
    t.equal(redis.told.length, 100)
  })

  t.test('a claim that was refused for want of an answer is released in Redis', async t => {
    const { redis, claim } = replay('closed')
    const first = claim('k', 'A')
    redis.answer(undefined)
    t.equal(await first, 'unavailable')
    const retry = claim('k', 'B')
    t.same(redis.told, ['release k A 0'], 'what stands in its way goes first')
    t.same(redis.asked, ['claim', 'release', 'claim'])
    redis.answer(0)
    redis.answer(0)
    t.equal(await retry, 'fresh')
  })

  t.test('what is no answer to a claim counts as none', async t => {
    for (const answer of [null, 3, '0', [0, 0, 0]]) {
      const local = replay('local')
      const ours = local.claim('k', 'A')
      local.redis.answer(answer)
      t.equal(await ours, 'fresh', JSON.stringify(answer))
      const closed = replay('closed')
      const theirs = closed.claim('k', 'A')
      closed.redis.answer(answer)
      t.equal(await theirs, 'unavailable')
    }
  })

  t.test('a claim that Redis was never asked for owes nothing', async t => {
    const { redis, claim } = replay('closed')
    redis.up = false
    t.equal(await claim('k', 'A'), 'unavailable')
    redis.back()
    t.same(redis.told, [])
  })
})

/** What was answered has had its consequences. */
function settled(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
