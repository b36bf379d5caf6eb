import t from 'tap'
import { startFullBacklog } from '../support/full-backlog.ts'
import type { Answer } from '../support/sender.ts'
import { connect, exchange, post } from '../support/sender.ts'
import {
  away,
  bodies,
  bodyOf,
  circuit,
  deliver,
  FORM,
  head,
  NO_BODY,
  proceed,
  waiting,
} from './failing.ts'
import { GITHUB, genuine, PROVIDERS, stage, wordOf } from './stage.ts'

t.test(
  'while Automatisch is away what is proven waits for it, and goes on in order and within its limits',
  async t => {
    const on = await stage(t, { map: `defaults: { limits: { concurrency: 2 } }${PROVIDERS}` })
    const open = await away(on, t)
    const sent = Array.from({ length: 10 }, () => bodyOf())
    const answers: Promise<Answer | undefined>[] = []
    for (const [i, body] of sent.entries()) {
      answers.push(deliver(on, body))
      await on.until(async () => (await waiting(on)) === i + 1)
      on.clock.advance(10)
    }
    await circuit(on, 2)
    const back = await open({ hold: true })
    on.clock.advance(250)
    await circuit(on, 0)
    for (let gone = 0; gone < sent.length; gone += 2) {
      await back.complete(gone + 2)
      for (let turn = 0; turn < 20; turn++) await new Promise(resolve => setImmediate(resolve))
      t.equal(back.held, 2, 'never more at once')
      back.release(2)
    }
    for (const answer of answers) t.equal((await answer)?.status, 204)
    t.same(bodies(back), sent, 'each once, in the order in which they came')
    t.equal(back.probes.length, 1)
    const all = await on.hookwarden.metrics()
    t.equal(all.get('hookwarden_upstream_requests_total{result="answered"}'), 10)
    t.equal(all.get('hookwarden_requests_total{provider="github",outcome="accepted"}'), 10)
    t.equal(all.get('hookwarden_upstream_up'), 1)
    on.clock.advance(1_000) // lines are written together
    for (const told of [
      'the upstream is away: proven deliveries wait for it',
      'the upstream is back',
    ])
      await on.until(() => on.hookwarden.lines.filter(({ msg }) => msg === told).length === 1)
    const said = on.hookwarden.lines.find(({ msg }) => String(msg).includes('is away'))
    t.match(said?.cause, /^ECONNREFUSED: /, 'and why')
  },
)

t.test('it is asked every 250 ms, and taken for back as soon as it answers', async t => {
  const on = await stage(t)
  const open = await away(on, t)
  const answer = deliver(on, bodyOf())
  await circuit(on, 2)
  on.clock.advance(3_000)
  const back = await open({ alive: { write: head('503 Service Unavailable', NO_BODY) } })
  for (let asked = 1; asked <= 2; asked++) {
    on.clock.advance(250)
    await on.until(() => back.probes.length === asked)
  }
  t.equal(
    (await on.hookwarden.metrics()).get('hookwarden_upstream_up'),
    0,
    'a proxy answered for it',
  )
  back.live({ write: head('404 Not Found', NO_BODY) })
  on.clock.advance(250)
  t.equal((await answer)?.status, 204, 'any other answer is one')
  t.equal(back.requests.length, 1)
  t.match(
    back.probes[0]?.head.toString('latin1'),
    /^GET \/healthcheck HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\nconnection: close\r\n\r\n$/,
  )
})

t.test('what waited as long as it may is refused, and nothing of it was sent', async t => {
  const on = await stage(t)
  const open = await away(on, t)
  const body = bodyOf()
  const answer = deliver(on, body)
  await circuit(on, 2)
  const twin = await deliver(on, body)
  t.equal(twin?.status, 503, 'its twin is told that it is under way')
  const late = deliver(on, bodyOf())
  await on.until(async () => (await waiting(on)) === 2)
  on.clock.advance(3_999)
  t.equal(await waiting(on), 2)
  on.clock.advance(1)
  for (const one of [await answer, await late]) {
    t.equal(one?.status, 503)
    t.equal(wordOf(one), 'busy')
    t.equal(one?.header('retry-after'), '5')
  }
  const back = await open()
  on.clock.advance(250)
  await circuit(on, 0)
  t.equal((await deliver(on, body))?.status, 204, 'its repetition is no duplicate')
  t.same(bodies(back), [body])
})

t.test('waiting for Automatisch and for a rate is one budget', async t => {
  const on = await stage(t, { map: `defaults: { limits: { per_provider: 1/2s } }${PROVIDERS}` })
  const open = await away(on, t)
  const sent = [bodyOf(), bodyOf(), bodyOf()]
  const answers = []
  for (const [i, body] of sent.entries()) {
    answers.push(deliver(on, body))
    await on.until(async () => (await waiting(on)) === i + 1)
  }
  await circuit(on, 2)
  on.clock.advance(1_500)
  const back = await open()
  on.clock.advance(250)
  t.equal((await answers[0])?.status, 204, 'what the failed connect had spent was given back')
  t.equal((await answers[2])?.status, 429, '4 s of rate on top of 1.75 s are more than 4 s')
  on.clock.advance(2_000)
  t.equal((await answers[1])?.status, 204)
  t.same(bodies(back), sent.slice(0, 2))
})

t.test('what nobody proved does not wait, and does not pass while others do', async t => {
  const on = await stage(t, {
    map: `${PROVIDERS}  form: { scheme: { none: a plain form }, path: /in/form, to: flow:${FORM} }`,
  })
  const open = await away(on, t)
  const form = () =>
    exchange(
      on.port,
      post({ target: '/in/form', body: bodyOf(), headers: [['Content-Type', 'application/json']] }),
    )
  const found = await form()
  t.same([found?.status, wordOf(found)], [502, 'upstream'], 'who finds out')
  const next = await form()
  t.same([next?.status, wordOf(next), next?.header('retry-after')], [503, 'busy', '5'])
  const back = await open()
  on.clock.advance(250)
  await circuit(on, 0)
  t.equal((await form())?.status, 204)
  t.equal(back.requests.length, 1)
})

