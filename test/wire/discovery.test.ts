import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { flowId, flowOf, ToldFlows } from '../support/flow-source.ts'
import { connect, exchange, post } from '../support/sender.ts'
import {
  ENV,
  FLOW,
  GITHUB,
  genuine,
  type Stage,
  type StageOptions,
  stage,
  wordOf,
} from './stage.ts'

const MAP = (more = '') => `
discovery: { database: env:DB, every: 15s }
providers:
  github: { secret: env:GITHUB, flows: discovered }
  gitlab: { secret: env:GITLAB, flows: discovered }
  jotform: { scheme: { none: 'it signs nothing' }, flows: discovered }
  by-hand: { preset: stripe, secret: env:STRIPE, flows: [${FLOW}], path: /in/stripe, to: flow:${flowId(99)} }
${more}`

const IN_FLIGHT = 'hookwarden_in_flight_requests'
const path = (n: number, sync = false) => `/webhooks/flows/${flowId(n)}${sync ? '/sync' : ''}`
const delivery = (n: number, body = '{"a":1}', sync = false) =>
  genuine('github', path(n, sync), body)
const forged = (n: number) => genuine('github', path(n), '{"a":1}', { sent: '{"a":2}' })
const unsigned = (n: number) =>
  post({ target: path(n), headers: [['Content-Type', 'application/json']], body: '{}' })

/** A stage whose database is told what to say, after the first look. */
async function discovering(
  t: Test,
  flows: ToldFlows,
  { map = MAP(), ...options }: Partial<StageOptions> = {},
): Promise<Stage> {
  const on = await stage(t, { map, flows, env: { ...ENV, DB: 'x' }, ...options })
  await new Promise(resolve => setImmediate(resolve))
  return on
}

/** Lets the next look take place, and be heard. */
async function look(on: Stage, flows: ToldFlows, by = 15_000): Promise<void> {
  const { looks } = flows
  on.clock.advance(by)
  await on.until(() => flows.looks > looks)
  await new Promise(resolve => setImmediate(resolve))
}

/** Sends a delivery to a flow that nobody knows, and moves the clock until it is looked for. */
async function sought(on: Stage, flows: ToldFlows, bytes: readonly Uint8Array[]) {
  const { looks } = flows
  const answer = exchange(on.port, bytes)
  await on.until(
    async () => flows.looks > looks || (await on.hookwarden.metrics()).get(IN_FLIGHT) === 1,
  )
  on.clock.advance(1000)
  return answer
}

/** What was logged so far. */
async function linesOf({ hookwarden }: Stage): Promise<readonly Record<string, unknown>[]> {
  await hookwarden.service.log.flush()
  return hookwarden.lines
}

const statusOf = async (on: Stage, bytes: readonly Uint8Array[]) =>
  (await exchange(on.port, bytes))?.status

t.test(
  'flows of an app are its provider’s, at the path that the id gives and no other',
  async t => {
    const flows = new ToldFlows([
      flowOf(1),
      flowOf(2, { sync: true }),
      flowOf(3, { app: 'gitlab' }),
    ])
    const on = await discovering(t, flows)
    t.equal(await statusOf(on, delivery(1)), 204)
    t.equal(await statusOf(on, delivery(2, '{"a":1}', true)), 204)
    t.same(
      on.recorder.requests.map(({ target }) => target),
      [path(1), path(2, true)],
    )
    t.equal(await statusOf(on, delivery(3)), 401, 'GitLab’s flow is not GitHub’s to call')
    t.equal(
      (await sought(on, flows, delivery(1, '{"a":1}', true)))?.status,
      404,
      'sync was not asked',
    )
    t.equal((await sought(on, flows, delivery(2)))?.status, 404)
    t.equal(await statusOf(on, genuine('github', path(1).toUpperCase(), '{}')), 404)
    t.equal(on.recorder.requests.length, 2)
  },
)

t.test('a flow mapped by hand is never reached through discovery', async t => {
  const flows = new ToldFlows([
    { id: FLOW, app: 'jotform', sync: true, published: true },
    flowOf(99, { app: 'jotform' }),
  ])
  const on = await discovering(t, flows)
  const before = flows.looks
  const open = (target: string) =>
    post({ target, headers: [['Content-Type', 'application/json']], body: '{}' })
  t.equal(await statusOf(on, open(GITHUB)), 401, 'it is the provider’s that names it, who signs')
  t.equal(await statusOf(on, open(`${GITHUB}/sync`)), 404)
  t.equal(await statusOf(on, open(path(99))), 404, '`to:` names it too')
  t.equal(flows.looks, before, 'nobody has it looked for')
  t.equal(on.recorder.requests.length, 0)
  t.equal(await statusOf(on, genuine('stripe', GITHUB, '{}')), 204)
})

