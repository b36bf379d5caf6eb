import t from 'tap'
import { MemoryLimits } from '../../../src/limit/memory-limits.ts'
import { RedisLimits } from '../../../src/limit/redis-limits.ts'
import { limitOf } from '../../../src/limit/store.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { HandRedis } from '../../support/redis.ts'

const ten = [{ limit: limitOf('per_provider', { count: 10, per: 1_000 }), key: 'a' }]

function limits() {
  const redis = new HandRedis()
  const own = new MemoryLimits(100)
  return {
    redis,
    own,
    store: new RedisLimits({ redis, own, prefix: '', clock: new ManualClock() }),
  }
}

t.test('limits', async t => {
  /** How many more go at once by this process alone. */
  function room(own: MemoryLimits): number {
    let count = 0
    while (own.reserve(ten, 1_000, 0).wait === 0) count++
    return count
  }

  t.test('what Redis granted goes back to Redis, and to the mirror of it', async t => {
    const { redis, own, store } = limits()
    const asked = store.reserve(ten, 1_000, 0)
    redis.answer(0)
    const { wait, shared } = await asked
    t.same({ wait, shared }, { wait: 0, shared: true })
    store.giveBack(ten, 1_000, shared)
    t.same(redis.asked, ['reserve', 'giveBack'])
    t.equal(room(own), 10)
  })

  t.test('what came too late from Redis goes back to Redis once', async t => {
    const { redis, own, store } = limits()
    const asked = store.reserve(ten, 1_000, 0)
    redis.answer(undefined)
    const { wait, shared } = await asked
    t.same({ wait, shared }, { wait: 0, shared: false }, 'this process grants it')
    redis.late(0)
    store.giveBack(ten, 1_000, shared)
    t.same(redis.asked, ['reserve', 'giveBack'])
    t.equal(room(own), 10)
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
