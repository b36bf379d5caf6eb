import fc from 'fast-check'
import t, { type Test } from 'tap'
import { SECRETS, SIGNERS } from '../signers/signers.ts'
import { startAutomatisch } from '../support/automatisch.ts'
import { startHookwarden } from '../support/hookwarden.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { valuesOf } from '../support/message.ts'
import { type RecorderOptions, startRecorder } from '../support/recorder.ts'
import { type Answer, type Connection, connect, exchange, post } from '../support/sender.ts'
import { GITHUB, GITLAB, genuine, STRIPE, type Stage, stage, wordOf } from './stage.ts'

const NOW = new ManualClock().wall()
const OTHER = '9a1b2c3d-4e5f-4a6b-8c7d-0e1f2a3b4c5d'
const TOKENS = new Set(['gitlab', 'telegram'])
const NAMES = Object.keys(SIGNERS)
const ENV = Object.fromEntries(NAMES.map(name => [variable(name), SECRETS[name] ?? '']))
const ACME = `scheme: { alg: hmac-sha256, from: 'header:x-acme-signature', items: ['v1={sig}'],
      sign: '{header:x-acme-timestamp}.{body}',
      timestamp: { from: '{header:x-acme-timestamp}', unit: s, tolerance: 5m } }`

function variable(name: string): string {
  return name.toUpperCase().replaceAll('-', '_')
}

/** Every sender that there is a signer for, each with a path and a flow. */
function everySender(): string {
  const entries = NAMES.map((name, i) => {
    const flow = `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`
    const own = name === 'acme-erp' ? `\n    ${ACME}` : ''
    return `  ${name}:
    { secret: env:${variable(name)}, path: /in/${name}, to: flow:${flow}, replay: off${own && ','}${own} }`
  })
  return `providers:\n${entries.join('\n')}\n`
}

/** A body as it was signed, and what is sent in its place. */
interface Told {
  readonly signed: Uint8Array
  readonly sent: Uint8Array
  readonly secret: string
}

/** The nearest thing to genuine: one bit of the body, or of a token that covers none, is another. */
function forge(name: string, body: Uint8Array): Told {
  const secret = SECRETS[name] ?? ''
  if (TOKENS.has(name)) return { signed: body, sent: body, secret: `${secret.slice(0, -1)}~` }
  const sent = Uint8Array.from(body)
  sent[sent.length - 1] = (sent.at(-1) ?? 0) ^ 1
  return { signed: body, sent, secret }
}

const FRAMINGS = [
  { framing: 'length', cut: 'whole' },
  { framing: 'chunked', cut: 'whole' },
  { framing: 'length', cut: 'bytes' },
  { framing: 'chunked', cut: 'bytes' },
] as const

/** The answers to one delivery in every framing. A refusal at the head may end the connection: then there is a new one. */
async function everyFraming(port: number, name: string, told: Told): Promise<number[]> {
  const statuses: number[] = []
  let connection: Connection | undefined
  for (const framed of FRAMINGS) {
    const headers = SIGNERS[name]?.(told.signed, told.secret, NOW) ?? []
    const pieces = post({
      target: `/in/${name}`,
      headers: [['Content-Type', 'text/plain'], ...headers],
      body: told.sent,
      ...framed,
    })
    connection ??= await connect(port)
    const reading = connection.readAnswer()
    await connection.send(pieces)
    const { status, headers: answered } = await reading
    statuses.push(status)
    if (answered.includes('close')) {
      connection.destroy()
      connection = undefined
    }
  }
  connection?.destroy()
  return statuses
}

t.test('a verdict depends on the bytes and never on how they are cut', async t => {
  const { port, recorder } = await stage(t, { map: everySender(), env: ENV })
  for (const name of NAMES) {
    const bodies = fc.uint8Array({ minLength: 1, maxLength: 48 })
    await fc.assert(
      fc.asyncProperty(bodies, async body => {
        const before = recorder.requests.length
        const secret = SECRETS[name] ?? ''
        const told = { signed: body, sent: body, secret }
        const genuinely = await everyFraming(port, name, told)
        const came = recorder.requests.slice(before)
        const forged = await everyFraming(port, name, forge(name, body))
        t.same(genuinely, [204, 204, 204, 204], name)
        t.same(forged, [401, 401, 401, 401], name)
        t.equal(recorder.requests.length, before + FRAMINGS.length, 'no forgery goes upstream')
        for (const request of came) {
          t.ok(request.body.equals(body), 'the bytes arrive as they were sent')
          t.same(valuesOf(request, 'x-hookwarden-verified'), [`provider=${name}; secret=current`])
          t.same(valuesOf(request, 'content-length'), [String(body.length)])
          t.same(valuesOf(request, 'transfer-encoding'), [])
        }
      }),
      { numRuns: 5 },
    )
  }
  t.same(recorder.faults, [])
})

