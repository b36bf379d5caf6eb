import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { SECRETS, SIGNERS } from '../signers/signers.ts'
import { valuesOf } from '../support/message.ts'
import { moved } from '../support/metrics.ts'
import { type Connection, connect, exchange, type Pieces, post } from '../support/sender.ts'
import {
  COUNTED,
  ENV,
  GITHUB,
  GITLAB,
  genuine,
  PROVIDERS,
  SLACK,
  STRIPE,
  stage,
  wordOf,
} from './stage.ts'

const NOW = 1_700_000_000_000
const MINUTE = 60_000
const PLENTY = 'defaults: { limits: { per_address: 1000/1m } }'
const JSON_TYPE = ['Content-Type', 'application/json'] as const

/** @see "Validating webhook deliveries", "Testing the webhook payload validation", GitHub Docs */
const VECTOR = {
  secret: "It's a Secret to Everybody",
  body: Buffer.from('Hello, World!'),
  mac: Buffer.from('757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17', 'hex'),
}

function published(body: Uint8Array = VECTOR.body, mac: Uint8Array = VECTOR.mac): Pieces {
  const signature = `sha256=${Buffer.from(mac).toString('hex')}`
  const headers = [
    ['Content-Type', 'text/plain'],
    ['X-Hub-Signature-256', signature],
  ] as const
  return post({ target: GITHUB, body, headers })
}

/** The same bytes with one bit turned over, for each bit. */
function* flips(bytes: Uint8Array): Generator<Buffer> {
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Buffer.from(bytes)
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    yield flipped
  }
}

/** How many forgeries go by between two looks at /metrics: over one version of TLS each is looked at by itself. */
for (const [version, group] of [
  ['TLSv1.2', 60],
  ['TLSv1.3', 1],
] as const) {
  const options = { map: `${PLENTY}${PROVIDERS}`, env: { ...ENV, GITHUB: VECTOR.secret } }

  t.test(`over ${version} the published vector arrives, and none of its 360 flips`, async t => {
    const on = await stage(t, options)
    const connection = await connect(on.port, { minVersion: version, maxVersion: version })
    t.teardown(() => connection.destroy())
    t.equal(connection.socket.getProtocol(), version)
    const forgeries = [
      ...[...flips(VECTOR.body)].map(body => published(body)),
      ...[...flips(VECTOR.mac)].map(mac => published(VECTOR.body, mac)),
    ]
    t.equal(forgeries.length, 360)
    const wrong: unknown[] = []
    let before = await on.hookwarden.metrics()
    for (let from = 0; from < forgeries.length; from += group) {
      for (const forgery of forgeries.slice(from, from + group)) {
        const { status } = await ask(connection, forgery)
        if (status !== 401) wrong.push([from, status])
      }
      const after = await on.hookwarden.metrics()
      const moves = Object.fromEntries(moved(before, after, COUNTED))
      if (!isDeepStrictEqual(moves, refused(group))) wrong.push([from, moves])
      before = after
    }
    t.same(wrong, [])
    t.same(on.recorder.connections, { total: 0, open: 0 }, 'no forgery opened a connection')

    t.equal((await ask(connection, published())).status, 204)
    const [request] = await on.recorder.complete(1)
    t.equal(on.recorder.requests.length, 1)
    t.same(request?.body, VECTOR.body)
    t.same(request && valuesOf(request, 'content-length'), ['13'])
    t.same(request && valuesOf(request, 'content-type'), ['text/plain'])
    t.same(request && valuesOf(request, 'x-hookwarden-verified'), [
      'provider=github; secret=current',
    ])
  })
}

/** What moves when `count` forgeries are refused. */
function refused(count: number): Record<string, number> {
  return {
    'hookwarden_requests_total{provider="github",outcome="rejected"}': count,
    'hookwarden_rejections_total{provider="github",reason="signature_mismatch",mode="enforce"}':
      count,
  }
}

async function ask(connection: Connection, bytes: Pieces) {
  const answer = connection.readAnswer()
  await connection.send(bytes)
  return answer
}

const BODY = '{"a":1}'

