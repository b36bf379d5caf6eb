import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type Hookwarden, startHookwarden } from '../support/hookwarden.ts'
import { type Connection, connect } from '../support/sender.ts'
import { ENV, GITHUB, genuine, PROVIDERS } from '../wire/stage.ts'

const DELIVERIES = 10_000
const SENDERS = 40
const ATTEMPTS = 100

t.setTimeout(120_000)

/** An upstream in a process of its own, always on the same port. */
class Upstream {
  port = 0
  readonly file: string
  #child: ChildProcess | undefined
  #lives = 0

  constructor(t: Test) {
    this.file = join(t.testdir(), 'ledger')
    writeFileSync(this.file, '')
    t.teardown(() => this.#child?.kill('SIGKILL'))
  }

  async start(): Promise<void> {
    this.#lives += 1
    const args = [`${this.port}`, this.file, `${this.#lives}`]
    this.#child = fork(join(import.meta.dirname, 'automatisch.ts'), args)
    const [port] = (await once(this.#child, 'message')) as [number]
    this.port = port
  }

  async killFor(time: number): Promise<void> {
    this.#child?.kill('SIGKILL')
    await sleep(time)
    await this.start()
  }

  async freezeFor(time: number): Promise<void> {
    this.#child?.kill('SIGSTOP')
    await sleep(time)
    this.#child?.kill('SIGCONT')
  }

  /** Who got what: for each delivery the ids of the requests that carried it, in their order. */
  copies(): Map<number, string[]> {
    const copies = new Map<number, string[]>()
    for (const line of readFileSync(this.file, 'utf8').trimEnd().split('\n')) {
      const [id = '', request = ''] = line.split(' ')
      copies.set(Number(id), [...(copies.get(Number(id)) ?? []), request])
    }
    return copies
  }
}

/** What became of each delivery at its sender: the status of each attempt, 0 where the connection was cut. */
type Attempts = Map<number, number[]>

/** Sends one delivery after the other on a connection that is kept, each until it is acknowledged, as senders do. */
async function sendAll(
  port: number,
  next: () => number | undefined,
  told: Attempts,
): Promise<void> {
  let connection: Connection | undefined
  for (let id = next(); id !== undefined; id = next()) {
    const padding = 'x'.repeat(id % 50 === 0 ? 200_000 : 2_000)
    const bytes = genuine('github', GITHUB, `{"id":${id},"padding":"${padding}"}`)
    const attempts: number[] = []
    told.set(id, attempts)
    while (attempts.length < ATTEMPTS && !isTaken(attempts.at(-1))) {
      if (attempts.length > 0) await sleep(20)
      if (connection === undefined || connection.socket.destroyed) connection = await connect(port)
      const answer = connection.answerOrClose()
      void connection.send(bytes)
      const status = (await answer)?.status ?? 0
      if (status === 0) connection.destroy()
      attempts.push(status)
    }
  }
  connection?.destroy()
}

const isTaken = (status: number | undefined): boolean =>
  status !== undefined && status >= 200 && status < 300

/** The line of each request. */
function endings(lines: Hookwarden['lines']): Map<string, Record<string, unknown>> {
  return new Map(
    lines.flatMap(line => (typeof line.request_id === 'string' ? [[line.request_id, line]] : [])),
  )
}

/** Hides what went as it should behind ranges, so that all of the ledger can be read. */
function* printed(
  told: Attempts,
  copies: Map<number, string[]>,
  say: (id: number) => string,
): Generator<string> {
  let from = 0
  for (let id = 1; id <= DELIVERIES + 1; id++) {
    const plain = told.get(id)?.join() === '204' && copies.get(id)?.length === 1
    if (plain && from === 0) from = id
    if (plain) continue
    if (from !== 0) yield `${from}${id - 1 > from ? `-${id - 1}` : ''}: 204, delivered once`
    from = 0
    if (id <= DELIVERIES) yield say(id)
  }
}

t.test(
  'nothing acknowledged is lost, and nothing runs twice but for an answer that was lost',
  async t => {
    const upstream = new Upstream(t)
    await upstream.start()
    const hookwarden = await startHookwarden({
      upstream: upstream.port,
      upstreamMap: `{ url: 'http://127.0.0.1:${upstream.port}', connect: 1s, answer: 1s, body: 2s }`,
      map: `defaults: { limits: { per_address: 100000/1s, per_provider: 100000/1s } }
limits: { verified: 100000/1s }
${PROVIDERS}`,
      env: ENV,
    })
    t.teardown(() => hookwarden.close())

    const told: Attempts = new Map()
    let given = 0
    const faults: (() => Promise<void>)[] = [
      () => upstream.killFor(500),
      () => upstream.freezeFor(500),
      () => upstream.killFor(0),
      () => upstream.freezeFor(3_500), // longer than an answer may take and than a probe waits
      () => upstream.killFor(1_500),
      () => upstream.freezeFor(1_500),
      () => upstream.killFor(100),
      () => upstream.killFor(5_000), // longer than anybody waits
      () => upstream.freezeFor(100),
    ]
    const every = Math.floor(DELIVERIES / (faults.length + 1))
    let troubled: Promise<void> = Promise.resolve()
    const next = (): number | undefined => {
      if (given === DELIVERIES) return undefined
      given += 1
      if (given % every === 0) troubled = troubled.then(faults.shift())
      return given
    }
    const senders = Array.from({ length: SENDERS }, () => sendAll(hookwarden.port, next, told))
    await Promise.all(senders)
    await troubled
    await hookwarden.service.log.flush()

    const copies = upstream.copies()
    const ended = endings(hookwarden.lines)
    const why = (request: string): string => {
      const { status, outcome, reason = '', detail = '', upstream_ms } = ended.get(request) ?? {}
      return `${request} ${status} ${outcome} ${reason} after ${upstream_ms} ms ${detail}`
    }
    for (const line of printed(told, copies, id => {
      const requests = copies.get(id) ?? []
      const how = requests.length > 1 ? `: ${requests.map(why).join('; ')}` : ''
      return `${id}: ${told.get(id)?.join(' ')}, delivered ${requests.length} times${how}`
    }))
      t.comment(line)

    const ids = [...told.keys()]
    const acknowledged = ids.filter(id => isTaken(told.get(id)?.at(-1)))
    const lost = acknowledged.filter(id => !copies.has(id))
    const twice = ids.filter(id => (copies.get(id)?.length ?? 0) > 1)
    const requests = [...copies.values()].flat()
    t.equal(acknowledged.length, DELIVERIES, 'every delivery was acknowledged in the end')
    t.same(lost, [], 'acknowledged and not delivered: none')
    t.equal(new Set(requests).size, requests.length, 'no request was sent twice')
    for (const id of twice) {
      const takers = copies.get(id)?.filter(request => ended.get(request)?.outcome === 'accepted')
      t.ok((takers?.length ?? 0) <= 1, `${id}: at most one of its answers came back`)
      for (const request of copies.get(id) ?? []) {
        if (takers?.includes(request)) continue
        const { reason, upstream_ms } = ended.get(request) ?? {}
        t.type(upstream_ms, 'number', `${id}: ${why(request)}: it was written`)
        t.match(reason, /^upstream_(?:error|timeout)$/, `${id}: and its answer was lost`)
      }
    }
    t.comment(
      `${acknowledged.length} acknowledged, ${lost.length} lost, ${twice.length} delivered twice for a lost answer`,
    )

    const metrics = await hookwarden.metrics()
    t.equal(metrics.get('hookwarden_in_flight_requests'), 0)
    t.equal(metrics.get('hookwarden_circuit_state'), 0)
    for (const result of ['answered', 'error', 'timeout']) {
      const count = metrics.get(`hookwarden_upstream_requests_total{result="${result}"}`) ?? 0
      t.ok(count > 0, `${count} ${result}`)
    }
    t.ok(twice.length > 0 && twice.length < DELIVERIES / 20, `${twice.length} twice`)
    t.ok(
      (metrics.get(
        'hookwarden_rejections_total{provider="github",reason="circuit_open",mode="enforce"}',
      ) ?? 0) > 0,
      'an outage was longer than patience',
    )
  },
)
