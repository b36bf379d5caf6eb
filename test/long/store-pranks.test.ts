import t, { type Test } from 'tap'
import { systemClock } from '../../src/clock.ts'
import { connectRedis } from '../../src/redis/connect.ts'
import type { Redis, Script } from '../../src/redis/port.ts'
import { developmentCertificate } from '../support/certificate.ts'
import { startProcess } from '../support/process.ts'
import { startRecorder } from '../support/recorder.ts'
import { NO_REDIS, startRedis } from '../support/redis.ts'
import { PRANKS, type Relay, startRelay } from '../support/relay.ts'
import { exchange } from '../support/sender.ts'
import { ENV, FLOW, GITHUB, genuine, STRIPE } from '../wire/stage.ts'

t.setTimeout(240_000)

const COUNT: Script = { name: 'count', lua: "return redis.call('INCR', KEYS[1])" }
/** Connections at once. */
const AT_ONCE = 8
/** A connection is played with before the server said anything, in its handshake, as it is set up, and in its work. */
const PIECES = 6

interface Tls {
  readonly port: number
  readonly ca: string
  readonly caFile: string
}

/** A Redis that speaks TLS. */
async function startTls(t: Test): Promise<Tls> {
  const { cert: ca, certFile, keyFile } = await developmentCertificate()
  const files = ['--tls-cert-file', certFile, '--tls-key-file', keyFile]
  const listens = ['--port', '0', '--tls-port', 'PORT', '--tls-auth-clients', 'no']
  const redis = await startRedis(...files, ...listens)
  t.teardown(() => redis.close())
  return { port: redis.port, ca, caFile: certFile }
}

/** The same behind a relay. */
async function relayed(t: Test): Promise<Tls & { readonly relay: Relay }> {
  const tls = await startTls(t)
  const relay = await startRelay(tls.port)
  t.teardown(() => relay.close())
  return { ...tls, relay }
}

/**
 * Connects, and keeps what it told.
 *
 * @param ca whose certificates are taken; undefined for those that the platform trusts
 */
async function open(
  port: number,
  ca: string | 'plain' | undefined,
): Promise<{ readonly redis: Redis; readonly told: string[] }> {
  const told: string[] = []
  const redis = await connectRedis({
    ...{ host: 'localhost', port, database: 1, user: undefined, password: undefined },
    ...{
      tls: ca === 'plain' ? undefined : { ca },
      prefix: 'test:',
      scripts: [COUNT],
      clock: systemClock,
    },
    told: { up: () => told.push('up'), down: () => told.push('down') },
  })
  return { redis, told }
}

const pause = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 5))

t.test('whatever is done to a connection, it is found again', { skip: NO_REDIS }, async t => {
  const { relay, ca } = await relayed(t)
  for (const what of PRANKS) {
    const states = new Set<string>()
    let played = 0
    for (let after = 0; after < PIECES; after++) {
      relay.prank = { after, what }
      relay.played = 0
      const all = await Promise.all(Array.from({ length: AT_ONCE }, () => open(relay.port, ca)))
      for (const { redis } of all) void redis.run(COUNT, ['n'], [])
      await Promise.all(all.map(({ redis }) => redis.run(COUNT, ['n'], [])))
      relay.prank = undefined
      for (const { redis } of all) while (!redis.up) await pause()
      await Promise.all(all.map(({ redis }) => redis.close()))
      for (const { told } of all) states.add(told.join(' '))
      played += relay.played
    }
    t.ok(played >= AT_ONCE, `${what.name}: ${played} times`)
    for (const told of states) t.match(told, /^(?:up|down up)(?: down up)*$/, told)
  }
})

for (const kind of ['local', 'closed'] as const) {
  t.test(`a process whose store is played with: ${kind}`, { skip: NO_REDIS }, async t => {
    const { relay, caFile } = await relayed(t)
    const recorder = await startRecorder()
    t.teardown(() => recorder.close())
    const hookwarden = await startProcess(t, {
      upstream: recorder.port,
      env: ENV,
      map: `store: { url: 'rediss://localhost:${relay.port}/1', ca: ${caFile} }\non_store_error: ${kind}\n`,
      provider: `limits: { per_address: 100000/1s, per_provider: 100000/1s }
  stripe: { secret: env:STRIPE, path: ${STRIPE}, to: flow:${FLOW.replace('0b', '1b')} }`,
    })
    let id = 0
    const answers = new Set<number | undefined>()
    const send = async (): Promise<void> => {
      const answer = await exchange(hookwarden.port, genuine('github', GITHUB, `{"id":${id++}}`))
      answers.add(answer?.status)
      if (answer?.status === 503) t.ok(Number(answer.header('retry-after')) >= 1, 'come back')
    }
    const up = async () => (await hookwarden.metrics()).get('hookwarden_store_up') === 1
    for (const [i, what] of PRANKS.entries()) {
      relay.prank = { after: i % PIECES, what }
      relay.cut() // and whoever connects now is played with
      relay.played = 0
      while (relay.played < 2) await send()
      relay.prank = undefined
      while (!(await up())) await send()
      await send()
    }
    t.same([...answers].sort(), kind === 'local' ? [204] : [204, 503])
    const said = hookwarden.lines
      .map(({ msg }) => msg)
      .filter(msg => /the shared store/.test(`${msg}`))
    const turns = said.map((_, i) =>
      i % 2 === 0 ? 'the shared store answers' : 'the shared store is away',
    )
    t.same(said, turns, `${said.length} lines, one for each change`)
    t.ok(said.length > PRANKS.length)
    hookwarden.child.kill('SIGTERM')
    t.same(await hookwarden.exited, { code: 0, signal: null })
    t.equal(hookwarden.stderr(), '')
  })
}

t.test(
  'who leaves while a certificate is looked at is told an alert',
  { skip: NO_REDIS },
  async t => {
    const { port } = await startTls(t)
    const leave = async (): Promise<void> => {
      for (let i = 0; i < 40; i++) {
        const { redis } = await open(port, undefined)
        for (let turns = (i * 7) % 40; turns > 0; turns--) {
          await new Promise(resolve => setTimeout(resolve, 1))
        }
        await redis.close()
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, leave))
    t.pass('and nothing ends of it')
  },
)

t.test('plain where TLS is spoken, and TLS where it is not', { skip: NO_REDIS }, async t => {
  const { port, ca } = await startTls(t)
  const plain = await startRedis()
  t.teardown(() => plain.close())
  for (const [to, how] of [
    [port, 'plain'],
    [plain.port, ca],
  ] as const) {
    const all = await Promise.all(Array.from({ length: AT_ONCE }, () => open(to, how)))
    for (const { redis, told } of all) {
      while (told.length === 0) await new Promise(resolve => setTimeout(resolve, 5))
      t.notOk(redis.up)
      t.same(told, ['down'])
      await redis.close()
    }
  }
})
