import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { SECRETS } from '../signers/signers.ts'
import { automatischTables } from '../support/automatisch-tables.ts'
import { flowId } from '../support/flow-source.ts'
import { type Hookwarden, startHookwarden } from '../support/hookwarden.ts'
import { type Postgres, postgresPrograms, startPostgres } from '../support/postgres.ts'
import { startRecorder } from '../support/recorder.ts'
import { type Connection, connect, exchange } from '../support/sender.ts'
import { genuine } from '../wire/stage.ts'

const programs = postgresPrograms()
const skip = programs === undefined ? 'PostgreSQL is not installed' : false

/** Deliveries of which all but the end of the body has come when flows change. */
const UNDER_WAY = 1000
/** So many are finished at once: the rest of a slow machine is left to the test itself. */
const WAVE = 50

const path = (n: number) => `/webhooks/flows/${flowId(n)}`
const now = () => Date.now()
const delivery = (n: number, body: string, preset = 'github') =>
  genuine(preset, path(n), body, { wall: now() })
const forged = (n: number) => genuine('github', path(n), '{"a":1}', { sent: '{"a":2}' })

const map = (postgres: Postgres, state: string, every = '1s') => `
state: ${state}
discovery: { database: 'plain:${postgres.url}', every: ${every} }
limits: { idle: 5m, connections_per_address: 2000, verified: 100000/1s }
defaults: { limits: { deadline: 5m, per_address: 100000/1m, per_provider: 100000/1m, concurrency: 1000 } }
providers:
  github: { secret: env:GITHUB, flows: discovered }
  gitlab: { secret: env:GITLAB, flows: discovered }
`
const env = { GITHUB: SECRETS.github ?? '', GITLAB: SECRETS.gitlab ?? '' }

let body = 0
/** What a delivery that is like no other is answered. */
async function statusOf(hookwarden: Hookwarden, n: number, preset = 'github') {
  return (await exchange(hookwarden.port, delivery(n, `{"n":${body++}}`, preset)))?.status
}

/** Waits for what has to come, and asks gently: looks are a second apart. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(50)
}

/** Sends deliveries until one is accepted: more than one where the machine is too slow to look within two seconds. */
async function answersOf(hookwarden: Hookwarden, n: number): Promise<(number | undefined)[]> {
  const answers = new Set<number | undefined>()
  do answers.add(await statusOf(hookwarden, n))
  while (!answers.has(204))
  return [...answers].filter(status => status !== 503)
}

const gauge = async (hookwarden: Hookwarden, name: string) =>
  (await hookwarden.metrics()).get(`hookwarden_${name}`)