/** One unproven delivery for each of the 401 reasons. */
const UNPROVEN: readonly (readonly [reason: string, provider: string, bytes: Pieces])[] = [
  ['signature_missing', 'github', post({ target: GITHUB, body: BODY, headers: [JSON_TYPE] })],
  ['signature_missing', 'gitlab', post({ target: GITLAB, body: BODY, headers: [JSON_TYPE] })],
  [
    'signature_malformed',
    'github',
    post({ target: GITHUB, body: BODY, headers: [JSON_TYPE, ['X-Hub-Signature-256', 'sha256=x']] }),
  ],
  ['signature_mismatch', 'github', genuine('github', GITHUB, BODY, { sent: '{"a":2}' })],
  [
    'timestamp_missing',
    'slack',
    post({
      target: SLACK,
      body: BODY,
      headers: [JSON_TYPE, ['X-Slack-Signature', `v0=${'0'.repeat(64)}`]],
    }),
  ],
  ['timestamp_stale', 'slack', genuine('slack', SLACK, BODY, { wall: NOW - 6 * MINUTE })],
  ['timestamp_future', 'stripe', genuine('stripe', STRIPE, BODY, { wall: NOW + 6 * MINUTE })],
  [
    'token_mismatch',
    'gitlab',
    post({ target: GITLAB, body: BODY, headers: [JSON_TYPE, ['X-Gitlab-Token', 'x'.repeat(33)]] }),
  ],
]

t.test('whatever an unproven delivery lacks, its sender is told the same', async t => {
  const on = await stage(t)
  const told = new Set<string>()
  for (const [reason, provider, bytes] of UNPROVEN) {
    const moves = await on.counted(async () => {
      const answer = await exchange(on.port, bytes)
      const id = (JSON.parse(answer?.text() ?? '{}') as { request_id?: string }).request_id ?? ''
      t.match(id, /^[0-9a-f]{16}-[0-9a-z]+$/)
      const all = `${answer?.head.toString('latin1')}${answer?.text()}`
      told.add(all.replaceAll(id, 'ID').replace(/^Date: .*$/m, 'Date: D'))
    })
    t.equal(
      moves[
        `hookwarden_rejections_total{provider="${provider}",reason="${reason}",mode="enforce"}`
      ],
      1,
      reason,
    )
  }
  t.equal(told.size, 1)
  t.notMatch([...told][0], /signature_|timestamp|token|sha256|expected/i)
  t.equal(on.recorder.connections.total, 0)
})

t.test('a repeated or joined signature header is refused, genuine or not', async t => {
  const on = await stage(t, { map: `${PLENTY}${PROVIDERS}` })
  const cases = [
    ['github', GITHUB, 'one'],
    ['stripe', STRIPE, 'list'], // what a comma joins is Stripe's own way to show two signatures
    ['slack', SLACK, 'one'],
    ['gitlab', GITLAB, 'one'],
  ] as const
  for (const [preset, target, holds] of cases) {
    const signed = SIGNERS[preset]?.(Buffer.from(BODY), SECRETS[preset] ?? '', NOW) ?? []
    for (const [name, value] of signed) {
      const rest = signed.filter(([other]) => other !== name)
      const doubtful: [string, string][][] = [
        [...signed, [name, value]],
        [...signed, [name.toLowerCase(), value]],
        [[name, value], [name, 'x'], ...rest],
        [[name, 'x'], [name, value], ...rest],
      ]
      const joined: [string, string][][] = [
        [[name, `${value}, ${value}`], ...rest],
        [[name, `${value},${value}`], ...rest],
        [[name, `${value} ${value}`], ...rest],
        [[name, `x, ${value}`], ...rest],
      ]
      for (const headers of holds === 'one' ? [...doubtful, ...joined] : doubtful) {
        const answer = await exchange(
          on.port,
          post({ target, body: BODY, headers: [JSON_TYPE, ...headers] }),
        )
        t.equal(answer?.status, 401, JSON.stringify(headers))
      }
    }
    t.equal((await exchange(on.port, genuine(preset, target, BODY)))?.status, 204)
  }
  t.equal(on.recorder.requests.length, cases.length)
})

for (const secret of [undefined, '', 'fifteen-bytes--']) {
  t.test(`a secret of ${secret?.length ?? 'no'} bytes closes its own provider alone`, async t => {
    const { GITHUB: _, ...others } = ENV
    const on = await stage(t, { env: secret === undefined ? others : { ...ENV, GITHUB: secret } })
    for (const bytes of [genuine('github', GITHUB, BODY), UNPROVEN[0]?.[2] ?? []]) {
      const answer = await exchange(on.port, bytes)
      t.equal(answer?.status, 503)
      t.equal(wordOf(answer), 'busy')
    }
    t.equal((await exchange(on.port, genuine('stripe', STRIPE, BODY)))?.status, 204)
    t.equal((await exchange(on.port, genuine('gitlab', GITLAB, BODY)))?.status, 204)
    const { body } = await on.hookwarden.admin('/readyz')
    t.match(JSON.parse(body), { providers: { github: 'secret_unavailable', stripe: 'ready' } })
    const metrics = await on.hookwarden.metrics()
    t.equal(metrics.get('hookwarden_provider_ready{provider="github"}'), 0)
    t.equal(metrics.get('hookwarden_provider_ready{provider="stripe"}'), 1)
    t.equal(on.recorder.requests.length, 2)
  })
}

