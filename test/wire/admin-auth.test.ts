import t, { type Test } from 'tap'
import { startHookwarden } from '../support/hookwarden.ts'
import { ENV, PROVIDERS, stage } from './stage.ts'

const TOKEN = 'an-admin-token-of-32-characters0'
const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`

/** The status of each path of the admin listener, asked with `headers`. */
async function asked(t: Test, auth: string | undefined, headers: Record<string, string>) {
  const listen = auth === undefined ? {} : { listen: `admin_auth: ${auth}` }
  const on = await stage(t, { ...listen, files: new Map([['/admin', Buffer.from(`${TOKEN}\n`)]]) })
  const statuses: Record<string, number> = {}
  for (const path of ['/', '/metrics', '/docs/reasons/method', '/nowhere', '/healthz', '/readyz'])
    statuses[path] = (await on.hookwarden.admin(path, headers)).status
  return { statuses, on }
}

const ALL = {
  '/': 200,
  '/metrics': 200,
  '/docs/reasons/method': 200,
  '/nowhere': 404,
  '/healthz': 200,
  '/readyz': 200,
}
const FEW = {
  '/': 401,
  '/metrics': 401,
  '/docs/reasons/method': 401,
  '/nowhere': 401,
  '/healthz': 200,
  '/readyz': 200,
}

t.test('with a token, only probes are answered to whoever does not show it', async t => {
  const wrong = [
    undefined,
    'Bearer an-admin-token-of-32-characters1',
    `Bearer ${TOKEN.slice(1)}`,
    `Bearer  ${TOKEN}`,
    `Token ${TOKEN}`,
    basic(TOKEN),
    basic(`ops:${TOKEN}x`),
    'Basic %%%',
    '',
  ]
  for (const authorization of wrong) {
    const { statuses } = await asked(
      t,
      'file:/admin',
      authorization === undefined ? {} : { authorization },
    )
    t.same(statuses, FEW, authorization ?? 'nothing')
  }
  for (const authorization of [
    `Bearer ${TOKEN}`,
    `bearer ${TOKEN}`,
    basic(`ops:${TOKEN}`),
    basic(`:${TOKEN}`),
  ]) {
    const { statuses } = await asked(t, 'file:/admin', { authorization })
    t.same(statuses, ALL, authorization)
  }
})

t.test('with a user, name and password have to be right', async t => {
  const auth = '{ user: ops, password: file:/admin }'
  t.same((await asked(t, auth, { authorization: basic(`ops:${TOKEN}`) })).statuses, ALL)
  for (const authorization of [basic(`root:${TOKEN}`), basic('ops:'), `Bearer ${TOKEN}`])
    t.same((await asked(t, auth, { authorization })).statuses, FEW, authorization)
})

t.test('probes learn whether it is ready, and nothing else', async t => {
  const { on } = await asked(t, 'file:/admin', {})
  t.same(await on.hookwarden.admin('/readyz'), { status: 200, body: '' })
  const { body } = await on.hookwarden.admin('/readyz', { authorization: `Bearer ${TOKEN}` })
  t.match(body, /"github":"ready"/)
})

t.test('a name that another site may have is refused, unless a password comes with it', async t => {
  for (const host of ['hooks.example.com', 'hookwarden.evil', '127.0.0.1.example.com']) {
    t.equal((await asked(t, 'none', { host })).statuses['/'], 421, host)
    t.equal((await asked(t, undefined, { host })).statuses['/healthz'], 421, host)
    t.equal(
      (await asked(t, 'file:/admin', { host, authorization: `Bearer ${TOKEN}` })).statuses['/'],
      200,
      host,
    )
  }
  for (const host of [
    'hookwarden:9090',
    'localhost',
    '10.0.0.7:9090',
    'hookwarden.default.svc',
    'a.b.svc.cluster.local',
  ])
    t.equal((await asked(t, 'none', { host })).statuses['/'], 200, host)
})

t.test('what cannot be read lets nobody in: it does not start', async t => {
  const started = (listen: string) =>
    startHookwarden({
      map: PROVIDERS,
      env: ENV,
      upstream: 1,
      listen,
      files: new Map([['/short', Buffer.from('short')]]),
    })
  await t.rejects(started('admin_auth: file:/short'), /fewer than 16/)
  await t.rejects(started('admin_auth: env:NOBODY_SET_THIS'), /listen.admin_auth/)
})