t.test(
  'a thousand deliveries under way while flows come and go, and the database dies',
  { skip, timeout: 380_000 },
  async t => {
    const postgres = await startPostgres(programs ?? '')
    t.teardown(() => postgres.stop())
    const [tables, end] = await automatischTables(postgres.url)
    for (let n = 1; n <= 10; n++) await tables.add(n)
    const recorder = await startRecorder()
    t.teardown(() => recorder.close())
    const state = join(t.testdir(), 'state')
    const start = (how = map(postgres, state)) =>
      startHookwarden({ map: how, env, upstream: recorder.port })
    const first = await start()
    await until(async () => (await gauge(first, 'discovered_flows{provider="github"}')) === 10)

    await t.test(
      'publish, unpublish, delete and re-app: none of a thousand is refused',
      async t => {
        const underWay = await begin(first)
        t.equal(await gauge(first, 'in_flight_requests'), UNDER_WAY)
        await tables.add(30)
        t.same(await answersOf(first, 30), [204], 'the first delivery to a new flow')
        await tables.publish(1, false)
        await tables.remove(2)
        await tables.reapp(3, 'gitlab')
        await tables.add(31, { sync: true })
        await until(async () => (await exchange(first.port, forged(1)))?.status === 404)
        t.equal(await statusOf(first, 1), 204, 'a draft takes what is proven')
        await until(async () => (await statusOf(first, 2)) === 404)
        await until(async () => (await statusOf(first, 3)) === 401)
        t.equal(await statusOf(first, 3, 'gitlab'), 204)
        const sync = genuine('github', `${path(31)}/sync`, '{"sync":1}', { wall: now() })
        await until(async () => (await exchange(first.port, sync))?.status === 204)
        await until(async () => (await statusOf(first, 31)) === 404) // at its sync path alone
        t.same(await finish(underWay), { 204: UNDER_WAY }, 'what had begun ends as it began')
        t.equal(recorder.requests.at(-1)?.method, 'POST')
      },
    )

    await t.test('the database killed: known flows are served, an unknown one is 503', async t => {
      await postgres.kill()
      await until(async () => (await gauge(first, 'discovery_up')) === 0)
      t.equal(await statusOf(first, 4), 204)
      t.equal(await statusOf(first, 30), 204)
      t.equal(await statusOf(first, 40), 503)
      await first.close()
    })

    await t.test('a restart without it serves what was last known', async t => {
      const second = await started(t, start)
      t.equal(await statusOf(second, 4), 204)
      t.equal(await statusOf(second, 3, 'gitlab'), 204)
      t.equal(await statusOf(second, 40), 503)
      t.equal(await gauge(second, 'discovery_up'), 0)
    })

    await t.test('a first start without it is 503, never 404, until it is back', async t => {
      const other = join(t.testdir(), 'other')
      const third = await started(t, () => start(map(postgres, other)))
      t.equal(await statusOf(third, 4), 503)
      await postgres.again()
      await until(async () => (await statusOf(third, 4)) === 204)
      t.equal(await gauge(third, 'discovery_up'), 1)
    })

    await t.test('emptied, it takes nothing away until three looks agree', async t => {
      const [again, over] = await automatischTables(postgres.url)
      t.teardown(over)
      const fourth = await started(t, () => start(map(postgres, state, '1h')))
      await until(async () => (await gauge(fourth, 'discovery_up')) === 1)
      await again.query('create table kept as select * from flows')
      await again.query('truncate flows')
      await until(async () => {
        await statusOf(fourth, 40) // has it looked for, more often than `every`
        return (await gauge(fourth, 'discovery_doubted')) === 1
      })
      t.equal(await statusOf(fourth, 4), 204)
      t.equal(await statusOf(fourth, 40), 503)
      await again.query('insert into flows select * from kept')
      await until(async () => {
        await statusOf(fourth, 40)
        return (await gauge(fourth, 'discovery_doubted')) === 0
      })
      t.equal(await statusOf(fourth, 4), 204)
    })

    await t.test(
      'a million rows are no installation of Automatisch, and hold up no delivery',
      async t => {
        const [again, over] = await automatischTables(postgres.url)
        t.teardown(over)
        const fifth = await started(t, start)
        await until(async () => (await gauge(fifth, 'discovery_up')) === 1)
        await again.query('alter table steps rename to stored')
        await again.query(`create view steps as select '${flowId(4)}'::uuid as flow_id, 'trigger' as type, 'x' || n as app_key,
      '/' as webhook_path, null::timestamptz as deleted_at from generate_series(1, 1000000) n`)
        let served = 0
        await until(async () => {
          if ((await statusOf(fifth, 4)) === 204) served++
          return (await gauge(fifth, 'discovery_up')) === 0
        })
        t.ok(served > 0)
        t.equal(await statusOf(fifth, 4), 204)
        await fifth.service.log.flush()
        t.ok(fifth.lines.some(({ cause }) => /more than 20000 webhook flows/.test(String(cause))))
      },
    )
    await end().catch(() => {}) // its server was killed
  },
)

async function started(t: Test, start: () => Promise<Hookwarden>): Promise<Hookwarden> {
  const hookwarden = await start()
  t.teardown(() => hookwarden.close())
  return hookwarden
}

interface UnderWay {
  readonly connection: Connection
  readonly rest: Uint8Array
}

/** Begins as many deliveries to the first ten flows as there shall be under way, and sends all of them but the last bytes. */
async function begin(hookwarden: Hookwarden): Promise<UnderWay[]> {
  const all: UnderWay[] = []
  for (let n = 0; n < UNDER_WAY; n += WAVE) {
    const wave = Array.from({ length: WAVE }, async (_, i) => {
      const connection = await connect(hookwarden.port)
      const [bytes = new Uint8Array()] = delivery(((n + i) % 10) + 1, `{"under":${n + i}}`)
      await connection.write(bytes.subarray(0, -3))
      return { connection, rest: bytes.subarray(-3) }
    })
    all.push(...(await Promise.all(wave)))
  }
  await until(async () => (await gauge(hookwarden, 'in_flight_requests')) === UNDER_WAY)
  return all
}

/** Sends what is left of each; gives how often each status came. */
async function finish(underWay: readonly UnderWay[]): Promise<Record<number, number>> {
  const statuses: Record<number, number> = {}
  for (let n = 0; n < underWay.length; n += WAVE) {
    const wave = underWay.slice(n, n + WAVE).map(async ({ connection, rest }) => {
      const answer = connection.readAnswer()
      await connection.write(rest)
      const { status } = await answer
      statuses[status] = (statuses[status] ?? 0) + 1
      connection.destroy()
    })
    await Promise.all(wave)
  }
  return statuses
}
