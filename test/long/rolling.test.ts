import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { startBalancer } from '../support/balancer.ts'
import { type Process, startProcess } from '../support/process.ts'
import { startRecorder } from '../support/recorder.ts'
import { NO_REDIS, startRedis } from '../support/redis.ts'
import { exchange } from '../support/sender.ts'
import { GITHUB, genuine } from '../wire/stage.ts'

t.setTimeout(240_000)

/** Deliveries a second. */
const RATE = 100
/** How long a balancer goes on sending to a replica that said it is not ready. */
const NOTICES = 3_000
const REPLICAS = 2
/** Deliveries on their way at once. */
const MOST = 60

t.test('a rolling update under load loses no delivery', { skip: NO_REDIS }, async t => {
  const redis = await startRedis()
  t.teardown(() => redis.close())
  const recorder = await startRecorder()
  t.teardown(() => recorder.close())
  const balancer = await startBalancer({ every: 200, notices: NOTICES })
  t.teardown(() => balancer.close())
  const start = async (): Promise<Process> => {
    const replica = await startProcess(t, {
      upstream: recorder.port,
      map: `store: ${redis.url}/4\ndrain: { settle: 8s, within: 60s }\n`,
    })
    balancer.add({
      port: replica.port,
      ready: async () => (await replica.admin('/readyz')).status === 200,
    })
    while (!balancer.inTurn.includes(replica.port)) await sleep(50)
    return replica
  }
  const old = [await start(), await start()]
  t.equal(balancer.inTurn.length, REPLICAS)

  let rolling = true
  const load = send(balancer.port, () => rolling)
  // as a Deployment does it with `maxUnavailable: 0` and `maxSurge: 1`
  for (const replica of old) {
    await start()
    replica.child.kill('SIGTERM')
    t.same(await replica.exited, { code: 0, signal: null }, 'nothing had to be cut')
    t.notOk(balancer.inTurn.includes(replica.port), 'the balancer had noticed before it was gone')
  }
  rolling = false
  const statuses = await load
  t.comment(`${statuses.length} deliveries`)
  t.ok(statuses.length > 2 * RATE, 'as many as a busy machine sends')
  t.same([...new Set(statuses)], [204], 'every sender was told that it was taken')
  arrivedOnce(
    t,
    statuses.length,
    recorder.requests.map(({ body }) => body.toString()),
  )
})

/** Sends a new delivery every so often, each on a connection of its own, until told; gives what each was answered. */
async function send(port: number, going: () => boolean): Promise<readonly (number | string)[]> {
  const start = performance.now()
  const sent: Promise<number | string>[] = []
  let open = 0
  const ended = <T>(value: T): T => {
    open--
    return value
  }
  while (going()) {
    // a machine that is too slow for the rate is given less, not a pile
    while (open >= MOST) await sleep(5)
    open++
    const id = sent.length
    sent.push(
      exchange(port, genuine('github', GITHUB, `{"id":${id}}`)).then(
        answer => ended(answer?.status ?? 'closed'),
        error => ended(String(error)),
      ),
    )
    await sleep(Math.max(0, start + (id + 1) * (1_000 / RATE) - performance.now()))
  }
  return Promise.all(sent)
}

function arrivedOnce(t: Test, count: number, bodies: readonly string[]): void {
  const ids = bodies.map(body => (JSON.parse(body) as { readonly id: number }).id)
  t.equal(new Set(ids).size, count, 'each arrived')
  t.equal(ids.length, count, 'none came twice')
}
