import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
import { type Process, startProcess } from '../support/process.ts'
import { type Recorder, startRecorder } from '../support/recorder.ts'
import { type Answer, type Connection, connect, exchange } from '../support/sender.ts'
import { GITHUB, genuine, PROVIDERS, stage, wordOf } from './stage.ts'

const nextTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

const run = (t: Test, recorder: Recorder, drain: string): Promise<Process> =>
  startProcess(t, {
    upstream: recorder.port,
    map: `drain: ${drain}`,
    provider: `answer_within: 60s # a slow machine must not make any of them late
    limits: { per_address: 1000/1m, patience: 30s, deadline: 60s }`,
  })

/** Whether a new connection is refused by the system: nobody listens. */
function refused(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connectTcp(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.on('error', () => resolve(true))
  })
}

/** One delivery in a ledger: sent in two parts, so that it can be left half received. */
interface Entry {
  readonly id: number
  readonly connection: Connection
  readonly rest: Uint8Array
  readonly answer: Promise<Answer | undefined>
}

const bodyOf = (id: number): string => `{"id":${id},"padding":"${'x'.repeat(200)}"}`

async function begin(port: number, id: number): Promise<Entry> {
  const connection = await connect(port)
  const [bytes = new Uint8Array()] = genuine('github', GITHUB, bodyOf(id))
  const answer = connection.answerOrClose()
  await connection.write(bytes.subarray(0, -100))
  return { id, connection, rest: bytes.subarray(-100), answer }
}

const finish = (entries: readonly Entry[]): Promise<unknown> =>
  Promise.all(entries.map(({ connection, rest }) => connection.write(rest)))

t.test('SIGTERM finishes what is in flight, and says no to what it cannot finish', async t => {
  const recorder = await startRecorder({ hold: true })
  t.teardown(() => recorder.close())
  const hookwarden = await run(t, recorder, '{ settle: 2s, within: 60s }')
  const { port, child } = hookwarden
  const ids = Array.from({ length: 200 }, (_, id) => id)
  const ledger = await Promise.all(ids.map(id => begin(port, id)))
  const whole = ledger.slice(0, 140)
  const soon = ledger.slice(140, 170)
  const late = ledger.slice(170, 190)
  const wrong = ledger.slice(190, 195)
  const gone = ledger.slice(195)
  await finish(whole)
  await recorder.complete(32)
  const inFlight = async () => (await hookwarden.metrics()).get('hookwarden_in_flight_requests')
  while ((await inFlight()) !== ids.length) await nextTurn()
  t.equal(recorder.held, 32)
  t.equal((await hookwarden.admin('/readyz')).status, 200)

  child.kill('SIGTERM')
  let readiness = await hookwarden.admin('/readyz')
  while (readiness.status === 200) readiness = await hookwarden.admin('/readyz')
  t.equal(readiness.status, 503)
  t.equal(JSON.parse(readiness.body).state, 'draining')
  t.equal((await hookwarden.admin('/healthz')).status, 200, 'draining is alive')

  const forged = await exchange(port, genuine('github', GITHUB, '{"id":-1}', { sent: '{"id":-2}' }))
  t.equal(forged?.status, 401, 'new work is still looked at')
  t.equal(forged?.header('connection'), 'close')
  await finish(soon)
  recorder.releaseAll()
  const newcomer = await exchange(port, genuine('github', GITHUB, bodyOf(200)))
  t.equal(newcomer?.status, 204, 'and still taken')
  t.equal(newcomer?.header('connection'), 'close')

  while (!(await refused(port))) await nextTurn()
  t.equal(child.exitCode, null, 'nobody is let in any more, and those inside are waited for')
  await finish(late)
  await finish(wrong.map(entry => ({ ...entry, rest: entry.rest.toReversed() })))
  for (const { connection } of gone) connection.destroy()
  t.same(await hookwarden.exited, { code: 0, signal: null })

  const delivered = recorder.requests.map(
    ({ body }) => (JSON.parse(body.toString()) as { readonly id: number }).id,
  )
  t.same(
    delivered.sort((a, b) => a - b),
    [...ids.slice(0, 190), 200],
    'each delivered once',
  )
  for (const { id, answer } of [...whole, ...soon, ...late]) {
    const { status, headers } = (await answer) ?? {}
    if (status !== 204 || !headers?.includes('close')) t.fail(`${id}: ${status}, ${headers}`)
  }
  for (const { id, answer } of wrong) {
    t.equal((await answer)?.status, 401, `${id} came to nothing: refused, not delivered`)
  }
  for (const { connection } of ledger) connection.destroy()
  const settled = hookwarden.lines.filter(line => 'outcome' in line)
  t.equal(settled.length, 202, 'no line is lost: 200 in flight, a forgery, a newcomer')
  t.match(hookwarden.lines.at(-1), { level: 'info', msg: /^drained/ })
})

t.test('a second signal ends it at once', async t => {
  const recorder = await startRecorder({ hold: true })
  t.teardown(() => recorder.close())
  const { child, port, exited, admin } = await run(t, recorder, '{ settle: 60s, within: 90s }')
  const answer = exchange(port, genuine('github', GITHUB, bodyOf(1)))
  await recorder.complete(1)
  child.kill('SIGTERM')
  while ((await admin('/readyz')).status === 200) await nextTurn()
  child.kill('SIGTERM')
  const { code } = await exited
  t.ok(code !== null && code !== 0, `it exits with ${code}`)
  t.equal(await answer, undefined)
})

