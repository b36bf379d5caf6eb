import { createHmac } from 'node:crypto'
import t from 'tap'
import { SECRETS } from '../signers/signers.ts'
import { connect, exchange, type Pieces, post } from '../support/sender.ts'
import { FLOW, GITHUB, genuine, stage } from './stage.ts'

const OTHER_SECRET = 'a secret that came with the new map'
const github = (more = '') =>
  `providers: { github: { secret: env:GITHUB, flows: [${FLOW}]${more} } }`
const stripeAlone = `providers: { stripe: { secret: env:STRIPE, path: /in/stripe, to: flow:${FLOW} } }`

/** A delivery signed with a secret of one's own. */
function signed(secret: string, body: string): Pieces {
  const mac = createHmac('sha256', secret).update(body).digest('hex')
  const headers = [
    ['Content-Type', 'application/json'],
    ['X-Hub-Signature-256', `sha256=${mac}`],
  ] as const
  return post({ target: GITHUB, headers, body })
}

const environment = () => ({ GITHUB: SECRETS.github ?? '', STRIPE: SECRETS.stripe ?? '' })

t.test('a delivery that began before a swap ends by the map it began with', async t => {
  const env = environment()
  const on = await stage(t, { map: github(), env })
  const [whole] = genuine('github', GITHUB, '{"began":"before"}')
  const early = await connect(on.port)
  const cut = Buffer.from(whole ?? [])
  await early.write(cut.subarray(0, -3))
  await on.until(
    async () => (await on.hookwarden.metrics()).get('hookwarden_in_flight_requests') === 1,
  )
  on.hookwarden.swap(stripeAlone)
  const answer = early.readAnswer()
  await early.write(cut.subarray(-3))
  t.equal((await answer).status, 204, 'route and secret of the old map')
  t.equal(on.recorder.requests.length, 1)
  const late = early.readAnswer()
  await early.send(genuine('github', GITHUB, '{"began":"after"}'))
  t.equal((await late).status, 404, 'the next on the same connection is served by the new one')
  early.destroy()
})

t.test('from the swap on, the old secret proves nothing', async t => {
  const env = environment()
  const on = await stage(t, { map: github(), env })
  t.equal((await exchange(on.port, genuine('github', GITHUB, '{"n":1}')))?.status, 204)
  env.GITHUB = OTHER_SECRET
  on.hookwarden.swap(github())
  t.equal((await exchange(on.port, genuine('github', GITHUB, '{"n":2}')))?.status, 401)
  t.equal((await exchange(on.port, signed(OTHER_SECRET, '{"n":3}')))?.status, 204)
})

t.test('limits and replay memory are those of before', async t => {
  const env = environment()
  const on = await stage(t, {
    map: github(', limits: { per_provider: 2/1h, patience: 0s }'),
    env,
  })
  const twice = genuine('github', GITHUB, '{"n":1}')
  t.equal((await exchange(on.port, twice))?.status, 204)
  on.hookwarden.swap(github(', limits: { per_provider: 2/1h, patience: 0s }'))
  t.equal((await exchange(on.port, twice))?.status, 200, 'it was delivered under the old map')
  t.equal((await exchange(on.port, genuine('github', GITHUB, '{"n":2}')))?.status, 204)
  on.hookwarden.swap(github(', limits: { per_provider: 2/1h, patience: 0s }'))
  t.equal((await exchange(on.port, genuine('github', GITHUB, '{"n":3}')))?.status, 429)
})

t.test('who is at Automatisch stays counted, and new room is used at once', async t => {
  const on = await stage(t, {
    map: github(', limits: { concurrency: 1 }'),
    env: environment(),
    recorder: { hold: true },
  })
  const first = exchange(on.port, genuine('github', GITHUB, '{"n":1}'))
  await on.recorder.complete(1)
  on.hookwarden.swap(github(', limits: { concurrency: 1 }'))
  const second = exchange(on.port, genuine('github', GITHUB, '{"n":2}'))
  await on.until(
    async () => (await on.hookwarden.metrics()).get('hookwarden_in_flight_requests') === 2,
  )
  t.equal(on.recorder.held, 1, 'one at a time, whatever map each began with')
  on.hookwarden.swap(github(', limits: { concurrency: 2 }'))
  await on.recorder.complete(2)
  on.recorder.releaseAll()
  t.equal((await first)?.status, 204)
  t.equal((await second)?.status, 204)
})