const REPORT = 'defaults: { mode: report, limits: { body: 1KiB, per_address: 1000/1m } }'

t.test('report mode lets every 401 reason pass, counted and unproven', async t => {
  const on = await stage(t, { map: `${REPORT}${PROVIDERS}` })
  for (const [reason, provider, bytes] of UNPROVEN) {
    const moves = await on.counted(async () => {
      t.equal((await exchange(on.port, bytes))?.status, 204, reason)
    })
    t.same(moves, {
      [`hookwarden_requests_total{provider="${provider}",outcome="accepted"}`]: 1,
      [`hookwarden_rejections_total{provider="${provider}",reason="${reason}",mode="report"}`]: 1,
    })
    const last = on.recorder.requests.at(-1)
    t.same(last && valuesOf(last, 'x-hookwarden-verified'), [], 'it is not called verified')
  }
  t.equal(on.recorder.requests.length, UNPROVEN.length)

  const twice = UNPROVEN[3]?.[2] ?? []
  t.equal((await exchange(on.port, twice))?.status, 204, 'what is unproven is never a duplicate')
  t.equal((await exchange(on.port, genuine('github', GITHUB, BODY)))?.status, 204)
  const last = on.recorder.requests.at(-1)
  t.same(last && valuesOf(last, 'x-hookwarden-verified'), ['provider=github; secret=current'])
})

t.test('report mode enforces all else', async t => {
  const on = await stage(t, { map: `${REPORT}${PROVIDERS}` })
  const signed = genuine('github', GITHUB, 'a'.repeat(1025), { framing: 'chunked' })
  const cases: readonly (readonly [status: number, bytes: string | Pieces])[] = [
    [413, post({ target: GITHUB, body: 'a'.repeat(1025), headers: [JSON_TYPE] })],
    [413, signed],
    [415, post({ target: GITHUB, body: 'a', headers: [['Content-Type', 'multipart/form-data']] })],
    [415, genuine('github', GITHUB, BODY, { headers: [['Content-Encoding', 'br']] })],
    [405, `DELETE ${GITHUB} HTTP/1.1\r\nHost: a\r\n\r\n`],
    [404, post({ target: `${GITHUB}/sync`, body: BODY, headers: [JSON_TYPE] })],
    [400, `POST ${GITHUB} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`],
  ]
  for (const [status, bytes] of cases) {
    t.equal((await exchange(on.port, bytes))?.status, status)
  }
  t.equal(on.recorder.connections.total, 0)
})

t.test('a provider that is off lets nothing through, genuine or not', async t => {
  const on = await stage(t, { map: PROVIDERS.replace('github: {', 'github: { mode: off,') })
  for (const [, , bytes] of UNPROVEN.slice(0, 1)) {
    t.equal((await exchange(on.port, bytes))?.status, 503)
  }
  t.equal((await exchange(on.port, genuine('github', GITHUB, BODY)))?.status, 503)
  t.equal(on.recorder.connections.total, 0)
})

t.test('an alias of a flow URL leads nowhere', async t => {
  const on = await stage(t)
  const id = GITHUB.split('/').at(-1) ?? ''
  const aliases = [
    GITHUB.toUpperCase(),
    GITHUB.replace(id, id.toUpperCase()),
    GITHUB.replace(id, id.replaceAll('-', '')),
    GITHUB.replace(id, `%30${id.slice(1)}`),
    GITHUB.replace('/flows', '//flows'),
    `/${GITHUB}`,
    `${GITHUB}/`,
    `${GITHUB}/sync`,
    `${GITHUB};a`,
    `/webhooks/${id}`,
    `/./${GITHUB.slice(1)}`,
    `/x/..${GITHUB}`,
    `/${GITHUB.slice(1).replaceAll('/', '%2f')}`,
    `/${GITHUB.slice(1).replaceAll('/', '\\')}`,
  ]
  for (const alias of aliases) {
    t.equal((await exchange(on.port, genuine('github', alias, BODY)))?.status, 404, alias)
  }
  t.equal(on.recorder.connections.total, 0)
})