t.test('publish, unpublish, delete and another app take effect with the next look', async t => {
  const flows = new ToldFlows([flowOf(1, { app: 'jotform' }), flowOf(2)])
  const on = await discovering(t, flows)
  t.equal(await statusOf(on, unsigned(1)), 204)
  flows.flows = [flowOf(1, { app: 'jotform', published: false }), flowOf(2)]
  await look(on, flows)
  t.equal((await sought(on, flows, unsigned(1)))?.status, 404, 'unpublished')
  flows.flows = [flowOf(1, { app: 'gitlab' }), flowOf(2)]
  await look(on, flows)
  t.equal(await statusOf(on, unsigned(1)), 401, 'of another app, whose sender proves itself')
  t.equal(await statusOf(on, genuine('gitlab', path(1), '{}')), 204)
  flows.flows = [flowOf(1, { app: 'gitlab' })]
  await look(on, flows)
  t.equal((await sought(on, flows, delivery(2)))?.status, 404, 'deleted')
})

t.test('a draft takes what is proven, and anything else finds no route', async t => {
  const drafts = [flowOf(1, { published: false }), flowOf(2, { app: 'jotform', published: false })]
  const flows = new ToldFlows(drafts)
  const on = await discovering(t, flows)
  const counted = await on.counted(async () => {
    t.equal(await statusOf(on, delivery(1)), 204)
    t.equal(await statusOf(on, delivery(1)), 204, 'a test may be repeated')
    const answer = await exchange(on.port, forged(1))
    t.equal(answer?.status, 404)
    t.equal(wordOf(answer), 'not_found')
    t.equal(await statusOf(on, unsigned(1)), 404)
  })
  t.same(counted, {
    'hookwarden_requests_total{provider="github",outcome="accepted"}': 2,
    'hookwarden_requests_total{provider="github",outcome="rejected"}': 2,
    'hookwarden_rejections_total{provider="github",reason="no_route",mode="enforce"}': 2,
  })
  t.equal((await sought(on, flows, unsigned(2)))?.status, 404, 'nothing proves its sender')
  t.equal(on.recorder.requests.length, 2)
  t.ok((await linesOf(on)).some(({ detail }) => /not published/.test(String(detail))))
})

t.test(
  '`drafts: refuse` leaves drafts without a route, and report mode lets nothing pass to one',
  async t => {
    const flows = new ToldFlows([flowOf(1, { published: false })])
    const map = MAP().replace('secret: env:GITHUB,', 'secret: env:GITHUB, drafts: refuse,')
    const on = await discovering(t, flows, { map })
    t.equal((await sought(on, flows, delivery(1)))?.status, 404)
    on.hookwarden.swap(MAP().replace('secret: env:GITHUB,', 'secret: env:GITHUB, mode: report,'))
    t.equal(await statusOf(on, forged(1)), 404)
    t.equal(await statusOf(on, delivery(1)), 204)
    flows.flows = [flowOf(1)]
    await look(on, flows)
    t.equal(await statusOf(on, forged(1)), 204, 'published, it is as report mode says')
  },
)

t.test('an unknown flow is looked for at once, and its first delivery arrives', async t => {
  const flows = new ToldFlows([flowOf(1)])
  const on = await discovering(t, flows)
  on.clock.advance(2000)
  flows.flows = [flowOf(1), flowOf(5)]
  const before = flows.looks
  t.equal(await statusOf(on, delivery(5)), 204, 'no clock had to move')
  t.equal(flows.looks, before + 1)
  flows.flows = [flowOf(1), flowOf(5), flowOf(6)]
  t.equal(
    (await sought(on, flows, delivery(6)))?.status,
    204,
    'a second later where one was just taken',
  )
  const looked = flows.looks
  const many = [7, 8, 9].map(n => exchange(on.port, delivery(n)))
  await on.until(async () => (await on.hookwarden.metrics()).get(IN_FLIGHT) === 3)
  on.clock.advance(1000)
  for (const answer of many) t.equal((await answer)?.status, 404)
  t.equal(flows.looks, looked + 1, 'one look for all that wait')
})

t.test('whoever asks for what is no flow waits for nothing', async t => {
  const flows = new ToldFlows([])
  const on = await discovering(t, flows)
  const before = flows.looks
  for (const target of [
    '/',
    '/webhooks/flows/x',
    '/webhooks/x',
    `${path(1)}/`,
    `${path(1)}/sync/x`,
  ])
    t.equal(await statusOf(on, genuine('github', target, '{}')), 404, target)
  t.equal(flows.looks, before)
})

