import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { NO_REDIS, startRedis } from '../support/redis.ts'
import type { Answer, Pieces } from '../support/sender.ts'
import { genuine, STRIPE } from '../wire/stage.ts'
import type { Arrival } from './counter.ts'
import {
  type Counter,
  type Replica,
  type Senders,
  startCounter,
  startReplica,
  startSenders,
} from './fleet.ts'

t.setTimeout(240_000)

const LIMIT = 50
/** So many deliveries a second have to be sent, and answered, to all replicas together. */
const ENOUGH = 1_000
/** So many are aimed at, for what a busy moment misses. */
const LOAD = 1.05 * ENOUGH
/** Of a hundred deliveries, how many go to each replica: equal, skewed, and to one alone. */
const BALANCES = [
  [34, 33, 33],
  [80, 15, 5],
  [0, 30, 70],
  [0, 100, 0],
] as const
/** Connections to each replica: more than can wait at one of them. */
const CONNECTIONS = 250
/** So many are sent to every replica at once. */
const DUPLICATES = 100
const SECOND = 1_000
const MEASURED = 20 * SECOND
/** What goes at once. */
const BURST = SECOND
/** V8 compiles what it runs often; that is no part of what is measured. */
const WARM = 8 * SECOND
/** Until nobody waits any more, and the burst is there again. */
const CALM = 4 * SECOND
/** Turns that are later than this take more out of the window, or into it, than is allowed: one for each second. */
const LATE = MEASURED / LIMIT
const TRIES = 3

/** `answer_within`, the larger of `upstream.body` and `upstream_answer`, and five seconds. */
const LEASE = (1 + 1 + 5) * SECOND

const PROVIDERS = `limits: { per_provider: ${LIMIT}/1s, patience: 2s, per_address: 1000000/1s, concurrency: 1000 }
  stripe: { secret: env:STRIPE, path: ${STRIPE}, to: flow:7c1d9f0e-2f57-4f0a-9d7d-1f6b8d0c3e22, answer_within: 1s, upstream_answer: 1s }`

t.test('replicas on one Redis', { skip: NO_REDIS }, async t => {
  const redis = await startRedis()
  t.teardown(() => redis.close())
  const counter = await startCounter(t)
  const start = () =>
    startReplica(t, {
      upstreamMap: `{ url: 'http://127.0.0.1:${counter.port}', connect: 1s, answer: 1s, body: 1s }`,
      map: `store: ${redis.url}/3\nlimits: { idle: 60s }\n`,
      provider: PROVIDERS,
    })
  const replicas = await Promise.all([start(), start(), start()])

  t.test('one limit for all of them, whatever the balance', t => limited(t, replicas, counter))
  t.test('a delivery that is sent to all at once arrives once', t => once(t, replicas, counter))
  t.test('one that is killed blocks nobody for longer than the lease', t =>
    killed(t, replicas, counter),
  )
  t.test('what was delivered outlives every replica', async t => {
    for (const { child, exited } of replicas) {
      child.kill('SIGKILL')
      await exited
    }
    const { pool } = await start()
    const told = await pool.send(delivery(DUPLICATES - 1))
    t.equal(told?.status, 200)
  })
})

async function limited(t: Test, replicas: readonly Replica[], counter: Counter): Promise<void> {
  const senders = startSenders(t)
  const ports = replicas.map(({ port }) => port)
  const ready = (time: number) =>
    senders.ready({ ports, connections: CONNECTIONS, count: (LOAD * time) / SECOND })
  await ready(WARM)
  await senders.send({ rate: LOAD, time: WARM, balances: BALANCES })
  for (let tries = 1; ; tries++) {
    await ready(BURST + MEASURED + BURST)
    await sleep(CALM)
    const found = await measured(replicas, counter, senders)
    for (const line of found.says) t.comment(line)
    if (found.busy === undefined) {
      const rate = found.came / (MEASURED / SECOND)
      t.ok(rate >= LIMIT - 1 && rate <= LIMIT + 1, `${rate} a second`)
      const off = 2 + (LIMIT * found.late) / SECOND
      const { least, most } = found
      const says = `${least} to ${most} in each second, where something was ${Math.round(found.late)} ms late`
      return void t.ok(least >= LIMIT - off && most <= LIMIT + off, says)
    }
    t.comment(`this does not count: ${found.busy}`)
    if (tries < TRIES) continue
    const most = replicas.length * (LIMIT + 1) * (MEASURED / SECOND)
    return void t.ok(found.came <= most, `${found.came}, each for itself at most`)
  }
}

/** What twenty seconds after the first second's burst came to. */
interface Found {
  readonly came: number
  /** In one of those seconds. */
  readonly least: number
  readonly most: number
  /** How long a refusal took at most, in milliseconds, or how late the upstream was: turns are as late as that. */
  readonly late: number
  /** Why this is no measurement. */
  readonly busy: string | undefined
  readonly says: readonly string[]
}