t.test('what is delivered twice is told apart from what merely looks alike', async t => {
  const automatisch = await startAutomatisch()
  const hookwarden = await startHookwarden({
    map: `providers:
  github: { secret: env:GITHUB, flows: [${GITHUB.slice(-36)}, ${OTHER}] }
  gitlab: { secret: env:GITLAB, path: ${GITLAB}, to: flow:3f8a6a50-0b9c-4a2d-8e0f-6c2c5f4e9b33 }`,
    env: ENV,
    upstream: automatisch.port,
    clock: new ManualClock(),
  })
  t.teardown(async () => {
    await hookwarden.close()
    await automatisch.close()
  })
  const send = (bytes: ReturnType<typeof post>) => exchange(hookwarden.port, bytes)
  const urls = () => automatisch.deliveries.map(({ url }) => url.slice(-36))

  t.test('two deliveries under one token are two', async t => {
    t.equal((await send(genuine('gitlab', GITLAB, '{"push":1}')))?.status, 204)
    t.equal((await send(genuine('gitlab', GITLAB, '{"push":2}')))?.status, 204)
    t.equal((await send(genuine('gitlab', GITLAB, '{"push":2}')))?.status, 204)
    t.equal(automatisch.deliveries.length, 3)
  })

  t.test('one body for two flows is two deliveries', async t => {
    const before = automatisch.deliveries.length
    const other = genuine('github', `/webhooks/flows/${OTHER}`, '{"a":1}')
    t.equal((await send(genuine('github', GITHUB, '{"a":1}')))?.status, 204)
    t.equal((await send(other))?.status, 204)
    t.same(urls().slice(before), [GITHUB.slice(-36), OTHER])
  })

  t.test('the same delivery again is forwarded once and answered 2xx twice', async t => {
    const before = automatisch.deliveries.length
    const first = await send(genuine('github', GITHUB, '{"twice":1}'))
    const headers = [
      ['X-GitHub-Delivery', 'another-id'],
      ['X-Request-Id', 'another'],
    ] as const
    const again = await send(genuine('github', GITHUB, '{"twice":1}', { headers }))
    t.equal(first?.status, 204)
    t.equal(again?.status, 200, 'what no signature covers does not make it another')
    t.equal(wordOf(again), 'duplicate')
    t.equal(automatisch.deliveries.length, before + 1)
    const metrics = await hookwarden.metrics()
    const outcome = (name: string) =>
      metrics.get(`hookwarden_requests_total{provider="github",outcome="${name}"}`)
    t.equal(outcome('accepted'), 3)
    t.equal(outcome('duplicate'), 1)
  })
})

t.test('a second secret is tried until its end', async t => {
  const { port, clock, recorder, hookwarden } = await stage(t, {
    map: `providers:
  github:
    secrets: [env:NEW, { secret: env:OLD, until: '2023-11-15T12:00:00Z' }]
    flows: [${GITHUB.slice(-36)}]`,
    env: { NEW: SECRETS.github ?? '', OLD: SECRETS.gitlab ?? '' },
  })
  const end = Date.parse('2023-11-15T12:00:00Z')
  const signed = async (secret: string | undefined, body: string) => {
    const headers = SIGNERS.github?.(Buffer.from(body), secret ?? '', NOW) ?? []
    const json = ['Content-Type', 'application/json'] as const
    return (await exchange(port, post({ target: GITHUB, headers: [json, ...headers], body })))
      ?.status
  }
  t.equal(await signed(SECRETS.github, '1'), 204)
  t.equal(await signed(SECRETS.gitlab, '2'), 204)
  clock.setWall(end - 1)
  t.equal(await signed(SECRETS.gitlab, '3'), 204, 'to its last instant')
  clock.setWall(end + 1)
  t.equal(await signed(SECRETS.gitlab, '4'), 401, 'and no longer')
  t.equal(await signed(SECRETS.github, '5'), 204, 'the current one stays')
  t.same(
    recorder.requests.map(request => valuesOf(request, 'x-hookwarden-verified')[0]?.slice(17)),
    ['secret=current', 'secret=previous', 'secret=previous', 'secret=current'],
  )
  const metrics = await hookwarden.metrics()
  t.equal(metrics.get('hookwarden_verified_total{provider="github",secret="previous"}'), 2)
})