t.test('a provider that comes back finds its counters, and others come with zeros', async t => {
  const on = await stage(t, { map: github(), env: environment() })
  const accepted = (provider: string) =>
    `hookwarden_requests_total{provider="${provider}",outcome="accepted"}`
  t.equal((await exchange(on.port, genuine('github', GITHUB, '{"n":1}')))?.status, 204)
  on.hookwarden.swap(stripeAlone)
  const without = await on.hookwarden.metrics()
  t.equal(without.get(accepted('github')), undefined)
  t.equal(without.get(accepted('stripe')), 0)
  t.equal(without.get('hookwarden_provider_ready{provider="stripe"}'), 1)
  t.match((await on.hookwarden.admin('/readyz')).body, /"providers":\{"stripe":"ready"\}/)
  on.hookwarden.swap(github())
  t.equal((await on.hookwarden.metrics()).get(accepted('github')), 1)
})

t.test('a key that is handed over across a swap is known to both maps', async t => {
  const files = new Map<string, Uint8Array>()
  const map = `providers: { asana: { secret: 'file:/key', handshake: { enrol: 2023-11-15 }, path: /in/x, to: flow:${FLOW} } }`
  const on = await stage(t, { map, files })
  const key = 'b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81'
  const hand = post({
    target: '/in/x',
    headers: [
      ['Content-Type', 'application/json'],
      ['X-Hook-Secret', key],
    ],
    body: '{}',
    cut: [1],
  })
  const sender = await connect(on.port)
  await sender.send(hand.slice(0, 2))
  await on.until(
    async () => (await on.hookwarden.metrics()).get('hookwarden_in_flight_requests') === 1,
  )
  on.hookwarden.swap(map)
  const answer = sender.readAnswer()
  await sender.send(hand.slice(2))
  t.equal((await answer).status, 200)
  sender.destroy()
  const mac = createHmac('sha256', key).update('{"a":1}').digest('hex')
  const delivery = post({
    target: '/in/x',
    headers: [
      ['Content-Type', 'application/json'],
      ['X-Hook-Signature', mac],
    ],
    body: '{"a":1}',
  })
  t.equal((await exchange(on.port, delivery))?.status, 204)
})

t.test(
  'where bodies have less room from a swap on, the slowest upload is refused, and takes nothing of others with it',
  async t => {
    const roomy = `limits: { buffered: 512KiB }\ndefaults: { limits: { body: 64KiB } }\n${github()}`
    const on = await stage(t, {
      map: roomy,
      env: environment(),
    })
    const buffered = async () => (await on.hookwarden.metrics()).get('hookwarden_buffered_bytes')
    const held = 60 * 1024
    const rest = 1024
    const uploads = []
    for (const [n, letter] of ['a', 'b'].entries()) {
      const connection = await connect(on.port, { localAddress: `127.0.0.${2 + n}` })
      t.teardown(() => connection.destroy())
      const [whole = Buffer.of()] = genuine('github', GITHUB, letter.repeat(held + rest))
      await connection.write(whole.subarray(0, -rest))
      await on.until(async () => (await buffered()) === (n + 1) * held)
      uploads.push({ connection, answer: connection.readAnswer(), last: whole.subarray(-rest) })
      on.clock.advance(1000)
    }
    const [slow, quick] = uploads
    if (slow === undefined || quick === undefined) return t.fail('two uploads')
    on.hookwarden.swap(
      `limits: { buffered: 64KiB }\ndefaults: { limits: { body: 8KiB } }\n${github()}`,
    )
    t.equal((await slow.answer).status, 503)
    t.equal(await buffered(), held)
    on.hookwarden.swap(roomy)
    await quick.connection.write(quick.last)
    t.equal((await quick.answer).status, 204, 'the quicker one ends where there is room again')
    const [behind = Buffer.of()] = genuine('github', GITHUB, '{"behind":"it"}')
    const next = slow.connection.readAnswer()
    await slow.connection.write(Buffer.concat([slow.last, behind]))
    t.equal((await next).status, 204, 'what comes in one record with its rest is read whole')
    t.same(
      on.recorder.requests.map(({ body }) => body.toString()),
      ['b'.repeat(held + rest), '{"behind":"it"}'],
    )
  },
)
