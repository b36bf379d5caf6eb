import { openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { heapOf, INSPECTED } from '../support/heap.ts'
import { NO_REDIS, type RedisServer, redisClient, startRedis } from '../support/redis.ts'
import type { Pieces } from '../support/sender.ts'
import { GITHUB, genuine } from '../wire/stage.ts'
import { type Counter, type Replica, startCounter, startReplica } from './fleet.ts'

t.setTimeout(240_000)

/** Deliveries a second, to each replica. */
const LOAD = 100
const CONNECTIONS = 80
const SECOND = 1_000
/** One in so many is sent again, as soon as it was taken. */
const AGAIN = 5
const MIB = 1024 ** 2
const ANSWERS = 'the shared store answers'
const AWAY = 'the shared store is away'

/** What a replica does without its store. */
type Kind = 'local' | 'closed'

/** One replica, and what became of what it was sent. */
interface Tried {
  readonly kind: Kind
  readonly replica: Replica
  readonly log: string
  /** Answers to first tries, by status. */
  readonly answers: Map<string, number>
  /** Answers to what was taken before. */
  readonly repeated: Map<string, number>
  /** What was taken, by id. */
  readonly taken: Map<number, Pieces>
  readonly heaps: number[]
}

t.test('a Redis that is killed, comes back, and hangs', { skip: NO_REDIS }, async t => {
  const redis = await startRedis()
  t.teardown(() => redis.close())
  const counter = await startCounter(t)
  const folder = t.testdir()
  const all = await Promise.all(
    (['local', 'local', 'closed'] as const).map((kind, i) =>
      start(t, { kind, redis, counter, log: join(folder, `${i}.log`) }),
    ),
  )
  const sending = all.map((tried, i) => send(tried, i * 1_000_000))
  await sleep(2 * SECOND)
  await measure(all)

  await redis.kill()
  await sleep(1.5 * SECOND)
  await redis.start()
  await recovered(t, all, 'started again')
  await sleep(SECOND)

  await redis.freeze()
  const frozen = performance.now()
  const before = all.map(({ taken }) => taken.size)
  await sleep(4.5 * SECOND)
  await measure(all)
  const meanwhile = [...(all[0]?.taken ?? [])].slice((before[0] ?? 0) + LOAD)
  await sleep(Math.max(0, frozen + 5 * SECOND - performance.now()))
  redis.thaw()
  await recovered(t, all, 'resumed')
  await sleep(SECOND)
  for (const { stop } of sending) stop()
  for (const { done } of sending) await done
  await measure(all)

  for (const tried of all) judge(t, tried)
  const ids = (await counter.arrivals()).map(([id]) => id)
  t.equal(new Set(ids).size, ids.length, `of ${ids.length} none came twice`)
  t.equal(
    ids.length,
    all.reduce((sum, { taken }) => sum + taken.size, 0),
    'and each that was acknowledged came',
  )

  await quiet(redis)
  const other = all[1] as Tried
  const told = await Promise.all(
    meanwhile.slice(0, 20).map(([, bytes]) => other.replica.pool.send(bytes)),
  )
  t.same(
    told.map(answer => answer?.status),
    new Array(20).fill(200),
    'what one delivered while Redis hung is known to the others',
  )
})

async function start(
  t: Test,
  of: {
    readonly kind: Kind
    readonly redis: RedisServer
    readonly counter: Counter
    readonly log: string
  },
): Promise<Tried> {
  const { kind, redis, counter, log } = of
  const replica = await startReplica(t, {
    upstream: counter.port,
    map: `store: ${redis.url}\non_store_error: ${kind}\nlimits: { verified: 100000/1s }\n`,
    provider: 'limits: { per_provider: 100000/1s, per_address: 100000/1s, concurrency: 1000 }',
    stdout: openSync(log, 'w'),
    node: INSPECTED,
  })
  await replica.pool.warm(CONNECTIONS)
  const [answers, repeated] = [new Map<string, number>(), new Map<string, number>()]
  return { kind, replica, log, answers, repeated, taken: new Map(), heaps: [] }
}

/** Sends LOAD a second until stopped; what a busy machine misses is not made up for. */
function send(
  { replica: { pool }, answers, repeated, taken }: Tried,
  from: number,
): { readonly stop: () => void; readonly done: Promise<void> } {
  let stopped = false
  const open: Promise<void>[] = []
  const one = async (id: number): Promise<void> => {
    const bytes = genuine('github', GITHUB, `{"id":${id}}`)
    const answer = await pool.send(bytes)
    const patient = answer?.status === 503 && Number(answer.header('retry-after')) >= 1
    add(answers, `${answer?.status ?? 'none'}${patient ? ' and when to come back' : ''}`)
    if (answer?.status !== 204) return
    taken.set(id, bytes)
    if (id % AGAIN === 0) add(repeated, `${(await pool.send(bytes))?.status ?? 'none'}`)
  }
  const all = async (): Promise<void> => {
    const begun = performance.now()
    for (let due = 0; !stopped; await sleep(5)) {
      const upTo = ((performance.now() - begun) * LOAD) / SECOND
      for (due = Math.max(due, upTo - LOAD / 10); due < upTo; due++) {
        if (pool.free > 0) open.push(one(from + open.length))
      }
    }
    await Promise.all(open)
  }
  const done = all()
  return {
    done,
    stop() {
      stopped = true
    },
  }
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

async function measure(all: readonly Tried[]): Promise<void> {
  for (const { replica, heaps } of all) heaps.push(await heapOf(replica))
}

/** Every replica says within two seconds that the store is back. */
async function recovered(t: Test, all: readonly Tried[], how: string): Promise<void> {
  const since = Date.now()
  for (const { replica } of all) {
    while ((await replica.metrics()).get('hookwarden_store_up') !== 1) await sleep(10)
  }
  for (const tried of all) {
    const said = changes(tried).at(-1)
    t.equal(said?.msg, ANSWERS)
    const took = Date.parse(`${said?.time}`) - since
    t.ok(took < 2 * SECOND, `${how}: ${tried.kind}: back after ${took} ms`)
  }
}

/** The log lines about the store. */
function changes({ log }: Tried): Record<string, unknown>[] {
  return readFileSync(log, 'utf8')
    .split('\n')
    .filter(line => line.includes('the shared store '))
    .map(line => JSON.parse(line) as Record<string, unknown>)
}

function judge(t: Test, tried: Tried): void {
  const { kind, answers, repeated, heaps } = tried
  t.comment(`${kind}: ${JSON.stringify(Object.fromEntries(answers))}`)
  t.comment(`${kind}: held ${heaps.map(heap => (heap / MIB).toFixed(1)).join(', ')} MiB`)
  const honest = kind === 'local' ? ['204'] : ['204', '503 and when to come back']
  t.same([...answers.keys()].sort(), honest, `${kind}: what first tries were answered`)
  t.same(
    [...repeated.keys()],
    ['200'],
    `${kind}: what was taken is known, whatever becomes of Redis`,
  )
  // twice away; a machine on which Redis gets no turn for a while may have it away once more
  const said = changes(tried).map(({ msg }) => msg)
  t.ok(said.length >= 5 && said.length <= 15, `${kind}: ${said.length} lines about the store`)
  const turns = said.map((_, i) => (i % 2 === 0 ? ANSWERS : AWAY))
  t.same(said, turns, `${kind}: one line for each change`)
  const [before = 0, ...later] = heaps
  for (const heap of later) t.ok(heap - before < 4 * MIB, `${kind}: memory is flat`)
}

/** Resolves when nobody tells Redis anything any more. */
async function quiet({ port }: RedisServer): Promise<void> {
  const client = redisClient(port)
  const calls = async () => (await client.info('commandstats')).match(/evalsha:calls=\d+/)?.[0]
  for (let last: string | undefined, now = await calls(); last !== now; now = await calls()) {
    last = now
    await sleep(300)
  }
  client.disconnect()
}