/** What the upstream does to a first delivery, and whether its repetition is forwarded. */
interface Ending {
  readonly what: string
  readonly reaction: RecorderOptions['reaction']
  /** What the sender is told; undefined when its connection is cut. */
  readonly first: number | undefined
  readonly retry: 'forwarded' | 'duplicate'
}

const answer = (line: string) => ({ write: `HTTP/1.1 ${line}\r\nContent-Length: 0\r\n\r\n` })
const CUT_ANSWER = {
  write: 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc',
  after: 'reset',
} as const
const kept: readonly Ending[] = [
  { what: '204', reaction: undefined, first: 204, retry: 'duplicate' },
  {
    what: '200 with a body',
    reaction: { write: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok' },
    first: 200,
    retry: 'duplicate',
  },
  { what: 'a 200 that is cut off', reaction: CUT_ANSWER, first: undefined, retry: 'duplicate' },
]
const released: readonly Ending[] = [
  { what: '500', reaction: answer('500 Internal Server Error'), first: 500, retry: 'forwarded' },
  { what: '404', reaction: answer('404 Not Found'), first: 404, retry: 'forwarded' },
  { what: '302', reaction: answer('302 Found'), first: 302, retry: 'forwarded' },
  {
    what: 'a reset before any answer',
    reaction: { after: 'reset' },
    first: 502,
    retry: 'forwarded',
  },
  { what: 'an end before any answer', reaction: { after: 'end' }, first: 502, retry: 'forwarded' },
  {
    what: 'nonsense',
    reaction: { write: 'nonsense\r\n\r\n', after: 'end' },
    first: 502,
    retry: 'forwarded',
  },
]

async function endingHolds(t: Test, on: Stage, { what, reaction, first, retry }: Ending) {
  const { port, recorder } = on
  const bytes = genuine('stripe', STRIPE, `{"ending":"${what}"}`)
  recorder.react(reaction)
  const before = recorder.requests.length
  t.equal((await exchange(port, bytes))?.status, first, `${what}: the sender is told`)
  t.equal(recorder.requests.length, before + 1, `${what}: it was sent once, never again`)
  recorder.react(undefined)
  const again = await exchange(port, bytes)
  t.equal(again?.status, retry === 'forwarded' ? 204 : 200, `${what}: the retry is ${retry}`)
  t.equal(recorder.requests.length, before + (retry === 'forwarded' ? 2 : 1), what)
}

t.test('a repetition is forwarded unless the upstream took the first', async t => {
  const on = await stage(t)
  for (const ending of [...kept, ...released]) await endingHolds(t, on, ending)

  t.test('an answer that never begins is released', async t => {
    on.recorder.hold()
    const bytes = genuine('stripe', STRIPE, '{"ending":"none"}')
    const before = on.recorder.requests.length
    const first = exchange(on.port, bytes)
    await on.recorder.complete(before + 1)
    on.clock.advance(11_000)
    t.equal((await first)?.status, 504)
    on.recorder.releaseAll()
    t.equal((await exchange(on.port, bytes))?.status, 204)
  })

  t.test('an upstream that is away is released', async t => {
    const { port } = on.recorder
    await on.recorder.close()
    const bytes = genuine('stripe', STRIPE, '{"ending":"away"}')
    const first = exchange(on.port, bytes)
    const circuit = async () => (await on.hookwarden.metrics()).get('hookwarden_circuit_state')
    await on.until(async () => (await circuit()) === 2)
    on.clock.advance(4_000)
    t.equal((await first)?.status, 503, 'it waited as long as it may')
    const back = await startRecorder({ port })
    t.teardown(() => back.close())
    on.clock.advance(250)
    await on.until(async () => (await circuit()) === 0)
    t.equal((await exchange(on.port, bytes))?.status, 204)
    t.equal(back.requests.length, 1)
  })
})

t.test('a sync flow answers its sender itself, each time', async t => {
  const { port, recorder } = await stage(t, {
    env: ENV,
    map: `providers:
  github: { secret: env:GITHUB, path: /in/each, to: flow:${OTHER}, sync: true }
  github-once:
    { preset: github, secret: env:GITHUB, path: /in/once, to: flow:${GITHUB.slice(-36)}, sync: true, replay: 10m }`,
  })
  const own = {
    write: 'HTTP/1.1 422 Unprocessable\r\nX-Flow: yes\r\nContent-Length: 4\r\n\r\nno!\n',
  }
  recorder.react(own)
  for (const time of ['first', 'second']) {
    const answer = await exchange(port, genuine('github', '/in/each', '{"sync":1}'))
    t.equal(answer?.status, 422, time)
    t.equal(answer?.header('x-flow'), 'yes')
    t.equal(answer?.text(), 'no!\n')
  }
  t.same(
    recorder.requests.map(request => request.target),
    [`/webhooks/flows/${OTHER}/sync`, `/webhooks/flows/${OTHER}/sync`],
  )
  const once = genuine('github', '/in/once', '{"sync":1}')
  t.equal((await exchange(port, once))?.status, 422)
  t.equal((await exchange(port, once))?.status, 200, 'its flow chose the 422: it took the delivery')
  recorder.react(answer('500 Internal Server Error'))
  const failed = genuine('github', '/in/once', '{"sync":2}')
  t.equal((await exchange(port, failed))?.status, 500)
  t.equal((await exchange(port, failed))?.status, 500, 'a failure is not kept')
})

t.test('a sender that leaves while its proven delivery waits does not take it along', async t => {
  const left = async (on: Stage, body: string, waits: () => boolean): Promise<void> => {
    const sender = await connect(on.port)
    await sender.send(genuine('github', GITHUB, body))
    await on.until(waits)
    sender.destroy()
    await on.until(async () => (await on.hookwarden.metrics()).get('hookwarden_connections') === 1)
  }

  const accepted = (on: Stage, count: number): Promise<void> => {
    const series = 'hookwarden_requests_total{provider="github",outcome="accepted"}'
    return on.until(async () => (await on.hookwarden.metrics()).get(series) === count)
  }

  t.test('for room at Automatisch', async t => {
    const on = await stage(t, {
      map: `providers: { github: { secret: env:GITHUB, flows: [${GITHUB.slice(-36)}], limits: { concurrency: 1 } } }`,
      recorder: { hold: true },
    })
    const first = exchange(on.port, genuine('github', GITHUB, '{"n":1}'))
    await on.recorder.complete(1)
    const { waiting } = on.clock
    await left(on, '{"n":2}', () => on.clock.waiting > waiting)
    on.recorder.release(1)
    t.equal((await first)?.status, 204)
    const requests = await on.recorder.complete(2)
    t.equal(requests[1]?.body.toString(), '{"n":2}')
    on.recorder.releaseAll()
    await accepted(on, 2)
    on.clock.advance(100) // log lines wait for company
    t.match(on.hookwarden.lines[1], { outcome: 'accepted', status: 0 })
    t.equal((await exchange(on.port, genuine('github', GITHUB, '{"n":2}')))?.status, 200)
    t.equal(on.recorder.requests.length, 2, 'the claim was kept')
  })

  t.test('for its rate', async t => {
    const on = await stage(t, {
      map: `providers: { github: { secret: env:GITHUB, flows: [${GITHUB.slice(-36)}], limits: { per_provider: 1/1s } } }`,
    })
    const stays = await connect(on.port)
    await stays.send(genuine('github', GITHUB, '{"n":1}'))
    t.equal((await stays.readAnswer()).status, 204)
    const { waiting } = on.clock
    await left(on, '{"n":2}', () => on.clock.waiting > waiting)
    t.equal(on.recorder.requests.length, 1)
    on.clock.advance(1000)
    await on.recorder.complete(2)
    await accepted(on, 2)
    await stays.send(genuine('github', GITHUB, '{"n":2}'))
    t.equal((await stays.readAnswer()).status, 200)
    stays.destroy()
  })
})

const HONOUR = `scheme: { none: 'a bell that cannot sign what it sends' }`
const bell = (n: number) =>
  post({ target: '/in/bell', headers: [['Content-Type', 'text/plain']], body: `ring ${n}` })
const statusOf = async (asked: Promise<Answer | undefined>) => (await asked)?.status

t.test('what nobody proved is marked as nothing, and never waits', async t => {
  const bellAt = (more = '') => `
  bell: { ${HONOUR}, path: /in/bell, to: flow:${OTHER}${more} }`

  t.test('it takes a quarter of the rate, and leaves the rest to the proven', async t => {
    const { port, recorder, clock } = await stage(t, {
      env: ENV,
      map: `limits: { verified: 8/1s }
providers:
  github: { secret: env:GITHUB, flows: [${GITHUB.slice(-36)}] }${bellAt()}`,
    })
    for (let n = 0; n < 2; n++) t.equal(await statusOf(exchange(port, bell(n))), 204)
    const { waiting } = clock
    const refused = await exchange(port, bell(2))
    t.equal(refused?.status, 503)
    t.equal(wordOf(refused), 'busy')
    t.equal(clock.waiting, waiting, 'nothing of it waits')
    for (let n = 0; n < 6; n++) {
      t.equal(await statusOf(exchange(port, genuine('github', GITHUB, `{"n":${n}}`))), 204)
    }
    const [first] = recorder.requests
    t.same(first && valuesOf(first, 'x-hookwarden-verified'), [])
    t.equal(recorder.requests.length, 8)
  })

  t.test('it is refused where there is no room', async t => {
    const { port, recorder } = await stage(t, {
      map: `providers:${bellAt(', limits: { concurrency: 1 }')}`,
      recorder: { hold: true },
    })
    const first = exchange(port, bell(0))
    await recorder.complete(1)
    t.equal(await statusOf(exchange(port, bell(1))), 503)
    recorder.releaseAll()
    t.equal(await statusOf(first), 204)
  })

  t.test('its address is limited, and nothing is given back', async t => {
    const { port, recorder } = await stage(t, {
      map: `providers:${bellAt(', limits: { per_address: 2/1m }')}`,
    })
    t.equal(await statusOf(exchange(port, bell(0))), 204)
    t.equal(await statusOf(exchange(port, bell(1))), 204)
    t.equal(await statusOf(exchange(port, bell(2))), 429)
    t.equal(recorder.requests.length, 2)
  })

  t.test('it is never a repetition, and spends no rate of its provider', async t => {
    const { port, recorder } = await stage(t, {
      map: `providers:${bellAt(', limits: { per_provider: 1/1h }')}`,
    })
    for (let n = 0; n < 3; n++) t.equal(await statusOf(exchange(port, bell(7))), 204)
    t.equal(recorder.requests.length, 3)
  })

  t.test('a forgery that report mode lets through is as unproven', async t => {
    const { port, recorder, hookwarden } = await stage(t, {
      map: `providers: { github: { secret: env:GITHUB, flows: [${GITHUB.slice(-36)}], mode: report } }`,
    })
    const forged = genuine('github', GITHUB, '{"a":1}', { sent: '{"a":2}' })
    const spoofed = genuine('github', GITHUB, '{"b":1}', {
      sent: '{"b":2}',
      headers: [['X-Hookwarden-Verified', 'provider=github; secret=current']],
    })
    for (const bytes of [forged, forged, spoofed]) {
      t.equal(await statusOf(exchange(port, bytes)), 204)
    }
    for (const request of recorder.requests) {
      t.same(valuesOf(request, 'x-hookwarden-verified'), [])
    }
    t.equal(recorder.requests.length, 3, 'and never a repetition')
    t.equal(await statusOf(exchange(port, genuine('github', GITHUB, '{"c":1}'))), 204)
    t.same(recorder.requests[3] && valuesOf(recorder.requests[3], 'x-hookwarden-verified'), [
      'provider=github; secret=current',
    ])
    const metrics = await hookwarden.metrics()
    const counted = (mode: string) =>
      metrics.get(
        `hookwarden_rejections_total{provider="github",reason="signature_mismatch",mode="${mode}"}`,
      )
    t.equal(counted('report'), 3)
    t.equal(counted('enforce') ?? 0, 0)
  })
})