t.test('what cannot be finished in time is cut, and counted', async t => {
  const { port, clock, recorder, hookwarden, until } = await stage(t, {
    map: `drain: { settle: 1s, within: 3s }${PROVIDERS}`,
    recorder: { hold: true },
  })
  const kept = await connect(port)
  await kept.send(genuine('github', GITHUB, bodyOf(1), { sent: 'forged' }))
  t.equal((await kept.readAnswer()).status, 401)
  const answer = exchange(port, genuine('github', GITHUB, bodyOf(2)))
  await recorder.complete(1)

  const drained = hookwarden.service.drain()
  clock.advance(1000)
  t.equal(await kept.closed, undefined, 'an idle connection is ended')
  await until(() => refused(port))
  clock.advance(1900)
  t.equal(
    hookwarden.lines.some(({ cut }) => cut !== undefined),
    false,
  )
  clock.advance(100)
  t.equal(await drained, 1, 'how many were cut')
  t.equal(await answer, undefined, 'its sender is told nothing that may be wrong')
  t.match(
    hookwarden.lines.find(({ cut }) => cut !== undefined),
    { level: 'error', cut: 1 },
  )
})

t.test(
  'what begins after the time for new work is told so, on a connection that was open before',
  async t => {
    const { port, clock, recorder, hookwarden } = await stage(t, {
      map: `drain: { settle: 0s, within: 5s }${PROVIDERS}`,
    })
    const half = await connect(port)
    const [bytes = new Uint8Array()] = genuine('github', GITHUB, bodyOf(1))
    await half.write(bytes.subarray(0, 40)) // half of a head: no exchange yet, and not idle either
    const held = await connect(port)
    await held.write(bytes.subarray(0, -10))
    const answers = { half: half.readAnswer(), held: held.readAnswer() }
    while ((await hookwarden.metrics()).get('hookwarden_in_flight_requests') !== 1) await nextTurn()
    const drained = hookwarden.service.drain()
    clock.advance(0)
    await nextTurn()
    await half.write(bytes.subarray(40))
    const refusal = await answers.half
    t.equal(refusal.status, 503)
    t.equal(wordOf(refusal), 'busy')
    t.equal(refusal.header('connection'), 'close')
    await held.write(bytes.subarray(-10))
    t.equal((await answers.held).status, 204, 'what had begun before is finished')
    t.equal(await drained, 0)
    t.equal(recorder.requests.length, 1)
  },
)

t.test('an answer does not close a connection on which another is owed', async t => {
  const { port, recorder, hookwarden } = await stage(t, {
    map: `drain: { settle: 1s, within: 5s }${PROVIDERS}`,
    recorder: { hold: true },
  })
  const connection = await connect(port)
  for (const id of [1, 2]) {
    await connection.send(genuine('github', GITHUB, bodyOf(id)))
    await recorder.complete(id)
  }
  void hookwarden.service.drain()
  recorder.releaseAll()
  const [first, second] = [await connection.readAnswer(), await connection.readAnswer()]
  t.equal(first.status, 204)
  t.equal(first.header('connection'), 'keep-alive')
  t.equal(second.status, 204)
  t.equal(second.header('connection'), 'close')
  t.equal(recorder.requests.length, 2)
})

t.test('a handshake that is not over keeps nothing open', async t => {
  const { port, hookwarden } = await stage(t, { map: `limits: { headers: 60s }${PROVIDERS}` })
  const [mute, slow, late] = [1, 2, 3].map(() => connectTcp(port, '127.0.0.1')) as [
    Socket,
    Socket,
    Socket,
  ]
  const closed = [mute, slow, late].map(one => once(one, 'close'))
  for (const one of [mute, slow, late]) {
    t.teardown(() => one.destroy())
    one.on('error', () => {})
    await once(one, 'connect')
  }
  slow.write(Buffer.from('1603010200010001fc0303', 'hex'))
  // its last word is still to come when everything is closed
  const answered = once(late, 'data')
  const between = new Duplex({
    read() {},
    write(chunk, _, done) {
      if (late.bytesWritten === 0) late.write(chunk, () => done())
    },
  })
  late.on('data', chunk => between.push(chunk))
  connectTls({ socket: between, rejectUnauthorized: false }).on('error', () => {})
  await answered
  await hookwarden.service.close()
  await Promise.all(closed)
  t.pass('all is closed')
})

t.test('a drain ends who has said nothing, and not who is waiting for an answer', async t => {
  const { port, hookwarden, clock, recorder } = await stage(t, { recorder: { hold: true } })
  const silent = await connect(port)
  const waiting = await connect(port)
  const answer = waiting.readAnswer()
  await waiting.send(genuine('github', GITHUB, '{}'))
  await recorder.complete(1)
  const drained = hookwarden.service.drain({ settle: 0, within: 60_000 })
  clock.advance(0)
  await silent.closed
  t.equal(silent.socket.bytesRead, 0)
  recorder.release(1)
  t.equal((await answer).status, 204)
  t.equal(await drained, 0)
})
