import { randomUUID } from 'node:crypto'
import AES from 'crypto-js/aes.js'
import pg from 'pg'
import t from 'tap'
import { type ProveOptions, prove } from '../../../src/commands/keys-prove.ts'
import { postgresPrograms, startPostgres } from '../../support/postgres.ts'

const KEY = 'Vq3kX9_pLm2TzR7wYb5-NcJ8sHd4GfE6aQ1uKiOyZxCvBn0t'
const CREDENTIALS = { token: 'xoxb-very-secret', screenName: 'Billing' }

/** Runs `keys prove` in a world of its own. */
async function run(database: string | undefined, key: string | undefined, json = false) {
  const said: string[] = []
  const say = (text: string) => void said.push(text)
  const terminal = { out: say, err: say, paint: (_: string, text: string) => text }
  const env = { ENCRYPTION_KEY: key, DB: database }
  const readFile = () => new Uint8Array()
  const asked: ProveOptions = { database: database === undefined ? undefined : 'env:DB', json }
  const code = await prove(asked, { terminal, sources: { env, readFile, dev: false }, now: 0 })
  const text = said.join('\n')
  t.notMatch(text, /xoxb|Vq3kX9/, 'nothing of what was opened, and no key')
  return { code, text }
}

t.test('what cannot be asked is a fault without a password in it', async t => {
  await t.rejects(run(undefined, KEY), { message: /which database/ })
  await t.rejects(run('postgres://a@127.0.0.1:1/a', undefined), {
    message: /is not set\. See --env-file/,
  })
  for (const url of ['postgres://a:hunter2@127.0.0.1:1/a', 'postgres://a:hunter2@[/a', 'x']) {
    const failed = await run(url, KEY).then(
      () => undefined,
      error => error as Error,
    )
    t.match(failed, { code: 'database', message: /the database does not answer: \w/ })
    t.notMatch(failed?.message, 'hunter2')
  }
})

const programs = postgresPrograms()
const skip = programs === undefined ? 'PostgreSQL is not installed' : false

t.test(
  'a restored database: the key that opens its connections is told from others',
  { skip },
  async t => {
    const postgres = await startPostgres(programs ?? '')
    t.teardown(() => postgres.stop())
    const client = new pg.Client({ connectionString: postgres.url })
    await client.connect()
    t.teardown(() => client.end())

    await t.rejects(run(postgres.url, KEY), { message: /no table `connections`/ })

    await client.query(`
    create table connections (id uuid primary key, key text, data text, draft boolean, deleted_at timestamptz);
    create table oauth_clients (id uuid primary key, auth_defaults text);
  `)
    t.match(await run(postgres.url, KEY), { code: 1, text: /Nothing is proven: .* no connection/ })

    const store = (text: string | null, deleted: string | null = null) =>
      client.query('insert into connections values ($1, $2, $3, false, $4)', [
        randomUUID(),
        'slack',
        text,
        deleted,
      ])
    const closed = (key: string) => AES.encrypt(JSON.stringify(CREDENTIALS), key).toString()
    // more than one batch, in one statement
    const many = Array.from({ length: 600 }, () => randomUUID())
    await client.query('insert into connections select unnest($1::uuid[]), $2, $3', [
      many,
      'slack',
      closed(KEY),
    ])
    await store(null)
    await store(closed('an older key'), '2025-01-01')
    await client.query('insert into oauth_clients values ($1, $2)', [randomUUID(), closed(KEY)])

    const good = await run(postgres.url, KEY)
    t.same(good, {
      code: 0,
      text: 'connections       600 stored, 600 opened\noauth_clients     1 stored, 1 opened\nENCRYPTION_KEY opens everything that this database stores.',
    })
    const wrong = await run(postgres.url, 'another key of another time')
    t.equal(wrong.code, 1)
    t.match(
      wrong.text,
      /connections {7}600 stored, 0 opened\n(?: {2}[0-9a-f-]{36} {2}does not open\n){5}oauth/,
    )
    t.match(wrong.text, /ENCRYPTION_KEY opens none of 601/)

    await store(closed('a newer key'))
    await store(JSON.stringify(CREDENTIALS))
    const mixed = await run(postgres.url, KEY)
    t.equal(mixed.code, 1)
    t.match(mixed.text, /is not encrypted as Automatisch does it\n/)
    t.match(mixed.text, /opens 601 of 603: the others were stored with another key/)
    t.match(JSON.parse((await run(postgres.url, KEY, true)).text), {
      proven: false,
      stored: 603,
      opened: 601,
      tables: { connections: { stored: 602, shut: [/^[0-9a-f-]{36}$/], odd: [/^[0-9a-f-]{36}$/] } },
    })
  },
)
