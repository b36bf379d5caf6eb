import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { NO_REDIS, startRedis } from '../support/redis.ts'
import type { Answer, Pieces } from '../support/sender.ts'
import { GITHUB, genuine, STRIPE } from '../wire/stage.ts'
import { type Counter, type Replica, startCounter, startReplica } from './fleet.ts'

t.setTimeout(240_000)

/** Deliveries a second, to all replicas together. */
const LOAD = 1_000
/** Of a hundred deliveries, how many go to each replica; another balance every few seconds. */
const BALANCES = [
  [80, 15, 5],
  [0, 30, 70],
  [34, 33, 33],
  [5, 95, 0],
] as const
/** Connections to each replica: more than can wait at one of them. */
const CONNECTIONS = 130
/** So many are sent to every replica at once. */
const DUPLICATES = 100
const SECOND = 1_000
const MEASURED = 20 * SECOND
/** By then the burst is over, also where replicas that were just started are late with it. */
const BURST = 3 * SECOND
/** Over so much the window of twenty seconds is moved. */
const MOVED = 3 * SECOND

/** `answer_within`, the larger of `upstream.body` and `upstream_answer`, and five seconds. */
const LEASE = (1 + 1 + 5) * SECOND

const LIMIT = 50
/** So many a second have to be sent that the limit is felt at every replica. */
const ENOUGH = 5 * LIMIT
const PROVIDERS = `limits: { per_provider: ${LIMIT}/1s, patience: 2s, per_address: 1000000/1s, concurrency: 1000 }
  stripe: { secret: env:STRIPE, path: ${STRIPE}, to: flow:7c1d9f0e-2f57-4f0a-9d7d-1f6b8d0c3e22, answer_within: 1s, upstream_answer: 1s }`

t.test('replicas on one Redis', { skip: NO_REDIS }, async t => {
  const redis = await startRedis()
  t.teardown(() => redis.close())
  const counter = await startCounter(t)
  const start = () =>
    startReplica(t, {
      upstreamMap: `{ url: 'http://127.0.0.1:${counter.port}', connect: 1s, answer: 1s, body: 1s }`,
      map: `store: ${redis.url}/3\n`,
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
  for (const { pool } of replicas) await pool.warm(CONNECTIONS)
  const errors = async () => {
    const all = await Promise.all(replicas.map(({ metrics }) => metrics()))
    return all.reduce((sum, one) => sum + (one.get('hookwarden_store_errors_total') ?? 0), 0)
  }
  // on a machine where Redis gets no turn for 250 ms there is no shared limit, and where few are sent none is needed
  for (let left = 1; ; left--) {
    const before = await errors()
    const { sent, came, troubled } = await measured(t, replicas, counter)
    const rate = came / (MEASURED / SECOND)
    const missed = (await errors()) - before
    if (missed + troubled === 0 && sent >= ENOUGH) {
      return void t.ok(rate >= LIMIT - 1 && rate <= LIMIT + 1, `${rate} a second`)
    }
    t.comment(`too busy a machine: ${sent} a second were sent, ${troubled} cut or late upstream,`)
    t.comment(`and ${missed} questions to Redis not answered in time`)
    if (left > 0) continue
    return void t.ok(
      rate <= replicas.length * LIMIT + 1,
      `${rate} a second, each for itself at most`,
    )
  }
}

/** How many were sent in a second, and how many came in twenty: the median of windows that begin within three seconds. */
async function measured(
  t: Test,
  replicas: readonly Replica[],
  counter: Counter,
): Promise<{ readonly sent: number; readonly came: number; readonly troubled: number }> {
  await counter.arrivals()
  const answers = new Map<string, number>()
  const count = (answer: Answer | undefined): void => {
    const status = answered(answer)
    answers.set(status, (answers.get(status) ?? 0) + 1)
  }
  const { sent, open } = await load(replicas, BURST + MEASURED + MOVED, count)
  await Promise.all(open)
  const arrivals = (await counter.arrivals()).map(([, at]) => at)
  const [first = 0] = arrivals
  const from = first + BURST
  const windows = windowsOf(arrivals, { from, to: from + MOVED, span: MEASURED })
  const seconds = windowsOf(arrivals, { from, to: from + MEASURED, span: SECOND })
  const rate = Math.round((sent * SECOND) / (BURST + MEASURED + MOVED))
  t.comment(`${sent} deliveries, ${rate} a second`)
  t.comment(
    `answers: ${[...answers]
      .sort()
      .map(([status, n]) => `${n} times ${status}`)
      .join(', ')}`,
  )
  t.comment(
    `in the first second ${within(arrivals, first, SECOND)}, then ${windows.middle} in 20 s (${windows.least} to ${windows.most})`,
  )
  t.comment(`in one second ${seconds.least} to ${seconds.most}, mostly ${seconds.middle}`)
  const troubled = open.length - (answers.get('204') ?? 0) - (answers.get('429') ?? 0)
  return { sent: rate, came: windows.middle, troubled }
}

/** How many came within `span`, counted from each arrival in a while. */
function windowsOf(
  arrivals: readonly number[],
  { from, to, span }: { readonly from: number; readonly to: number; readonly span: number },
): { readonly least: number; readonly middle: number; readonly most: number } {
  const counts = arrivals
    .filter(at => at >= from && at <= to)
    .map(at => within(arrivals, at, span))
    .sort((a, b) => a - b)
  return {
    least: counts[0] ?? 0,
    middle: counts[counts.length >> 1] ?? 0,
    most: counts.at(-1) ?? 0,
  }
}

function within(arrivals: readonly number[], from: number, span: number): number {
  return arrivals.filter(at => at >= from && at < from + span).length
}

/** The next delivery's. */
let id = 1_000_000

/** Sends deliveries at LOAD for so long; what a busy machine misses is not made up for. */
async function load(
  replicas: readonly Replica[],
  time: number,
  count: (answer: Answer | undefined) => void,
): Promise<{ readonly sent: number; readonly open: readonly Promise<void>[] }> {
  const begun = performance.now()
  const open: Promise<void>[] = []
  let due = 0
  for (let now = begun; now < begun + time; now = performance.now()) {
    const balance = BALANCES[Math.floor(((now - begun) * BALANCES.length) / time)] ?? BALANCES[0]
    const upTo = ((now - begun) * LOAD) / SECOND
    for (due = Math.max(due, upTo - LOAD / 20); due < upTo; due++) {
      const draw = Math.random() * 100
      const [a, b] = balance
      const { pool } = replicas[draw < a ? 0 : draw < a + b ? 1 : 2] as Replica
      if (pool.free === 0) continue
      open.push(pool.send(genuine('github', GITHUB, `{"id":${id++}}`)).then(count))
    }
    await sleep(5)
  }
  return { sent: open.length, open }
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
