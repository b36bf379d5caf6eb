import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import t from 'tap'
import { SECRETS, SIGNERS } from '../signers/signers.ts'
import type { Series } from '../support/metrics.ts'
import { connect, exchange, type Pieces, post, request } from '../support/sender.ts'
import { type Stage, stage } from './stage.ts'

const NAMES = Object.keys(SIGNERS).filter(name => name !== 'acme-erp')
const ENV = Object.fromEntries(NAMES.map((name, i) => [`SECRET_${i}`, SECRETS[name] ?? '']))
const NOW = 1_700_000_000_000
/** Stands in everything a sender writes that nobody may read again: bodies, queries, paths, headers. */
const MARK = 'h1dd3n'

const flowOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`

/** Twenty providers: each preset twice, one of them only reporting, and two that prove nothing or are off. */
function twenty(): string {
  const presets = NAMES.flatMap((preset, i) => [
    `  ${preset}: { secret: env:SECRET_${i}, path: /in/${preset}, to: flow:${flowOf(i)} }`,
    `  ${preset}-too: { preset: ${preset}, secret: env:SECRET_${i}, path: /too/${preset}, to: flow:${flowOf(20 + i)}, mode: report }`,
  ])
  return `limits: { verified: 100000/1s }
providers:
${presets.join('\n')}
  bell: { scheme: { none: 'a bell that cannot sign what it sends' }, path: /in/bell, to: flow:${flowOf(50)} }
  shut: { preset: github, secret: env:SECRET_0, path: /in/shut, to: flow:${flowOf(51)}, mode: off }
`
}

/** Every request so far, by the count of outcomes. */
function counted(metrics: Series): number {
  let sum = 0
  for (const [series, value] of metrics) {
    if (series.startsWith('hookwarden_requests_total{')) sum += value
  }
  return sum
}

/** Counts what is sent, and remembers what must never be shown. */
class Ledger {
  readonly hidden = new Set<string>([...Object.values(SECRETS), MARK])
  readonly #on: Stage
  sent = 0

  constructor(on: Stage) {
    this.#on = on
  }

  async send(bytes: Pieces): Promise<number | undefined> {
    this.sent++
    return (await exchange(this.#on.port, bytes))?.status
  }

  signed(name: string, n: number, sent?: string, target = `/in/${name}`): Pieces {
    const body = `{"${MARK}":${n}}`
    const headers = SIGNERS[name]?.(Buffer.from(body), SECRETS[name] ?? '', NOW) ?? []
    for (const [, value] of headers) if (value.length > 15) this.hidden.add(value)
    return post({
      target: `${target}?q=${MARK}`,
      headers: [['Content-Type', 'application/json'], ['X-Own', MARK], ...headers],
      body: sent ?? body,
    })
  }

  /** Resolves when as many were counted; then there are no more. */
  async settled(): Promise<number> {
    await this.#on.until(async () => counted(await this.#on.hookwarden.metrics()) >= this.sent)
    return counted(await this.#on.hookwarden.metrics())
  }

  /** Nothing of what is hidden stands in the log or in the metrics. */
  async leaks(): Promise<string[]> {
    this.#on.clock.advance(100) // log lines wait for company
    const { lines, admin } = this.#on.hookwarden
    const text = `${JSON.stringify(lines)}${(await admin('/metrics')).body}`
    return [...this.hidden].filter(secret => text.includes(secret))
  }
}

t.test('every request of a mixed day is counted once, and its content nowhere', async t => {
  const on = await stage(t, { map: twenty(), env: ENV })
  const ledger = new Ledger(on)
  for (const [n, name] of NAMES.entries()) {
    t.equal(await ledger.send(ledger.signed(name, n)), 204, name)
    const again = await ledger.send(ledger.signed(name, n))
    t.ok(again === 200 || again === 204, `${name} again`)
    const wrong = post({ target: `/in/${name}`, headers: [['X-Own', MARK]], body: MARK })
    t.equal(await ledger.send(wrong), 415)
    t.equal(await ledger.send(ledger.signed(name, n, `{"${MARK}":"changed"}`, '/in/bell')), 204)
    const forged = ledger.signed(
      name === 'github' ? 'stripe' : 'github',
      n,
      undefined,
      `/in/${name}`,
    )
    t.equal(await ledger.send(forged), 401, 'a claim of another sender')
    t.equal(await ledger.send(ledger.signed('github', n, undefined, `/too/${name}`)), 204)
  }
  const declared = 'Content-Type: application/json\r\nContent-Length: 2097152\r\n\r\n'
  const lines = (text: string): Pieces => [Buffer.from(text)]
  for (const [bytes, status] of [
    [ledger.signed('github', 1, undefined, '/in/shut'), 503],
    [request({ method: 'GET', target: `/in/github?${MARK}` }), 405],
    [request({ method: 'GET', target: `/${MARK}` }), 404],
    [request({ method: 'GET', target: `http://${MARK}/in/github` }), 400],
    [lines(`POST /in/github HTTP/1.1\r\nHost: a\r\n${declared}`), 413],
    [lines(`POST /in/github HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n${declared}`), 413],
    [lines(`POST /in/github HTTP/1.1\r\nHost: a\r\nExpect: ${MARK}\r\n\r\n`), 417],
    [lines(`POST /in/github HTTP/1.1\r\nHost: a\r\n ${MARK}: 1\r\n\r\n`), 400],
    [lines(`CONNECT ${MARK}:443 HTTP/1.1\r\nHost: ${MARK}\r\n\r\n`), 400],
    [lines(`${MARK}\r\n\r\n`), 400],
    [lines(`GET / HTTP/1.1\r\nHost: a\r\nX: ${MARK.repeat(3000)}\r\n\r\n`), 431],
  ] as const) {
    t.equal(await ledger.send(bytes), status)
  }

  on.recorder.react({ after: 'reset' })
  t.equal(await ledger.send(ledger.signed('github', 100)), 502)
  on.recorder.react({ write: 'HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n' })
  t.equal(await ledger.send(ledger.signed('github', 101)), 503)
  on.recorder.react(undefined)

  const unused = await connect(on.port) // a connection is not a request
  const half = await connect(on.port)
  ledger.sent++
  const [bytes = new Uint8Array()] = ledger.signed('github', 102)
  await half.write(bytes.subarray(0, -3))
  await on.until(
    async () => (await on.hookwarden.metrics()).get('hookwarden_in_flight_requests') === 1,
  )
  half.destroy()
  unused.destroy()

  const piped = await connect(on.port)
  const three = [0, 1, 2].flatMap(n => [...ledger.signed('stripe', 200 + n)])
  ledger.sent += 4
  await piped.write(Buffer.concat([...three, Buffer.from(`${MARK}\r\n\r\n`)]))
  for (const status of [204, 204, 204, 400]) t.equal((await piped.readAnswer()).status, status)
  await piped.closed

  t.equal(await ledger.settled(), ledger.sent)
  t.same(await ledger.leaks(), [])
  const logged = on.hookwarden.lines.filter(line => 'outcome' in line)
  t.equal(logged.length, ledger.sent, 'and each has its line')
  t.equal(new Set(logged.map(line => line.request_id)).size, ledger.sent, 'with an id of its own')
  t.same([...new Set(logged.map(line => line.outcome))].sort(), [
    'aborted',
    'accepted',
    'duplicate',
    'rejected',
    'upstream_error',
  ])
  const words = new Set(logged.flatMap(line => [line.provider, line.route ?? 'none']))
  const known = ['none', 'bell', 'shut', ...NAMES, ...NAMES.map(name => `${name}-too`)]
  const paths = ['bell', 'shut', ...NAMES].map(name => `/in/${name}`)
  const more = new Set([...known, ...paths, ...NAMES.map(name => `/too/${name}`)])
  t.same([...words.difference(more)], [], 'in words of the map alone')
  t.equal((await on.hookwarden.metrics()).get('hookwarden_in_flight_requests'), 0)
})

