import assert from 'node:assert/strict'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { REASONS } from '../../src/reasons.ts'
import { certify } from '../support/authority.ts'
import { ToldFlows } from '../support/flow-source.ts'
import { type Answer, connect, exchange, post } from '../support/sender.ts'
import {
  ENV,
  GITHUB,
  GITLAB,
  genuine,
  PROVIDERS,
  SLACK,
  STRIPE,
  type Stage,
  type StageOptions,
  stage,
  wordOf,
} from './stage.ts'

interface Case extends StageOptions {
  readonly reason: string
  readonly status: number
  readonly word: string
  /** Whose series moves; `none` for what led nowhere. */
  readonly provider?: string
  /** How it ended, where the delivery itself was fine. */
  readonly outcome?: 'upstream_error'
  /** How many requests the upstream saw: none, unless the reason comes after forwarding. */
  readonly reaches?: 1
  /** What has to happen before; what it gives back undoes it. */
  readonly before?: (on: Stage) => Promise<() => Promise<unknown>>
  /** The one request that is refused. */
  readonly act: (on: Stage) => Promise<Answer | undefined>
}

const BODY = '{"a":1}'
const MINUTE = 60_000
const NOW = 1_700_000_000_000
const JSON_TYPE = ['Content-Type', 'application/json'] as const

const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:hooks'
/** Its certificate is nowhere to be had. */
const MESSAGE = {
  TopicArn: TOPIC,
  SigningCertURL: 'https://sns.eu-central-1.amazonaws.com/a.pem',
}

const limited = (limits: string) => `defaults: { limits: { ${limits} } }${PROVIDERS}`
const forged = () => genuine('github', GITHUB, BODY, { sent: '{"a":2}' })
const other = () => genuine('github', GITHUB, '{"b":1}')
const send = (bytes: string | readonly Uint8Array[]) => (on: Stage) => exchange(on.port, bytes)
const first = (bytes: readonly Uint8Array[]) => async (on: Stage) => {
  await exchange(on.port, bytes)
  return async () => {}
}
const raw = (headers: string) => send(`POST ${GITHUB} HTTP/1.1\r\n${headers}\r\n\r\n`)

/** Sends a delivery that the upstream holds; afterwards lets it go, and is sure that it was answered. */
async function holdOne(on: Stage): Promise<() => Promise<unknown>> {
  on.recorder.hold()
  const answer = exchange(on.port, genuine('github', GITHUB, BODY))
  await on.recorder.complete(1)
  return async () => {
    on.recorder.releaseAll()
    assert.equal((await answer)?.status, 204)
  }
}

/** Sends a delivery, and moves the clock once it waits for its turn or for the upstream. */
async function waitFor(on: Stage, by: number): Promise<Answer | undefined> {
  const requests = on.recorder.requests.length
  const timers = on.clock.waiting
  const answer = exchange(on.port, other())
  await on.until(() => on.clock.waiting > timers || on.recorder.requests.length > requests)
  on.clock.advance(by)
  return answer
}

/** Sends a delivery to a flow that nobody knows, and moves the clock until it is looked for. */
async function seekWhileAway(on: Stage): Promise<Answer | undefined> {
  const answer = exchange(on.port, genuine('github', GITHUB, BODY))
  await on.until(
    async () => (await on.hookwarden.metrics()).get('hookwarden_in_flight_requests') === 1,
  )
  on.clock.advance(1000)
  return answer
}

/** Sends half of a body, and moves the clock once Hookwarden holds it. */
async function halfABody(on: Stage): Promise<Answer | undefined> {
  const connection = await connect(on.port)
  const answer = connection.answerOrClose()
  const [bytes = new Uint8Array()] = genuine('github', GITHUB, BODY)
  await connection.write(bytes.subarray(0, -3))
  await on.until(async () => (await on.hookwarden.metrics()).get('hookwarden_buffered_bytes') === 4)
  on.clock.advance(11_000)
  return answer
}

/** A head that began before the drain and is whole only when new work is not taken any more. */
async function headAfterSettling(on: Stage): Promise<Answer | undefined> {
  const connection = await connect(on.port)
  const answer = connection.answerOrClose()
  const [bytes = new Uint8Array()] = other()
  await connection.write(bytes.subarray(0, 20))
  void on.hookwarden.service.drain()
  on.clock.advance(6_000)
  await on.until(() => refusesConnections(on.port))
  await connection.write(bytes.subarray(20))
  return answer
}

/** Whether nobody listens there any more. */
async function refusesConnections(port: number): Promise<boolean> {
  try {
    const connection = await connect(port)
    connection.destroy()
    return false
  } catch {
    return true
  }
}

const UNPROVEN = { status: 401, word: 'signature' } as const
const BUSY = { status: 503, word: 'busy' } as const

const AUTHORITY = join(
  t.testdir({ 'ca.pem': (await certify({ name: 'CA', authority: true })).cert }),
  'ca.pem',
)

