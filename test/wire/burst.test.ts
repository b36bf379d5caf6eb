import { createHmac } from 'node:crypto'
import t from 'tap'
import { SECRETS } from '../signers/signers.ts'
import { type Connection, connect, post } from '../support/sender.ts'
import { GITHUB, genuine, stage } from './stage.ts'

const DELIVERIES = 1000
const CONNECTIONS = 100
const FORGERIES = 2000
const FORGERS = 50
/** `limits.verified`, 300/1s: how many go at once, and how many more each millisecond. */
const AT_ONCE = 300
const EACH_MILLI = 0.3
const STEP = 10

const share = <T>(all: readonly T[], parts: number): T[][] =>
  Array.from({ length: parts }, (_, part) => all.filter((_, i) => i % parts === part))

/** 2 KiB with its id in front. */
const bodyOf = (id: number): string => `${`{"id":${id},`.padEnd(2047)}}`
const idOf = (body: Buffer): number => Number(/^\{"id":(\d+),/.exec(body.toString())?.[1])

/** Claims as well formed as genuine ones, under a secret of the forger's own. Calls `onLimit` at each 429. */
async function forge(
  port: number,
  localAddress: string,
  onLimit = () => {},
): Promise<Map<number, number>> {
  const statuses = new Map<number, number>()
  const json = ['Content-Type', 'application/json'] as const
  const forger = async (ids: readonly number[]): Promise<void> => {
    const connection = await connect(port, { localAddress })
    for (const id of ids) {
      const body = bodyOf(id)
      const mac = createHmac('sha256', 'what the forger guessed').update(body).digest('hex')
      const headers = [json, ['X-Hub-Signature-256', `sha256=${mac}`] as const]
      const answer = connection.readAnswer()
      await connection.send(post({ target: GITHUB, headers, body }))
      const { status } = await answer
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      if (status === 429) onLimit()
    }
    connection.destroy()
  }
  const ids = Array.from({ length: FORGERIES }, (_, i) => -1 - i)
  await Promise.all(share(ids, FORGERS).map(forger))
  return statuses
}

t.test('a flood of forgeries costs a genuine burst nothing', async t => {
  const flow = GITHUB.slice(-36)
  const { port, recorder, clock, hookwarden, until } = await stage(t, {
    map: `providers: { github: { secret: env:GITHUB, flows: [${flow}] } }`,
    env: { GITHUB: SECRETS.github ?? '' },
  })
  const ids = Array.from({ length: DELIVERIES }, (_, i) => i)
  const answered = new Map<number, number>()
  const connections: Connection[] = []
  const limit = Promise.withResolvers<void>()
  const bursts = share(ids, CONNECTIONS).map(async (own, i) => {
    if (i % 2 === 1) await limit.promise // half of them come when their address has no token left
    const connection = await connect(port)
    connections.push(connection)
    const deliveries = own.flatMap(id => [...genuine('github', GITHUB, bodyOf(id))])
    void connection.write(Buffer.concat(deliveries)) // at once: none waits for another's answer
    for (const id of own) answered.set(id, (await connection.readAnswer()).status)
  })

  const [elsewhere, beside] = await Promise.all([
    forge(port, '127.0.0.2'),
    forge(port, '127.0.0.1', limit.resolve),
  ])
  t.same([...elsewhere].sort(), [
    [401, 120],
    [429, 1880],
  ])
  const spent = beside.get(401) ?? 0
  t.ok(spent <= 120, `${spent} of the forgers beside the sender had a token`)
  t.equal(beside.get(429), FORGERIES - spent)
  t.equal(beside.size, spent === 0 ? 1 : 2, 'and no other answer')

  const began = clock.now()
  /** How many the rate has let go by now; one that is due at this very instant may go in the next. */
  const due = (slack: number): number =>
    Math.min(DELIVERIES, Math.floor(AT_ONCE + (clock.now() - began) * EACH_MILLI + slack))
  const waiting = async () => (await hookwarden.metrics()).get('hookwarden_in_flight_requests')
  await until(async () => (await waiting()) === DELIVERIES - AT_ONCE)
  while (recorder.requests.length < DELIVERIES && clock.now() - began < 4000) {
    t.ok(recorder.requests.length <= due(1e-6), 'no more than the rate lets go')
    clock.advance(STEP)
    await until(() => recorder.requests.length >= due(-1e-6))
  }
  const took = clock.now() - began
  t.ok(took >= 2330 && took <= 2400, `the last went after ${took} ms`)
  await Promise.all(bursts)

  const arrived = recorder.requests.map(({ body }) => idOf(body)).sort((a, b) => a - b)
  t.same(arrived, ids, 'each arrived, and arrived once')
  t.same([...new Set(answered.values())], [204])
  t.equal(answered.size, DELIVERIES)
  const metrics = await hookwarden.metrics()
  const counted = (name: string) =>
    metrics.get(`hookwarden_requests_total{provider="github",outcome="${name}"}`)
  t.equal(counted('accepted'), DELIVERIES)
  t.equal(counted('rejected'), 2 * FORGERIES)
  for (const connection of connections) connection.destroy()
})