const word = fc.stringMatching(/^[!-~]{0,12}$/)
const method = fc.constantFrom(
  'GET',
  'HEAD',
  'PUT',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'M-SEARCH',
  'QUERY',
  'POST',
)
const path = fc.oneof(
  fc.constantFrom('/in/github', '/in/shut', '/in/stripe', '/webhooks/flows/', '//', '/metrics'),
  word.map(text => `/${MARK}${text.replaceAll(/[#\s]/g, '')}`),
)
const name = fc.oneof(
  fc.constantFrom(
    'X-Hub-Signature-256',
    'Stripe-Signature',
    'X-Gitlab-Token',
    'Content-Type',
    'Cookie',
    'Via',
    'Authorization',
    'X-Forwarded-For',
    'User-Agent',
  ),
  fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,10}$/).map(text => `X-${text}`),
)
const header = fc.tuple(
  name,
  word.map(text => `${MARK}${text}`),
)
const hostile = fc.record({
  method,
  target: fc.tuple(path, word).map(([at, query]) => `${at}?${MARK}=${query.replaceAll('#', '')}`),
  headers: fc.array(header, { maxLength: 5 }),
  body: fc.option(
    fc.string({ maxLength: 40 }).map(text => `${MARK}${text}`),
    { nil: undefined },
  ),
  framing: fc.constantFrom('length', 'chunked'),
})

t.test('hostile traffic adds no series, and they stay few', async t => {
  const on = await stage(t, { map: twenty(), env: ENV })
  const ledger = new Ledger(on)
  const own = async (): Promise<string[]> =>
    [...(await on.hookwarden.metrics()).keys()].filter(name => name.startsWith('hookwarden_'))
  const before = await own()
  await fc.assert(
    fc.asyncProperty(hostile, async ({ body, framing, ...parts }) => {
      const bytes = request(body === undefined ? parts : { ...parts, body, framing })
      const status = await ledger.send(bytes)
      if (status === undefined || status < 400) throw new Error(`answered with ${status}`)
    }),
    { numRuns: 300 },
  )
  t.equal(on.recorder.requests.filter(({ complete }) => !complete).length, 0)
  t.equal(await ledger.settled(), ledger.sent)
  t.same(await ledger.leaks(), [])
  t.same(await own(), before)
  const { size } = await on.hookwarden.metrics()
  t.ok(size < 4000, `${size} series for twenty providers`)
  t.match(on.recorder.requests, [], 'nothing went upstream')
})

/** Debian package prometheus. */
const PROMTOOL = 'promtool'
const promtool = spawnSync(PROMTOOL, ['--version']).error === undefined

t.test(
  "Prometheus' own linter has nothing to say",
  { skip: promtool ? false : 'promtool is not installed (Debian package prometheus)' },
  async t => {
    const on = await stage(t, { map: twenty(), env: ENV })
    const ledger = new Ledger(on)
    const lint = async (): Promise<void> => {
      const input = (await on.hookwarden.admin('/metrics')).body
      const { status, stdout, stderr } = spawnSync(PROMTOOL, ['check', 'metrics'], { input })
      t.equal(`${stdout}${stderr}`, '')
      t.equal(status, 0)
    }
    await lint()
    for (const name of NAMES) await ledger.send(ledger.signed(name, 1))
    await ledger.send(request({ method: 'GET', target: '/' }))
    await lint()
  },
)
