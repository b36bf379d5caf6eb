import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { discover } from '../../../src/commands/discover.ts'
import { entriesFor } from '../../../src/commands/discover-entries.ts'
import { probe } from '../../../src/commands/doctor-probes.ts'
import { flawsOf } from '../../../src/commands/map.ts'
import { loadMap } from '../../../src/config/load.ts'
import type { WebhookFlow } from '../../../src/discovery/flows.ts'
import { webhookFlows } from '../../../src/discovery/source.ts'
import { WEBHOOK_APPS } from '../../../src/presets/automatisch.ts'
import { PRESETS } from '../../../src/presets/presets.ts'
import { postgresPrograms, startPostgres } from '../../support/postgres.ts'

const id = (n: number) => `0b6f0c1e-6b1f-4c57-9a53-${String(n).padStart(12, '0')}`
const flow = (n: number, app: string, change: Partial<WebhookFlow> = {}): WebhookFlow => ({
  id: id(n),
  app,
  sync: false,
  published: true,
  ...change,
})
const TOP = 'version: 1\nupstream: http://127.0.0.1:3000\npublic_url: https://hooks.example.com\n'

function load(providers: string, top = '') {
  return loadMap(`${TOP}${top}providers:\n${providers}`, {
    file: 'm',
    dev: true,
    compileScheme: flawsOf,
  })
}

function heard() {
  const said: string[] = []
  const say = (text: string) => void said.push(text)
  return { terminal: { out: say, err: say, paint: (_: string, text: string) => text }, said }
}

const EMPTY = { taken: new Set<string>(), discovery: false, publicUrl: true }
const APPS = [...Object.keys(WEBHOOK_APPS), 'webhook', 'unheard-of', 'constructor']

t.test(
  'the entry of each app is one that a map takes, sync or not, listed or discovered',
  async t => {
    t.equal(Object.keys(WEBHOOK_APPS).length, 20, 'the 21 apps of Automatisch, less the pasted URL')
    const flows = APPS.flatMap((app, i) => [flow(2 * i, app), flow(2 * i + 1, app, { sync: true })])
    const { settings, issues = [] } = load(entriesFor(flows, EMPTY))
    t.same(issues, [])
    t.same(
      settings?.providers.flatMap(({ routes }) => routes.map(route => route.flow)).sort(),
      flows.map(one => one.id).sort(),
      'each flow has one',
    )
    const found = load(
      entriesFor(flows, {
        taken: new Set(['github', 'twilio']),
        discovery: true,
        publicUrl: false,
      }),
      'discovery: { database: env:DB }\n',
    )
    t.same(found.issues ?? [], [])
    const covered = new Set(
      found.settings?.providers.flatMap(one => [
        one.discovers?.app,
        ...one.routes.map(r => r.flow),
      ]),
    )
    t.same(
      flows.filter(({ id: one, app }) => !covered.has(one) && !covered.has(app)),
      [],
    )
    for (const { preset } of Object.values(WEBHOOK_APPS)) {
      if (preset !== undefined) t.ok(PRESETS[preset], preset)
    }
  },
)

t.test('each app says what is to be done, and has a secret or the reason why not', async t => {
  for (const [app, { preset, secret, none, mind, each }] of Object.entries(WEBHOOK_APPS)) {
    t.ok(mind.length > 60, app)
    t.equal(preset === undefined, none !== undefined, app)
    t.equal(secret === undefined, none !== undefined, app)
    if (each === true) t.match(mind, /each flow at each publish/, app)
  }
})

t.test('flows of one app share an entry, and its name is no other provider', async t => {
  const flows = [flow(1, 'github'), flow(2, 'github')]
  const taken = new Set(['github'])
  t.match(
    entriesFor(flows, { ...EMPTY, taken }),
    `  github-2:\n    preset: github\n    secret: env:WEBHOOK_SECRET_KEY\n    flows: [${id(1)}, ${id(2)}]\n`,
  )
  t.match(
    entriesFor(flows, { ...EMPTY, taken, discovery: true }),
    '  github-2:\n    preset: github\n    secret: env:WEBHOOK_SECRET_KEY\n    app: github\n    flows: discovered\n',
  )
})

t.test('where each flow has a secret of its own, it has an entry of its own', async t => {
  const text = entriesFor([flow(1, 'zendesk')], { ...EMPTY, discovery: true })
  t.match(
    text,
    `  zendesk-0b6f0c1e:\n    preset: zendesk\n    secret: env:ZENDESK_SECRET_0B6F0C1E\n    flows: [${id(1)}]\n`,
  )
  t.ok(text.split('\n').every(line => line.length < 120))
})

t.test('what is discovered is covered, drafts too, but for what another entry names', async t => {
  const { settings } = load(
    `  github: { secret: env:A, flows: discovered }\n  gitlab: { secret: env:A, flows: [${id(2)}] }\n`,
    'discovery: { database: env:DB }\n',
  )
  const { terminal, said } = heard()
  const draft = flow(3, 'github', { published: false })
  t.equal(discover([flow(1, 'github'), flow(2, 'github'), draft], settings, false, terminal), 0)
  const text = said.join('\n')
  t.match(text, `github  ${id(1)}  published  github\n`)
  t.match(text, `github  ${id(2)}  published  gitlab\n`)
  t.match(text, `github  ${id(3)}  draft      github\n`)
})