t.test('what was not written is tried once more, and not a third time', async t => {
  const on = await stage(t)
  const open = await away(on, t)
  const answer = deliver(on, bodyOf())
  await circuit(on, 2)
  // it answers the probe, and nobody is there when the delivery comes
  const back = await open({ alive: { write: head('200 OK', NO_BODY) }, greet: () => void close() })
  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= new Promise(resolve => setImmediate(() => resolve(back.stop())))
  }
  on.clock.advance(250)
  const told = await answer
  t.same([told?.status, wordOf(told)], [502, 'upstream'])
  await closed
  t.equal(back.requests.length, 0)
  const all = await on.hookwarden.metrics()
  t.equal(all.get('hookwarden_upstream_requests_total{result="error"}'), 1)
})

t.test('what was proven goes on when its sender leaves while it waits', async t => {
  const on = await stage(t)
  const open = await away(on, t)
  const body = bodyOf()
  const connection = await connect(on.port)
  await connection.send(genuine('github', GITHUB, body))
  await circuit(on, 2)
  connection.destroy()
  await connection.closed
  const back = await open()
  on.clock.advance(250)
  await on.until(async () => (await waiting(on)) === 0)
  t.same(bodies(back), [body])
  t.equal(wordOf(await deliver(on, body)), 'duplicate')
})

t.test('a late answer has Automatisch asked, and one flow that is slow stops nobody', async t => {
  const on = await stage(t, { recorder: { hold: true } })
  const slow = deliver(on, bodyOf())
  await proceed(on, 1)
  on.clock.advance(11_000)
  const told = await slow
  t.same([told?.status, wordOf(told), told?.header('retry-after')], [504, 'upstream', '5'])
  await on.until(() => on.recorder.probes.length === 1)
  await circuit(on, 0)
  on.recorder.releaseAll()
  t.equal((await deliver(on, bodyOf()))?.status, 204)
})

t.test('a late answer and no word to the question open the circuit', async t => {
  const on = await stage(t, { recorder: { hold: true, alive: {} } })
  const slow = deliver(on, bodyOf())
  await proceed(on, 1)
  on.clock.advance(10_200)
  t.equal((await slow)?.status, 504)
  await circuit(on, 1)
  const meanwhile = deliver(on, bodyOf())
  await proceed(on, 2)
  on.clock.advance(2_000)
  await circuit(on, 2)
  const held = bodyOf()
  const later = deliver(on, held)
  await on.until(async () => (await waiting(on)) === 2)
  t.equal(bodies(on.recorder).length, 2, 'nothing more is written to it')
  on.recorder.live()
  on.recorder.releaseAll()
  on.clock.advance(250)
  t.equal((await later)?.status, 204)
  t.equal((await meanwhile)?.status, 204, 'what was written was left alone')
  t.equal(bodies(on.recorder).filter(body => body === held).length, 1)
})

t.test(
  'a connect that hangs ends at its deadline, and is no other than one that is refused',
  async t => {
    const upstream = await startFullBacklog()
    t.teardown(() => upstream.close())
    const on = await stage(t, {
      upstreamMap: `{ url: 'http://127.0.0.1:${upstream.port}', connect: 100ms }`,
      map: `${PROVIDERS}  form: { scheme: { none: a plain form }, path: /in/form, to: flow:${FORM} }`,
    })
    const headers = [['Content-Type', 'application/json']] as const
    const form = exchange(on.port, post({ target: '/in/form', body: bodyOf(), headers }))
    await on.until(async () => (await waiting(on)) === 1)
    on.clock.advance(99)
    t.equal(await waiting(on), 1, 'not before')
    on.clock.advance(1)
    const found = await form
    t.same([found?.status, wordOf(found), found?.header('retry-after')], [504, 'upstream', '5'])
    await circuit(on, 2)
    const answer = deliver(on, bodyOf())
    await on.until(async () => (await waiting(on)) === 1)
    on.clock.advance(250)
    await circuit(on, 2)
    upstream.release()
    // The system may drop what comes before its queue is empty again: it is asked until it answers.
    let got: Answer | undefined
    answer.then(found => (got = found))
    for (let asked = 0; asked < 30 && got === undefined; asked++) {
      on.clock.advance(250)
      await new Promise(resolve => setTimeout(resolve, 120))
    }
    t.equal(got?.status, 204)
    t.equal(upstream.lines.filter(line => line.startsWith('POST ')).length, 1)
    const all = await on.hookwarden.metrics()
    t.equal(all.get('hookwarden_upstream_requests_total{result="timeout"}'), 1)
  },
)

t.test('a drain waits for what waits for Automatisch', async t => {
  for (const returns of [true, false]) {
    const on = await stage(t, { map: `drain: { settle: 1s, within: 20s }${PROVIDERS}` })
    const open = await away(on, t)
    const answer = deliver(on, bodyOf())
    await circuit(on, 2)
    const cut = on.hookwarden.service.drain()
    on.clock.advance(2_000)
    const back = returns ? await open() : undefined
    on.clock.advance(returns ? 250 : 2_000)
    const got = await answer
    t.equal(got?.status, returns ? 204 : 503)
    t.equal(got?.header('connection'), 'close')
    t.equal(await cut, 0, 'nothing had to be cut')
    t.equal(back?.requests.length, returns ? 1 : undefined)
  }
})
