import t, { type Test } from 'tap'
import { moved } from '../support/metrics.ts'
import type { Reaction } from '../support/recorder.ts'
import { connect, exchange } from '../support/sender.ts'
import {
  bodies,
  bodyOf,
  COUNTED,
  circuit,
  deliver,
  head,
  LARGE,
  NO_CONTENT,
  ours,
  proceed,
  waiting,
} from './failing.ts'
import { GITHUB, genuine, type Stage, stage } from './stage.ts'
import { type Case, GROUPS } from './upstream-cases.ts'

/** What is counted of one delivery. */
function countsOf({ sender, result }: Case): Record<string, number> {
  const failed = result === 'error' || (typeof sender === 'number' && sender >= 500)
  return {
    [`hookwarden_requests_total{provider="github",outcome="${failed ? 'upstream_error' : 'accepted'}"}`]: 1,
    [`hookwarden_upstream_requests_total{result="${result}"}`]: 1,
    ...(result === 'error' && {
      'hookwarden_rejections_total{provider="github",reason="upstream_error",mode="enforce"}': 1,
    }),
  }
}

async function holds(t: Test, on: Stage, one: Case): Promise<void> {
  const { what, reaches = 'whole', sender } = one
  const { recorder, hookwarden } = on
  const body = bodyOf(one.size)
  recorder.reset()
  await on.until(() => recorder.connections.open === 0)
  recorder.react(one.reaction)
  recorder.greet(() => one.greeting)
  const connections = recorder.connections.total
  const before = await hookwarden.metrics()
  const requests = recorder.requests.length
  const answer = await exchange(on.port, genuine('github', GITHUB, body))
  recorder.greet(undefined)
  t.equal(answer?.status, sender === 'cut' ? undefined : sender, what)
  if (one.result === 'error' && sender !== 'cut') ours(t, answer, what)
  if (one.text !== undefined) t.equal(answer?.text(), one.text, what)
  if (one.header !== undefined) t.equal(answer?.header(one.header[0]), one.header[1], what)
  t.same(
    Object.fromEntries(moved(before, await hookwarden.metrics(), COUNTED)),
    countsOf(one),
    what,
  )
  const came = recorder.requests.slice(requests)
  t.ok(came.length <= 1, `${what}: it was begun once`)
  t.equal(recorder.connections.total - connections, 1, `${what}: on one connection`)
  if (reaches === 'whole') t.equal(came[0]?.body.toString(), body, `${what}: and came whole`)
  t.equal(
    (await hookwarden.metrics()).get('hookwarden_circuit_state'),
    0,
    `${what}: nobody else waits`,
  )
}

for (const [group, cases] of Object.entries(GROUPS)) {
  t.test(`one delivery, one request: ${group}`, async t => {
    const on = await stage(t)
    for (const one of cases) await holds(t, on, one)
    on.recorder.react(undefined)
    t.equal(
      (await exchange(on.port, genuine('github', GITHUB, bodyOf())))?.status,
      204,
      'serving goes on',
    )
    t.equal((await on.hookwarden.metrics()).get('hookwarden_in_flight_requests'), 0)
    t.same(on.recorder.probes, [], 'none of that has anybody asked')
  })
}

t.test(
  'a connection that is ended right after the accept carries a delivery once or not at all',
  async t => {
    const on = await stage(t)
    const { recorder, hookwarden } = on
    for (let i = 0; i < 30; i++) {
      on.clock.advance(250) // so that it may be asked again
      const body = bodyOf()
      recorder.reset()
      await on.until(() => recorder.connections.open === 0)
      const last = recorder.connections.total
      const probes = recorder.probes.length
      const after = i % 2 === 0 ? 'end' : 'reset'
      recorder.greet(connection => (connection === last + 1 ? { at: 'accept', after } : undefined))
      const answer = await exchange(on.port, genuine('github', GITHUB, body))
      const came = recorder.requests.filter(request => request.body.toString() === body)
      if (answer?.status === 204)
        t.equal(came.length, 1, 'no connection came about, so it was sent again')
      else {
        ours(t, answer, 'written, or perhaps')
        t.ok(came.length <= 1)
        t.equal(recorder.connections.total, last + 1 + recorder.probes.length - probes)
      }
    }
    const all = await hookwarden.metrics()
    const results = ['answered', 'error'].map(
      result => all.get(`hookwarden_upstream_requests_total{result="${result}"}`) ?? 0,
    )
    t.equal((results[0] ?? 0) + (results[1] ?? 0), 30)
  },
)

