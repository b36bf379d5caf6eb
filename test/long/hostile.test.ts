import { connect } from 'node:tls'
import t from 'tap'
import { SECRETS, SIGNERS } from '../signers/signers.ts'
import { stage } from '../wire/stage.ts'

const NAMES = Object.keys(SIGNERS).slice(0, 9)
const ENV = Object.fromEntries(NAMES.map((name, i) => [`SECRET_${i}`, SECRETS[name] ?? '']))
const flowOf = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
/** A hundred thousand take a minute or two: `HOSTILE=100000`. */
const REQUESTS = Number(process.env.HOSTILE ?? 20_000)
const SENDERS = 10
/** So many are under way on one connection. */
const BATCH = 50

/** Twenty providers that each address may ask as often as it likes. */
const MAP = `
defaults: { limits: { per_address: 1000000/1s } }
providers:
${NAMES.flatMap((preset, i) => [
  `  ${preset}: { secret: env:SECRET_${i}, path: /in/${preset}, to: flow:${flowOf(i)} }`,
  `  ${preset}-too: { preset: ${preset}, secret: env:SECRET_${i}, path: /too/${preset}, to: flow:${flowOf(20 + i)}, mode: ${i % 2 === 0 ? 'off' : 'enforce'} }`,
]).join('\n')}
  bell: { preset: github, secret: env:SECRET_0, path: /in/bell, to: flow:${flowOf(50)} }
  gong: { preset: github, secret: env:SECRET_0, path: /in/gong, to: flow:${flowOf(51)} }
`

const METHODS = ['GET', 'PUT', 'DELETE', 'PROPFIND', 'M-SEARCH', 'QUERY', 'POST', 'POST', 'POST']
const PATHS = [...NAMES.flatMap(name => [`/in/${name}`, `/too/${name}`]), '/in/bell', '/nowhere']

/** A request that is refused, unlike the one before. */
function hostile(n: number): string {
  const method = METHODS[n % METHODS.length]
  const path = PATHS[n % PATHS.length]
  const body = method === 'POST' ? `{"n":${n}}` : ''
  const hex = n.toString(16).padStart(64, '0')
  return [
    `${method} ${path}${n % 5 === 0 ? n : ''}?n=${n} HTTP/1.1`,
    `Host: h${n}.example.com`,
    `Content-Type: ${n % 7 === 0 ? `x/y${n}` : 'application/json'}`,
    `X-Hub-Signature-256: sha256=${hex}`,
    `X-Gitlab-Token: ${hex}`,
    `X-Provider-${n}: ${n}`,
    `Stripe-Signature: t=${1_700_000_000 + (n % 900)},v1=${hex}`,
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n')
}

/** Sends its share in batches, each after the answers to the one before. A connection that is closed is opened anew. */
async function send(port: number, from: number, to: number): Promise<void> {
  for (let n = from; n < to; ) {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
    const closed = new Promise(resolve => socket.on('close', resolve))
    socket.on('error', () => {}) // whoever is refused may be cut off
    const end = Math.min(to, n + BATCH)
    const batch: string[] = []
    for (; n < end; n++) batch.push(hostile(n))
    socket.end(batch.join(''))
    socket.resume()
    await closed
  }
}

t.test('hostile requests in great number add no series, and they stay few', async t => {
  const on = await stage(t, { map: MAP, env: ENV })
  const own = async () =>
    [...(await on.hookwarden.metrics()).keys()].filter(name => name.startsWith('hookwarden_'))
  const before = await own()
  const counted = async () => {
    let sum = 0
    for (const [name, value] of await on.hookwarden.metrics())
      if (name.startsWith('hookwarden_requests_total{')) sum += value
    return sum
  }
  const share = 500
  for (let from = 0; (await counted()) < REQUESTS; from += SENDERS * share) {
    await Promise.all(
      Array.from({ length: SENDERS }, (_, i) =>
        send(on.port, from + i * share, from + (i + 1) * share),
      ),
    )
  }
  const after = await own()
  t.same(
    after.filter(name => !name.startsWith('hookwarden_explanations_total')),
    before.filter(name => !name.startsWith('hookwarden_explanations_total')),
  )
  const series = await on.hookwarden.metrics()
  t.ok(series.size < 4000, `${series.size} series for twenty providers`)
  t.equal(on.recorder.requests.length, 0, 'nothing went upstream')
  on.clock.advance(20_000)
  const lines = on.hookwarden.lines.length
  t.ok(lines < 2000, `${lines} log lines`)
  t.equal((await on.hookwarden.admin('/')).status, 200)
  t.ok((await on.hookwarden.admin('/')).body.length < 200_000, 'and the status page stays small')
})