t.test('before the first look it is 503, never 404; known by then, it is served', async t => {
  const flows = new ToldFlows(undefined)
  const on = await discovering(t, flows)
  const state = async () =>
    (JSON.parse((await on.hookwarden.admin('/readyz')).body) as { providers: object }).providers
  t.match(await state(), { github: 'discovery_pending', 'by-hand': 'ready' })
  const answer = await sought(on, flows, delivery(1))
  t.equal(answer?.status, 503)
  t.equal(wordOf(answer), 'busy')
  t.ok(Number(answer?.header('retry-after')) >= 1)
  t.equal((await on.hookwarden.metrics()).get('hookwarden_discovery_up'), 0)
  t.equal(
    await statusOf(on, genuine('stripe', GITHUB, '{}')),
    204,
    'what is mapped by hand is served',
  )
  flows.flows = [flowOf(1)]
  t.equal((await sought(on, flows, delivery(1)))?.status, 204)
  t.match(await state(), { github: 'ready' })
  t.equal((await on.hookwarden.metrics()).get('hookwarden_discovery_up'), 1)
})

t.test(
  'a database that hangs holds up nobody longer than two seconds, and no delivery to a known flow',
  async t => {
    const flows = new ToldFlows([flowOf(1)])
    const on = await discovering(t, flows)
    flows.hold()
    on.clock.advance(15_000)
    await on.until(() => flows.looks === 2)
    t.equal(await statusOf(on, delivery(1)), 204)
    const answer = exchange(on.port, delivery(2))
    await on.until(async () => (await on.hookwarden.metrics()).get(IN_FLIGHT) === 1)
    on.clock.advance(1999)
    t.equal(await statusOf(on, delivery(1, '{"b":1}')), 204)
    on.clock.advance(1)
    t.equal((await answer)?.status, 503)
    flows.release()
  },
)

t.test('the database away: flows last known stay, across a restart too', async t => {
  const state = join(t.testdir(), 'state')
  const map = `state: ${state}${MAP()}`
  const flows = new ToldFlows([flowOf(1), flowOf(2, { published: false })])
  await t.test('while it runs', async t => {
    const on = await discovering(t, flows, { map })
    flows.flows = undefined
    await look(on, flows)
    t.equal(await statusOf(on, delivery(1)), 204)
    t.equal((await on.hookwarden.metrics()).get('hookwarden_discovery_up'), 0)
    t.match(
      (await linesOf(on)).find(line => line.level === 'error'),
      { msg: /flows cannot be looked up/, cause: 'the database does not answer' },
    )
    await on.hookwarden.close()
  })
  const file = join(state, 'discovered-flows')
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.equal(
    readFileSync(file, 'utf8'),
    `hookwarden-flows 1 2\n${flowId(1)} github async published\n${flowId(2)} github async draft\n`,
  )
  await t.test('after a restart', async t => {
    const on = await discovering(t, new ToldFlows(undefined), { map })
    t.equal(await statusOf(on, delivery(1)), 204)
    t.equal(await statusOf(on, delivery(2)), 204)
    t.equal((await on.hookwarden.metrics()).get('hookwarden_discovery_up'), 0)
  })
})

t.test('without `state:` nothing is kept, and that is said', async t => {
  const on = await discovering(t, new ToldFlows([flowOf(1)]))
  t.ok((await linesOf(on)).some(({ msg }) => String(msg).includes('without `state`')))
  t.notOk(existsSync('discovered-flows'))
})

t.test(
  'an emptied database, or an old dump, keeps the old set and shouts; three looks agree',
  async t => {
    const all = [1, 2, 3, 4, 5].map(n => flowOf(n))
    const state = join(t.testdir(), 'state')
    const flows = new ToldFlows(all)
    const on = await discovering(t, flows, { map: `state: ${state}${MAP()}` })
    flows.flows = [flowOf(6)]
    await look(on, flows)
    const shouts = async () =>
      (await linesOf(on)).filter(({ msg }) => /not believed/.test(String(msg)))
    t.match(await shouts(), [{ level: 'error', gone: 5, of: 5, looks: 1 }])
    t.equal((await on.hookwarden.metrics()).get('hookwarden_discovery_doubted'), 1)
    t.equal(await statusOf(on, delivery(1)), 204)
    t.equal((await sought(on, flows, delivery(6)))?.status, 503, 'not 404: nobody knows')
    await look(on, flows)
    t.equal((await shouts()).length, 2)
    t.equal(await statusOf(on, delivery(2)), 204)
    await look(on, flows)
    t.equal(await statusOf(on, delivery(6)), 204)
    t.equal((await sought(on, flows, delivery(1)))?.status, 404)
    t.equal((await on.hookwarden.metrics()).get('hookwarden_discovery_doubted'), 0)
  },
)

