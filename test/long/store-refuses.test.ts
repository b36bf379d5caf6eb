import t from 'tap'
import { freePort } from '../support/free-port.ts'
import { NO_REDIS, redisClient } from '../support/redis.ts'
import { COUNT, open, server, until } from '../support/redis-connection.ts'

t.setTimeout(120_000)

t.test('one that allows a part of what is done is not up', { skip: NO_REDIS }, async t => {
  const most = '+eval +evalsha +get +set +del +time +ping +info +select +client'
  for (const without of ['+get', '+set', '+del', '+time']) {
    const rights = most.replace(` ${without}`, '').split(' ')
    const acl = ['--user', 'app', 'on', '>app-password-of-redis', '~test:*', ...rights]
    const named = { user: 'app', password: 'app-password-of-redis' }
    const { redis, told } = await open(t, await server(t, ...acl), named)
    t.notOk(redis.up, without)
    t.match(told, [/^down: .*(NOPERM|can't run this command)/])
  }
})

t.test('one that spreads its keys over several servers is not up', { skip: NO_REDIS }, async t => {
  const on = await server(t, '--cluster-enabled', 'yes', '--cluster-port', `${await freePort()}`)
  const client = redisClient(on.port)
  t.teardown(() => client.disconnect())
  await client.call('cluster', 'addslotsrange', '0', '16383')
  while (!(await client.call('cluster', 'info'))?.toString().includes('cluster_state:ok')) {
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  const { redis, told } = await open(t, on)
  t.notOk(redis.up)
  t.match(told, [/^down: .*(CROSSSLOT|hash to the same slot|non local key)/])
})

t.test('one that has no such database is not up', { skip: NO_REDIS }, async t => {
  const { redis, told } = await open(t, await server(t), { database: 99 })
  t.notOk(redis.up)
  t.match(told, [/^down: .*DB index is out of range/])
  await until(() => redis.errors > 3)
  t.equal(told.length, 1, 'it is said once')
})

t.test('one that is full is away until it has room', { skip: NO_REDIS }, async t => {
  const on = await server(t, '--maxmemory-policy', 'noeviction')
  const { redis, told } = await open(t, on)
  const client = redisClient(on.port)
  t.teardown(() => client.disconnect())
  await client.config('SET', 'maxmemory', '1kb')
  for (let i = 0; i < 3; i++) t.equal(await redis.run(COUNT, ['n'], []), undefined)
  t.notOk(redis.up)
  t.match(told[1], /^down: .*OOM/)
  await client.config('SET', 'maxmemory', '100mb')
  await until(() => redis.up)
  t.equal(await redis.run(COUNT, ['n'], []), 1)
  t.equal(told.length, 3)
})

t.test(
  'a primary that became a replica is left, and found when it is one again',
  { skip: NO_REDIS },
  async t => {
    const on = await server(t)
    const { redis, told } = await open(t, on)
    const client = redisClient(on.port)
    t.teardown(() => client.disconnect())
    await client.call('replicaof', '127.0.0.1', '1')
    while (redis.up) await redis.run(COUNT, ['n'], [])
    t.match(told[1], /^down: READONLY/)
    await client.call('replicaof', 'no', 'one')
    await until(() => redis.up)
    t.type(await redis.run(COUNT, ['n'], []), 'number')
  },
)

t.test('one that still loads what it saved is away until it has', { skip: NO_REDIS }, async t => {
  const on = await server(t, '--enable-debug-command', 'yes')
  const client = redisClient(on.port)
  t.teardown(() => client.disconnect())
  await client.call('debug', 'populate', '20000')
  const before = await open(t, on)
  await client.config('SET', 'loading-process-events-interval-bytes', '1024')
  await client.config('SET', 'key-load-delay', '100') // microseconds for each: two seconds
  const reloaded = client.call('debug', 'reload')
  while (before.redis.up) await before.redis.run(COUNT, ['n'], [])
  const meanwhile = await open(t, on)
  await reloaded
  await until(() => before.redis.up && meanwhile.redis.up)
  t.same(before.told.length, 3)
  t.match(before.told[1], /^down: (LOADING|no answer)/)
  for (const told of [before.told, meanwhile.told]) t.equal(told.at(-1), 'up')
})
