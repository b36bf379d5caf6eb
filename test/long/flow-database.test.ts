import t from 'tap'
import { FlowDatabase } from '../../src/discovery/source.ts'
import { automatischTables } from '../support/automatisch-tables.ts'
import { flowId, flowOf } from '../support/flow-source.ts'
import { postgresPrograms, startPostgres } from '../support/postgres.ts'

const programs = postgresPrograms()
const skip = programs === undefined ? 'PostgreSQL is not installed' : false

t.test('looks at a real database', { skip }, async t => {
  const postgres = await startPostgres(programs ?? '')
  t.teardown(() => postgres.stop())
  const [tables, end] = await automatischTables(postgres.url)
  t.teardown(end)
  const source = new FlowDatabase(() => postgres.url)
  t.teardown(() => source.close())

  await t.test('rows are read once, and again only where any of them is another', async t => {
    await tables.add(2)
    await tables.add(1, { app: 'twilio', sync: true })
    const first = await source.look()
    const both = [flowOf(1, { app: 'twilio', sync: true }), flowOf(2)]
    t.same(first, { mark: first.mark, flows: both, odd: 0 })
    t.same(await source.look(first.mark), { mark: first.mark, flows: undefined, odd: 0 })
    let { mark } = first
    for (const [what, change, flows] of [
      [
        'published no more',
        () => tables.publish(2, false),
        [both[0], flowOf(2, { published: false })],
      ],
      [
        'of another app',
        () => tables.reapp(2, 'gitlab'),
        [both[0], flowOf(2, { app: 'gitlab', published: false })],
      ],
      ['deleted', () => tables.remove(2), [both[0]]],
      ['without its trigger', () => tables.query("update steps set type = 'action'"), []],
    ] as const) {
      await change()
      const look = await source.look(mark)
      t.not(look.mark, mark, what)
      t.same(look.flows, flows, what)
      mark = look.mark
    }
    await tables.query('truncate flows, steps')
  })

  await t.test('rows that are no flow, or say two things of one, are left out', async t => {
    await tables.add(1)
    for (const [n, app] of [
      "x'; drop table flows; --",
      'A',
      '',
      'a'.repeat(100_000),
      '__proto__',
    ].entries())
      await tables.add(10 + n, { app })
    await tables.add(2)
    await tables.query(
      `insert into steps (flow_id, type, app_key, webhook_path) values ('${flowId(2)}', 'trigger', 'jotform', '/x')`,
    )
    await tables.add(3)
    await tables.query(
      `insert into steps (flow_id, type, app_key, webhook_path) values ('${flowId(3)}', 'trigger', 'github', '/../../admin')`,
    )
    const look = await source.look()
    t.same(look.flows, [flowOf(1), flowOf(3)])
    t.equal(look.odd, 6)
    await tables.query('truncate flows, steps')
  })

  await t.test('more than a batch comes in order and whole', async t => {
    await tables.query(`insert into flows (id, active)
      select ('7d3c1f0e-2f57-4f0a-9d7d-' || lpad(n::text, 12, '0'))::uuid, true from generate_series(1, 2500) n`)
    await tables.query(`insert into steps (flow_id, type, app_key, webhook_path)
      select id, 'trigger', 'github', '/webhooks/flows/' || id from flows`)
    const { flows = [] } = await source.look()
    t.same(
      flows,
      Array.from({ length: 2500 }, (_, n) => flowOf(n + 1)),
    )
    await tables.query('truncate flows, steps')
  })

  await t.test('a query that takes too long is given up, there too', async t => {
    await tables.add(1)
    await tables.query('begin')
    await tables.query('lock table steps in access exclusive mode')
    await t.rejects(source.look(), { message: /timeout/ })
    await tables.query('rollback')
    t.same((await source.look()).flows, [flowOf(1)])
    await tables.query('truncate flows, steps')
  })

  await t.test('a session that was ended is another at the next look', async t => {
    await tables.add(1)
    await source.look()
    await tables.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'hookwarden'",
    )
    const looks = await Promise.allSettled([source.look()])
    const again = looks[0]?.status === 'fulfilled' ? looks[0].value : await source.look()
    t.same(again.flows, [flowOf(1)])
  })

  await t.test('between looks it keeps one connection, and no transaction open', async t => {
    await source.look()
    await source.look()
    await tables.query(`do $$ begin
      assert (select array_agg(state) from pg_stat_activity where application_name = 'hookwarden') = '{idle}';
    end $$`)
    source.close()
    await source.look()
    t.pass('closed, it connects again')
  })

  await t.test(
    'tables of another shape are a fault that names what is missing, and no password',
    async t => {
      await tables.query('alter table steps rename column app_key to app')
      await t.rejects(source.look(), { code: 'database', message: /app_key does not exist/ })
      await tables.query('alter table steps rename column app to app_key')
      t.same((await source.look()).flows, [flowOf(1)])
      await tables.query('drop table steps')
      await t.rejects(source.look(), { message: /"steps" does not exist/ })
      const wrong = new FlowDatabase(() => postgres.url.replace('of-this-test-alone', 'guessed'))
      const fault = await wrong.look().catch((error: unknown) => String(error))
      t.match(fault, /password authentication failed/)
      t.notMatch(fault, 'guessed')
    },
  )
})