t.test('it says what is covered, and exits 1 for what is published and is not', async t => {
  const { settings } = load(`  github: { secret: env:A, flows: [${id(1)}] }\n`)
  const { terminal, said } = heard()
  const flows = [flow(1, 'github'), flow(2, 'typeform'), flow(3, 'jotform', { published: false })]
  t.equal(discover(flows, settings, false, terminal), 1)
  const text = said.splice(0).join('\n')
  t.match(text, `github    ${id(1)}  published  github\n`)
  t.match(text, `typeform  ${id(2)}  published  nobody\n`)
  t.match(text, `jotform   ${id(3)}  draft      -\n`)
  t.match(text, 'What is missing under `providers:`\n\n  # Nothing to do: Automatisch gave')
  t.match(text, '3 webhook flows, 1 covered, 1 published and not covered')
  t.equal(discover(flows.slice(0, 1), settings, false, terminal), 0)
  said.splice(0)
  t.equal(discover(flows, undefined, true, terminal), 1)
  t.match(JSON.parse(said.join()), { flows: { length: 3 }, entries: /typeform:/ })
})

const programs = postgresPrograms()
const skip = programs === undefined ? 'PostgreSQL is not installed' : false

t.test(
  'the role of deploy/ sees the flows that webhooks start, and nothing else',
  { skip },
  async t => {
    const postgres = await startPostgres(programs ?? '')
    t.teardown(() => postgres.stop())
    const owner = new pg.Client({ connectionString: postgres.url })
    await owner.connect()
    t.teardown(() => owner.end())
    await owner.query(`
    create table flows (id uuid primary key, name text, user_id uuid, active boolean default false, deleted_at timestamptz);
    create table steps (id uuid default gen_random_uuid(), flow_id uuid, type text, app_key text, key text, position int,
      webhook_path text, connection_id uuid, parameters text, deleted_at timestamptz);
    create table connections (id uuid, data text);
  `)
    await owner.query(readFileSync('deploy/postgres-role.sql', 'utf8'))
    await owner.query("alter role hookwarden password 'of-the-role'")
    const add = async (
      n: number,
      app: string,
      change: {
        path?: string | null
        active?: boolean | null
        gone?: boolean
        stepGone?: boolean
        type?: string
      } = {},
    ) => {
      const {
        path = `/webhooks/flows/${id(n)}`,
        active = true,
        gone = false,
        stepGone = false,
        type = 'trigger',
      } = change
      const when = (yes: boolean) => (yes ? '2026-01-01' : null)
      await owner.query('insert into flows values ($1, $2, null, $3, $4)', [
        id(n),
        'secret name',
        active,
        when(gone),
      ])
      const step =
        'insert into steps (flow_id, type, app_key, webhook_path, deleted_at) values ($1, $2, $3, $4, $5)'
      await owner.query(step, [id(n), type, app, path, when(stepGone)])
    }
    await add(1, 'github')
    await add(2, 'twilio', { path: '/elsewhere/sync' })
    await add(3, 'jotform', { active: null })
    await add(4, 'slack', { path: null })
    await add(5, 'github', { gone: true })
    await add(6, 'github', { stepGone: true })
    await add(7, 'github', { type: 'action' })
    await add(8, "x'; drop table flows; --")
    await add(9, 'A'.repeat(1000))

    const url = postgres.url.replace(/\/\/[^@]*@/, '//hookwarden:of-the-role@')
    t.same(await webhookFlows(url), [
      flow(1, 'github'),
      flow(2, 'twilio', { sync: true }),
      flow(3, 'jotform', { published: false }),
    ])
    const folder = t.testdir({
      'map.yaml': `${TOP}listen: { tls: [{ cert: a, key: b }] }
discovery: { database: env:DB }
providers: { github: { secret: env:A, flows: discovered } }
`,
    })
    const { status, stdout } = spawnSync(
      process.execPath,
      ['bin/hookwarden.js', 'discover', '--config', join(folder, 'map.yaml')],
      { encoding: 'utf8', env: { DB: url, NO_COLOR: '1' } },
    )
    t.equal(status, 1, 'the database of the map')
    t.match(stdout, `github   ${id(1)}  published  github\n`)
    t.match(stdout, '  twilio:\n    secret: env:TWILIO_AUTH_TOKEN\n    flows: discovered\n')
    const asked = { reach: [], tryLogin: false, now: Date.now() }
    const rules = async (database: string, now = asked.now) =>
      (await probe({ ...asked, now, database })).map(({ rule }) => rule)
    t.same(await rules(url), [], 'doctor has nothing to say of this role')
    t.same(await rules(postgres.url), ['role_broad'])
    await owner.query("create role reader login password 'automatisch_password'")
    await owner.query('grant select (data) on connections to reader')
    const reader = postgres.url.replace(/\/\/[^@]*@/, '//reader:automatisch_password@')
    t.same(await rules(reader, 0), ['clock_offset', 'role_broad', 'stock_password'])
    const role = new pg.Client({ connectionString: url })
    await role.connect()
    t.teardown(() => role.end())
    for (const query of [
      'select data from connections',
      'select name from flows',
      'select parameters from steps',
    ]) {
      await t.rejects(role.query(query), { message: /permission denied/ }, query)
    }
    await t.rejects(role.query('delete from flows'), {
      message: /read-only transaction|permission denied/,
    })
    await owner.query('alter table steps rename column webhook_path to path')
    await t.rejects(webhookFlows(url), { message: /webhook_path does not exist/ })
  },
)