t.test('flows that nobody covers are counted by an app of a closed list', async t => {
  const flows = new ToldFlows([
    flowOf(1),
    flowOf(2, { app: 'typeform' }),
    flowOf(3, { app: 'typeform' }),
    flowOf(4, { app: 'typeform', published: false }),
    flowOf(5, { app: 'constructor' }),
    flowOf(6, { app: 'made-up' }),
    { id: FLOW, app: 'webhook', sync: false, published: true },
  ])
  const on = await discovering(t, flows)
  const series = [...(await on.hookwarden.metrics())].filter(([name]) =>
    /^hookwarden_(?:unprotected|discovered)_flows/.test(name),
  )
  t.same(
    series.filter(([, value]) => value > 0),
    [
      ['hookwarden_discovered_flows{provider="github"}', 1],
      ['hookwarden_unprotected_flows{app="typeform"}', 2],
      ['hookwarden_unprotected_flows{app="none"}', 2],
    ],
  )
  t.equal(series.length, 3 + 21 + 1, 'each known app exists from the start')
  t.match(
    (await linesOf(on)).find(({ msg }) => /no provider/.test(String(msg))),
    { level: 'warn', flows: 4, apps: 'constructor made-up typeform' },
  )
  t.equal((await sought(on, flows, unsigned(2)))?.status, 404, 'and refused')
})

t.test(
  'a map that is swapped takes the flows along, and one that discovers no more lets go of them',
  async t => {
    const flows = new ToldFlows([flowOf(1), flowOf(2)])
    const on = await discovering(t, flows)
    on.hookwarden.swap(
      MAP().replace('env:GITHUB, flows: discovered', `env:GITHUB, flows: [${flowId(1)}]`),
    )
    t.equal(await statusOf(on, delivery(1)), 204)
    const other = await sought(on, flows, delivery(2))
    t.equal(other?.status, 404, 'github lists its own flows now')
    on.hookwarden.swap(MAP())
    t.equal(await statusOf(on, delivery(2)), 204, 'no look was needed')
    on.hookwarden.swap(`providers: { github: { secret: env:GITHUB, flows: [${flowId(1)}] } }`)
    const before = flows.looks
    t.equal(await statusOf(on, delivery(2, '{"late":1}')), 404)
    on.clock.advance(60_000)
    t.equal(flows.looks, before)
  },
)

t.test(
  'a sender that leaves while its flow is looked for is gone, and one that stays is served',
  async t => {
    const flows = new ToldFlows([])
    const on = await discovering(t, flows)
    const leaving = await connect(on.port)
    await leaving.send(delivery(1))
    await on.until(async () => (await on.hookwarden.metrics()).get(IN_FLIGHT) === 1)
    leaving.destroy()
    await on.until(async () => (await on.hookwarden.metrics()).get(IN_FLIGHT) === 0)
    flows.flows = [flowOf(1)]
    t.equal((await sought(on, flows, delivery(1)))?.status, 204)
    t.equal(on.recorder.requests.length, 1)
  },
)

t.test(
  'a sender that asks whether the URL is ours is answered before its flow is published',
  async t => {
    const flows = new ToldFlows([flowOf(1, { app: 'mailchimp', published: false })])
    const entry = '  mailchimp: { secret: env:GITHUB, flows: discovered }\n'
    const on = await discovering(t, flows, { map: MAP(entry) })
    const asks = `GET ${path(1)} HTTP/1.1\r\nHost: localhost\r\n\r\n`
    t.equal((await exchange(on.port, asks))?.status, 200)
    t.equal(await statusOf(on, unsigned(1)), 404)
    t.equal(on.recorder.requests.length, 0, 'nothing of either reached the upstream')
  },
)

t.test('whoever guesses ids is over its limit, and then has nothing looked for', async t => {
  const flows = new ToldFlows([])
  const map = `defaults: { limits: { per_address: 2/1h } }${MAP()}`
  const on = await discovering(t, flows, { map })
  for (const n of [1, 2]) t.equal((await sought(on, flows, delivery(n)))?.status, 404)
  const before = flows.looks
  flows.flows = [flowOf(3)]
  t.equal(await statusOf(on, delivery(3)), 429, 'a flow that is new, too')
  t.equal(flows.looks, before)
  await look(on, flows)
  t.equal(await statusOf(on, delivery(3)), 204, 'until the next look has found it')
})

t.test('a map that says where to keep them has the flows kept, though none changed', async t => {
  const flows = new ToldFlows([flowOf(1)])
  const on = await discovering(t, flows)
  const state = join(t.testdir(), 'state')
  on.hookwarden.swap(`state: ${state}${MAP()}`)
  t.equal(await statusOf(on, delivery(1)), 204)
  await on.hookwarden.close()
  t.match(readFileSync(join(state, 'discovered-flows'), 'utf8'), flowId(1))
})
