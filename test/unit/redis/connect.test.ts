import { spawnSync } from 'node:child_process'
import { type AddressInfo, createServer } from 'node:net'
import t from 'tap'
import type { Reply } from '../../../src/redis/port.ts'
import { developmentCertificate } from '../../support/certificate.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { NO_REDIS, type RedisServer, redisClient } from '../../support/redis.ts'
import { BROKEN, COUNT, open, server, until } from '../../support/redis-connection.ts'

/** Resolves when what was asked in this turn of the event loop is written. */
function written(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

/** Asks for a key while this process does nothing else. */
function ask({ port }: RedisServer, key: string): string {
  const args = ['-h', '127.0.0.1', '-p', `${port}`, 'get', key]
  return spawnSync('redis-cli', args, { encoding: 'utf8' }).stdout.trim()
}

t.test('a connection that cannot even begin is said once, and tried again', async t => {
  const { redis, told } = await open(t, { port: 70_000 })
  t.notOk(redis.up)
  t.match(told, [/^down: .*70000/])
  await until(() => redis.errors > 2)
  t.equal(told.length, 1)
})

t.test('one that takes a connection and says nothing is away, and that is said', async t => {
  const mute = createServer(() => {})
  await new Promise<void>(resolve => mute.listen(0, '127.0.0.1', resolve))
  const port = (mute.address() as AddressInfo).port
  const { redis, told } = await open(t, { port })
  t.teardown(() => mute.close())
  t.notOk(redis.up)
  t.same(told, ['down: not ready within 1000 ms'])
})

t.test('a real Redis', { skip: NO_REDIS }, async t => {
  t.test('it is up when connecting is done, and a forgotten script is sent again', async t => {
    const on = await server(t)
    const { redis, told } = await open(t, on)
    t.ok(redis.up)
    t.equal(await redis.run(COUNT, ['n'], []), 1)
    const client = redisClient(on.port)
    t.teardown(() => client.disconnect())
    await client.script('FLUSH')
    t.same(await Promise.all([redis.run(COUNT, ['n'], []), redis.run(COUNT, ['n'], [])]), [2, 3])
    t.equal(redis.errors, 0)
    t.same(told, ['up'])
  })

  t.test('nobody there: connecting ends all the same, and says so once', async t => {
    const { redis, told } = await open(t, { port: 1 })
    t.notOk(redis.up)
    t.equal(await redis.run(COUNT, ['n'], []), undefined)
    t.match(told, [/^down: connect ECONNREFUSED/])
    t.equal(told.length, 1)
  })

  t.test(
    'one that hangs is not waited for beyond the deadline, and what it did late is told',
    async t => {
      const on = await server(t)
      const clock = new ManualClock()
      const { redis, told } = await open(t, on, { clock })
      await on.freeze()
      const late: Reply[] = []
      const replies = Promise.all(
        [1, 2, 3].map(() => redis.run(COUNT, ['n'], [], reply => late.push(reply))),
      )
      await written()
      clock.advance(249)
      t.ok(redis.up)
      clock.advance(1)
      t.same(await replies, [undefined, undefined, undefined])
      t.notOk(redis.up)
      t.same(told, ['up', 'down: no answer within 250 ms'])
      t.equal(redis.errors, 3)
      on.thaw()
      await until(() => redis.up)
      t.same(late, [1, 2, 3])
      t.same(told, ['up', 'down: no answer within 250 ms', 'up'])
    },
  )

  t.test('one slow answer is no trouble', async t => {
    const on = await server(t)
    const clock = new ManualClock()
    const { redis } = await open(t, on, { clock })
    await on.freeze()
    const slow = redis.run(COUNT, ['n'], [])
    await written()
    clock.advance(250)
    t.equal(await slow, undefined)
    t.ok(redis.up)
    on.thaw()
    t.equal(await redis.run(COUNT, ['n'], []), 2)
  })

  t.test('a process that was busy itself does not blame Redis', async t => {
    const on = await server(t)
    const { redis } = await open(t, on)
    const asked = redis.run(COUNT, ['n'], [])
    await written()
    const begun = performance.now()
    // nothing is read meanwhile, and the answer is there before the deadline is over
    while (ask(on, 'n') !== '1' || performance.now() - begun < 300);
    t.equal(await asked, 1)
    t.equal(redis.errors, 0)
  })

  t.test('nor one whose question had not left yet', async t => {
    const on = await server(t)
    const clock = new ManualClock()
    const { redis } = await open(t, on, { clock })
    const asked = redis.run(COUNT, ['n'], [])
    clock.advance(1_000)
    t.equal(await asked, 1)
    t.equal(redis.errors, 0)
  })

  t.test('what is asked in one turn is written at once', async t => {
    const on = await server(t)
    const { redis } = await open(t, on)
    const client = redisClient(on.port)
    t.teardown(() => client.disconnect())
    const reads = async () =>
      Number(/total_reads_processed:(\d+)/.exec(await client.info('stats'))?.[1])
    const before = await reads()
    await Promise.all(Array.from({ length: 50 }, () => redis.run(COUNT, ['n'], [])))
    const took = (await reads()) - before // with the question how many
    t.ok(took < 10, `${took} reads`)
  })

  t.test('one that is killed is known at once, and found again when it is back', async t => {
    const on = await server(t)
    const { redis, told } = await open(t, on)
    const back: string[] = []
    redis.whenUp(() => back.push('back'))
    await on.kill()
    await until(() => !redis.up)
    t.equal(await redis.run(COUNT, ['n'], []), undefined)
    await on.start()
    await until(() => redis.up)
    t.equal(await redis.run(COUNT, ['n'], []), 1)
    t.equal(told.length, 3)
    t.same(back, ['back'])
  })

  t.test(
    'answers that are errors are no answers, and three of them in a row are trouble',
    async t => {
      const { redis, told } = await open(t, await server(t))
      for (let i = 0; i < 2; i++) t.equal(await redis.run(BROKEN, ['n'], []), undefined)
      t.equal(await redis.run(COUNT, ['n'], []), 1)
      t.ok(redis.up)
      for (let i = 0; i < 3; i++) await redis.run(BROKEN, ['n'], [])
      t.match(told[1], /^down: .*[Ww]rong number of arg/i)
      await until(() => redis.up)
    },
  )

  t.test('a Redis that answers but takes no writes is not up', async t => {
    const { redis, told } = await open(t, await server(t, '--replicaof', '127.0.0.1', '1'))
    t.notOk(redis.up)
    t.match(told, [/^down: .*(READONLY|MASTERDOWN|read only|lost)/i])
  })

  t.test('password, ACL user and database', async t => {
    const acl = '--user app on >app-password-of-redis ~test:* +@all'.split(' ')
    const on = await server(t, '--requirepass', 'default-password', ...acl)
    const right = await open(t, on, { password: 'default-password', database: 3 })
    t.equal(await right.redis.run(COUNT, ['test:n'], []), 1)
    const named = await open(t, on, { user: 'app', password: 'app-password-of-redis' })
    t.equal(await named.redis.run(COUNT, ['test:n'], []), 1, 'another database')
    t.equal(await named.redis.run(COUNT, ['other:n'], []), undefined, 'not its keys')
    for (const wrong of [
      { password: 'wrong' },
      { user: 'app', password: 'default-password' },
      {},
    ]) {
      const { redis, told } = await open(t, on, wrong)
      t.notOk(redis.up)
      t.match(told[0], /^down: .*(WRONGPASS|NOAUTH)/)
      t.notMatch(told.join(), /default-password|app-password/)
    }
  })

  t.test('TLS, to whom the authority vouches for alone', async t => {
    const { cert: ca, certFile, keyFile } = await developmentCertificate()
    const files = ['--tls-cert-file', certFile, '--tls-key-file', keyFile]
    const listens = ['--port', '0', '--tls-port', 'PORT', '--tls-auth-clients', 'no']
    const both = ['--bind', '127.0.0.1', '127.0.0.2']
    const on = await server(t, ...files, ...listens, ...both)
    const trusted = await open(t, on, { tls: { ca }, host: 'localhost' })
    t.equal(await trusted.redis.run(COUNT, ['n'], []), 1)
    const { redis, told } = await open(t, on, { tls: { ca: undefined }, host: 'localhost' })
    t.notOk(redis.up)
    t.match(told, [/self-signed|unable to verify/i])
    const byAddress = await open(t, on, { tls: { ca }, host: '127.0.0.1' })
    t.equal(await byAddress.redis.run(COUNT, ['n'], []), 2, 'an address that it names')
    const other = await open(t, on, { tls: { ca }, host: '127.0.0.2' })
    t.notOk(other.redis.up, 'an address that it does not name')
    t.match(other.told, [/does not match certificate/])
  })
})