const CASES: readonly Case[] = [
  {
    reason: 'malformed_http',
    status: 400,
    word: 'malformed',
    provider: 'none',
    act: raw('Host: a\r\nContent-Length: 3\r\nContent-Length: 3'),
  },
  {
    reason: 'header_too_large',
    status: 431,
    word: 'headers',
    provider: 'none',
    act: raw(`Host: a\r\nX-A: ${'a'.repeat(20_000)}`),
  },
  {
    reason: 'expectation',
    status: 417,
    word: 'expectation',
    provider: 'none',
    act: raw('Host: a\r\nExpect: the-unexpected'),
  },
  { reason: 'deadline', status: 408, word: 'deadline', act: halfABody },
  {
    reason: 'host',
    status: 421,
    word: 'host',
    provider: 'none',
    map: `hosts: [hooks.example.com]${PROVIDERS}`,
    act: send(genuine('github', GITHUB, BODY)),
  },
  {
    reason: 'no_route',
    status: 404,
    word: 'not_found',
    provider: 'none',
    act: send(genuine('github', `${GITHUB}/`, BODY)),
  },
  {
    reason: 'discovery_pending',
    status: 503,
    word: 'busy',
    provider: 'none',
    flows: new ToldFlows(undefined),
    map: "discovery: { database: 'plain:x' }\nproviders: { github: { secret: env:GITHUB, flows: discovered } }",
    act: seekWhileAway,
  },
  {
    reason: 'address_not_allowed',
    status: 403,
    word: 'address',
    map: PROVIDERS.replace('github: {', 'github: { allow_ips: [203.0.113.0/24],'),
    act: send(genuine('github', GITHUB, BODY)),
  },
  {
    reason: 'client_certificate',
    status: 403,
    word: 'certificate',
    map: PROVIDERS.replace(
      'github: {',
      `github: { client_certificate: { ca: ${AUTHORITY}, subject: client.example },`,
    ),
    act: send(genuine('github', GITHUB, BODY)),
  },
  {
    reason: 'method',
    status: 405,
    word: 'method',
    act: send(`GET ${GITHUB} HTTP/1.1\r\nHost: a\r\n\r\n`),
  },
  {
    reason: 'switched_off',
    ...BUSY,
    map: PROVIDERS.replace('github: {', 'github: { mode: off,'),
    act: send(genuine('github', GITHUB, BODY)),
  },
  {
    reason: 'secret_unavailable',
    ...BUSY,
    env: { ...ENV, GITHUB: '' },
    act: send(genuine('github', GITHUB, BODY)),
  },
  { reason: 'draining', ...BUSY, before: holdOne, act: headAfterSettling },
  {
    reason: 'rate_address',
    status: 429,
    word: 'rate',
    map: limited('per_address: 1/1m'),
    before: first(forged()),
    act: send(forged()),
  },
  {
    reason: 'overloaded',
    ...BUSY,
    map: limited('per_address: 1/1m'),
    slow: () => true,
    before: first(forged()),
    act: send(genuine('github', GITHUB, BODY)),
  },
  {
    reason: 'content_type',
    status: 415,
    word: 'content_type',
    act: send(post({ target: GITHUB, body: BODY, headers: [['Content-Type', 'text/xml']] })),
  },
  {
    reason: 'content_encoding',
    status: 415,
    word: 'content_encoding',
    act: send(genuine('github', GITHUB, BODY, { headers: [['Content-Encoding', 'gzip']] })),
  },
  {
    reason: 'body_too_large',
    status: 413,
    word: 'size',
    map: limited('body: 1KiB'),
    act: send(genuine('github', GITHUB, 'a'.repeat(1025), { framing: 'chunked' })),
  },
  {
    reason: 'body_too_large_inflated',
    status: 413,
    word: 'size',
    map: PROVIDERS.replace('github: {', 'github: { content_encodings: [gzip], '),
    act: send(
      genuine('github', GITHUB, gzipSync(Buffer.alloc(1024 ** 2 + 1)), {
        headers: [['Content-Encoding', 'gzip']],
      }),
    ),
  },
  {
    reason: 'memory',
    ...BUSY,
    map: `limits: { buffered: 8KiB }\n${limited('body: 1KiB')}`, // an eighth for one address
    before: holdOne,
    act: send(genuine('github', GITHUB, 'a'.repeat(1020))),
  },
  {
    reason: 'signature_missing',
    ...UNPROVEN,
    act: send(post({ target: GITHUB, body: BODY, headers: [JSON_TYPE] })),
  },
  {
    reason: 'signature_malformed',
    ...UNPROVEN,
    act: send(
      post({
        target: GITHUB,
        body: BODY,
        headers: [JSON_TYPE, ['X-Hub-Signature-256', 'sha256=757107']],
      }),
    ),
  },
  {
    reason: 'timestamp_missing',
    ...UNPROVEN,
    provider: 'slack',
    act: send(
      post({
        target: SLACK,
        body: BODY,
        headers: [JSON_TYPE, ['X-Slack-Signature', `v0=${'0'.repeat(64)}`]],
      }),
    ),
  },
  {
    reason: 'timestamp_stale',
    ...UNPROVEN,
    provider: 'stripe',
    act: send(genuine('stripe', STRIPE, BODY, { wall: NOW - 6 * MINUTE })),
  },
  {
    reason: 'timestamp_future',
    ...UNPROVEN,
    provider: 'stripe',
    act: send(genuine('stripe', STRIPE, BODY, { wall: NOW + 6 * MINUTE })),
  },
  {
    reason: 'token_mismatch',
    ...UNPROVEN,
    provider: 'gitlab',
    act: send(
      post({
        target: GITLAB,
        body: BODY,
        headers: [JSON_TYPE, ['X-Gitlab-Token', 'gitlab-token-of-32-characters-001']],
      }),
    ),
  },
  { reason: 'signature_mismatch', ...UNPROVEN, act: send(forged()) },
  {
    reason: 'sender_unavailable',
    ...BUSY,
    map: PROVIDERS.replace(
      'github: { secret: env:GITHUB,',
      `github: { preset: aws-sns, cert_url: fetch, topic_arn: '${TOPIC}',`,
    ),
    act: send(post({ target: GITHUB, body: JSON.stringify(MESSAGE), headers: [JSON_TYPE] })),
  },
  {
    reason: 'malformed_body',
    status: 400,
    word: 'malformed',
    map: PROVIDERS.replace(
      'github: {',
      "github: { mode: report, scheme: { alg: token, from: 'json:secret' },",
    ),
    act: send(post({ target: GITHUB, body: '{"secret":', headers: [JSON_TYPE] })),
  },
  {
    reason: 'in_flight',
    ...BUSY,
    before: holdOne,
    act: send(genuine('github', GITHUB, BODY)),
  },
  {
    reason: 'store_unavailable', // nobody listens there
    ...BUSY,
    map: `store: redis://127.0.0.1:1\non_store_error: closed${PROVIDERS}`,
    act: send(genuine('github', GITHUB, BODY)),
  },
  {
    reason: 'rate_provider',
    status: 429,
    word: 'rate',
    map: limited('per_provider: 1/1h'),
    before: first(genuine('github', GITHUB, BODY)),
    act: send(other()),
  },
  {
    reason: 'rate_global',
    ...BUSY,
    map: `limits: { verified: 1/1h }${PROVIDERS}`,
    before: first(genuine('github', GITHUB, BODY)),
    act: send(other()),
  },
  {
    reason: 'concurrency',
    ...BUSY,
    map: limited('concurrency: 1'),
    before: holdOne,
    act: on => waitFor(on, 5_000),
  },
  {
    reason: 'upstream_error',
    status: 502,
    word: 'upstream',
    outcome: 'upstream_error',
    reaches: 1,
    recorder: { reaction: { after: 'reset' } },
    act: send(genuine('github', GITHUB, BODY)),
  },
  {
    reason: 'circuit_open', // nobody listens there, and it is proven: it waits for as long as it may
    ...BUSY,
    outcome: 'upstream_error',
    before: on => on.recorder.close().then(() => async () => {}),
    act: on => waitFor(on, 4_000),
  },
  {
    reason: 'upstream_error', // nobody listens there, and it is not proven
    status: 502,
    word: 'upstream',
    provider: 'form',
    outcome: 'upstream_error',
    map: `${PROVIDERS}  form: { scheme: { none: a plain form }, path: /in/form, to: flow:9a3f8c52-7d1e-4b60-8c2f-5e4d3c2b1a09 }`,
    before: on => on.recorder.close().then(() => async () => {}),
    act: send(post({ target: '/in/form', body: BODY, headers: [JSON_TYPE] })),
  },
  {
    reason: 'upstream_timeout',
    status: 504,
    word: 'upstream',
    outcome: 'upstream_error',
    reaches: 1,
    recorder: { hold: true },
    act: on => waitFor(on, 11_000),
  },
]