/** What becomes of an idle connection between two deliveries. */
const idle: readonly (readonly [what: string, reaction: Reaction])[] = [
  ['is ended with its answer', { write: NO_CONTENT, after: 'end' }],
  ['is reset with its answer', { write: NO_CONTENT, after: 'reset' }],
  ['is to be closed', { write: head('204 No Content', 'Connection: close') }],
  [
    'may be kept for no longer than a second',
    { write: head('204 No Content', 'Keep-Alive: timeout=1') },
  ],
  [
    'has bytes that nobody asked for',
    { write: [NO_CONTENT, `${head('200 OK', 'Content-Length: 4')}evil`], every: 5 },
  ],
]

for (const [what, reaction] of idle) {
  t.test(`a connection that ${what} is not used again`, async t => {
    const on = await stage(t, { recorder: { reaction } })
    const { recorder } = on
    const sent = [bodyOf(), bodyOf(), bodyOf()]
    for (const [i, body] of sent.entries()) {
      t.equal((await deliver(on, body))?.status, 204)
      t.equal(recorder.connections.total, i + 1)
      await on.until(() => recorder.connections.open === 0)
    }
    t.same(bodies(recorder), sent, 'each came once, on a connection of its own')
    t.same(recorder.probes, [], 'and none was held up')
    const all = await on.hookwarden.metrics()
    t.equal(all.get('hookwarden_upstream_requests_total{result="answered"}'), 3)
    t.equal(all.get('hookwarden_upstream_requests_total{result="error"}'), 0)
  })
}

t.test('a connection that is kept is used again', async t => {
  const on = await stage(t)
  const sent = [bodyOf(), bodyOf(), bodyOf(LARGE), bodyOf()]
  for (const body of sent) t.equal((await deliver(on, body))?.status, 204)
  t.same(bodies(on.recorder), sent)
  t.equal(on.recorder.connections.total, 1)
})

t.test(
  'an idle connection that ends just as a delivery comes carries it once or not at all',
  async t => {
    const on = await stage(t)
    const { recorder } = on
    let taken = 0
    for (let i = 0; i < 40; i++) {
      on.clock.advance(250) // so that it may be asked again
      t.equal((await deliver(on, bodyOf()))?.status, 204)
      const body = bodyOf()
      const answer = deliver(on, body)
      for (let turn = 0; turn < i % 20; turn++) await new Promise(resolve => setImmediate(resolve))
      recorder.reset()
      const status = (await answer)?.status
      const came = bodies(recorder).filter(one => one === body).length
      if (status === 204) t.equal(came, 1, 'acknowledged, so it came, and once')
      else t.same([status, came <= 1], [502, true], 'perhaps taken, so it is not sent again')
      if (status === 204) taken++
    }
    t.ok(taken < 40, `${taken} of 40 taken`)
  },
)

const never: readonly (readonly [
  what: string,
  reaction: Reaction,
  wait: number,
  sender: number | undefined,
])[] = [
  ['no answer', {}, 10_200, 504],
  ['half a status line', { write: 'HTTP/1.1 20' }, 10_200, 504],
  ['half a head', { write: 'HTTP/1.1 200 OK\r\nX-A: b\r\n' }, 10_200, 504],
  ['interim answers alone', { write: head('102 Processing') }, 10_200, 504],
  ['half a body', { write: `${head('200 OK', 'Content-Length: 9')}abc` }, 30_200, undefined],
  [
    'half a chunk',
    { write: `${head('200 OK', 'Transfer-Encoding: chunked')}9\r\nabc` },
    30_200,
    undefined,
  ],
  ['a body without an end', { write: `${head('200 OK')}abc` }, 30_200, undefined],
]

for (const [what, reaction, wait, sender] of never) {
  t.test(`it ends at its deadline: ${what}`, async t => {
    const on = await stage(t, { recorder: { reaction } })
    const before = await on.hookwarden.metrics()
    const connection = await connect(on.port)
    const answer = connection.answerOrClose()
    let begun = false
    connection.socket.on('data', () => (begun = true))
    await connection.send(genuine('github', GITHUB, bodyOf()))
    await proceed(on, 1)
    if (sender === undefined) await on.until(() => begun)
    on.clock.advance(wait - 400)
    t.equal(await waiting(on), 1, 'not before')
    on.clock.advance(400)
    t.equal((await answer)?.status, sender)
    if (sender !== undefined) ours(t, await answer, what)
    t.same(Object.fromEntries(moved(before, await on.hookwarden.metrics(), COUNTED)), {
      'hookwarden_requests_total{provider="github",outcome="upstream_error"}': 1,
      'hookwarden_rejections_total{provider="github",reason="upstream_timeout",mode="enforce"}': 1,
      'hookwarden_upstream_requests_total{result="timeout"}': 1,
    })
    t.equal(on.recorder.requests.length, 1)
    await on.until(() => on.recorder.connections.open === 0)
    await circuit(on, 0)
  })
}