async function measured(
  replicas: readonly Replica[],
  counter: Counter,
  senders: Senders,
): Promise<Found> {
  const errors = async () => {
    const all = await Promise.all(replicas.map(({ metrics }) => metrics()))
    return all.reduce((sum, one) => sum + (one.get('hookwarden_store_errors_total') ?? 0), 0)
  }
  await counter.came()
  const before = await errors()
  const time = BURST + MEASURED + BURST
  const fates = await senders.send({ rate: LOAD, time, balances: BALANCES })
  const missed = (await errors()) - before
  const { arrivals, late: upstream } = await counter.came()
  const [[, first] = [0, 0]] = arrivals
  const from = first + BURST
  const inside = (when: number) => when >= from && when < from + MEASURED
  const sent = fates.filter(([at]) => inside(at)).length
  const answered = fates.filter(([, at, status]) => status !== 0 && inside(at)).length
  const refusals = fates.filter(([, , status]) => status === 429)
  const late = refusals.reduce((most, [at, then]) => Math.max(most, then - at), upstream)
  const troubled = fates.filter(([, , status]) => status !== 429 && status !== 204).length
  const seconds = Array.from({ length: MEASURED / SECOND }, (_, i) =>
    within(arrivals, from + i * SECOND),
  )
  return {
    came: seconds.reduce((sum, count) => sum + count, 0),
    ...{ least: Math.min(...seconds), most: Math.max(...seconds), late },
    busy: busyness({ sent, answered, missed, troubled, late }),
    says: [
      `in 20 s: ${sent} sent, ${answered} answered; ${refusals.length} of ${fates.length} refused`,
      `in the first second ${within(arrivals, first)}, then ${seconds.join(' ')}`,
    ],
  }
}

/** Why a machine was too busy for what it measured to count; undefined where it was not. */
function busyness(of: {
  readonly sent: number
  readonly answered: number
  readonly missed: number
  readonly troubled: number
  readonly late: number
}): string | undefined {
  const enough = (ENOUGH * MEASURED) / SECOND
  if (of.sent < enough || of.answered < enough) return 'fewer than 1,000 a second'
  if (of.missed > 0) return `Redis did not answer ${of.missed} questions in time`
  if (of.troubled > 0) return `${of.troubled} were cut, or late upstream`
  if (of.late > LATE) return `something took ${Math.round(of.late)} ms`
  return undefined
}

/** How many came in the second from then on. */
function within(arrivals: readonly Arrival[], from: number): number {
  return arrivals.filter(([, at]) => at >= from && at < from + SECOND).length
}

const signed = Date.now()
/** The same bytes for the same id. */
const delivery = (id: number, hold = '') =>
  genuine('stripe', STRIPE, `{"id":${id}${hold}}`, { wall: signed })

const answered = (answer: Answer | undefined): string => `${answer?.status ?? 'none'}`

/** What became of a delivery is told after its sender was answered: for a moment another replica may not know. */
async function later({ pool }: Replica, bytes: Pieces): Promise<Answer | undefined> {
  for (;;) {
    const answer = await pool.send(bytes)
    if (answer?.status !== 503) return answer
    await sleep(20)
  }
}

async function once(t: Test, replicas: readonly Replica[], counter: Counter): Promise<void> {
  await counter.arrivals()
  const told: string[] = []
  for (let id = 0; id < DUPLICATES; id++) {
    const bytes = delivery(id)
    const answers = await Promise.all(replicas.map(({ pool }) => pool.send(bytes)))
    told.push(answers.map(answered).sort().join(' '))
    for (const answer of answers) {
      if (answer?.status === 503) t.ok(Number(answer.header('retry-after')) >= 1, 'come back')
    }
    const again = await Promise.all(replicas.map(replica => later(replica, bytes)))
    t.same(again.map(answered), ['200', '200', '200'], 'and after that it is known to all')
  }
  for (const answers of new Set(told)) t.match(answers, /^(?:200 |503 )*204(?: 503)*$/)
  const ids = (await counter.arrivals()).map(([id]) => id)
  t.equal(ids.length, DUPLICATES)
  t.equal(new Set(ids).size, DUPLICATES)
}

async function killed(t: Test, replicas: readonly Replica[], counter: Counter): Promise<void> {
  const [victim, other] = replicas as [Replica, Replica]
  const bytes = delivery(DUPLICATES, ',"hold":true')
  const cut = victim.pool.send(bytes)
  while ((await counter.arrivals()).length === 0) await sleep(20)
  const claimed = performance.now()
  victim.child.kill('SIGKILL')
  t.equal(await cut, undefined, 'its sender has no answer')
  let begun = performance.now()
  let answer = await other.pool.send(bytes)
  let refused = 0
  for (; answer?.status === 503; refused += 1) {
    t.ok(Number(answer.header('retry-after')) >= 1, 'come back')
    t.ok(begun < claimed + LEASE, `refused after ${Math.round(begun - claimed)} ms`)
    await sleep(200)
    begun = performance.now()
    answer = await other.pool.send(bytes)
  }
  t.ok(refused > 0, 'it was held')
  t.equal(answer?.status, 204, `delivered after ${Math.round(begun - claimed)} ms`)
  t.equal((await counter.arrivals()).length, 1)
}