for (const one of CASES) {
  const { reason, status, word, provider = 'github', outcome = 'rejected', reaches = 0 } = one
  t.test(`${reason} is answered ${status} and counted once`, async t => {
    const on = await stage(t, one)
    const undo = await one.before?.(on)
    const reached = on.recorder.requests.length
    let answer: Answer | undefined
    const moves = await on.counted(async () => {
      answer = await one.act(on)
    })
    t.equal(answer?.status, status)
    t.equal(wordOf(answer), word)
    t.match(answer?.header('content-type'), 'application/json')
    t.equal(answer?.header('allow'), status === 405 ? 'POST' : undefined)
    if (status === 503 || status === 429) t.match(answer?.header('retry-after'), /^[1-9]\d*$/)
    t.same(moves, {
      [`hookwarden_requests_total{provider="${provider}",outcome="${outcome}"}`]: 1,
      [`hookwarden_rejections_total{provider="${provider}",reason="${reason}",mode="enforce"}`]: 1,
    })
    t.equal(on.recorder.requests.length - reached, reaches)
    t.same(on.recorder.faults, [])
    await undo?.()
  })
}

t.test('every reason there is has a case above', async t => {
  t.same([...new Set(CASES.map(one => one.reason))].sort(), Object.keys(REASONS).sort())
})
