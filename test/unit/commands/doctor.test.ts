import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readIgnored, tell } from '../../../src/commands/doctor.ts'
import { gather } from '../../../src/commands/doctor-evidence.ts'
import { probe } from '../../../src/commands/doctor-probes.ts'
import { examine } from '../../../src/doctor/doctor.ts'
import { developmentCertificate } from '../../support/certificate.ts'

const FLOW = '0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11'
const STOCK = 'test/fixtures/doctor/stock.compose.yaml'
const HARDENED = 'test/fixtures/doctor/hardened.compose.yaml'
const NOW = Date.UTC(2026, 10, 25)

function heard() {
  const said: string[] = []
  const say = (text: string) => void said.push(text)
  const terminal = { out: say, err: say, paint: (_: string, text: string) => text }
  return { terminal, text: () => said.splice(0).join('\n') }
}

/** An address on which somebody listens. */
async function listening(t: Test, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

t.test('each rule is printed once, with places, why and fix', async t => {
  const { terminal, text } = heard()
  const found = [
    { rule: 'restart_missing', where: 'c main' },
    { rule: 'restart_missing', where: 'c redis', detail: 'no' },
    { rule: 'seed_user', where: 'c main' },
  ] as const
  t.equal(tell(found, new Map(), false, terminal), 1)
  const said = text()
  t.match(
    said,
    'restart_missing  a container is not started again when it ends\n  at   c main\n  at   c redis: no\n  why  ',
  )
  t.match(said, '2 rules found something, at 3 places')
  t.equal(
    tell(
      found,
      readIgnored(['seed_user:new installation', 'restart_missing:by systemd']),
      false,
      terminal,
    ),
    0,
  )
  t.match(
    text(),
    /restart_missing {2}ignored: by systemd\nseed_user {2}ignored: new installation\nnothing found/,
  )
  t.equal(tell(found, readIgnored(['seed_user:a: b']), true, terminal), 1)
  t.match(JSON.parse(text()), {
    findings: [{ rule: 'restart_missing', fix: /restart/, control: 'ingress' }, {}],
    ignored: [{ rule: 'seed_user', reason: 'a: b' }],
  })
  t.throws(() => readIgnored(['seed_usr:x']), { message: /did you mean 'seed_user'/ })
  t.throws(() => readIgnored(['seed_user']), { message: /say why/ })
})

t.test('map, certificates, modes and keys are read from where they are', async t => {
  const folder = t.testdir()
  const { cert, key } = await developmentCertificate()
  const at = (name: string) => join(folder, name)
  writeFileSync(at('tls.crt'), cert)
  writeFileSync(at('tls.key'), key, { mode: 0o600 })
  writeFileSync(at('secret'), '0123456789abcdef', { mode: 0o600 })
  writeFileSync(
    at('map.yaml'),
    `version: 1
upstream: http://127.0.0.1:3000
public_url: https://hooks.example.com
listen: { tls: [{ cert: ${at('tls.crt')}, key: ${at('tls.key')} }] }
providers:
  github: { secret: 'file:${at('secret')}', flows: [${FLOW}] }
`,
  )
  const { terminal } = heard()
  const env = { ENCRYPTION_KEY: 'sample-encryption-key' }
  const sources = { env, readFile: () => Buffer.from('0123456789abcdef'), dev: false }
  const run = async () => {
    const files = { config: at('map.yaml'), compose: [HARDENED], kubernetes: [] }
    const found = examine(await gather(files, { sources, terminal, now: Date.now() }, []))
    return found.map(({ rule, where }) => `${rule} ${where}`)
  }
  const first = await run()
  t.ok(first.includes('key_weak ENCRYPTION_KEY'))
  t.ok(first.includes(`certificate_host ${at('tls.crt')}`))
  t.notOk(first.some(one => one.startsWith('file_mode')))
  chmodSync(at('secret'), 0o644)
  chmodSync(at('tls.key'), 0o604)
  const second = await run()
  t.ok(second.includes(`file_mode ${at('secret')}`))
  t.ok(second.includes(`file_mode ${at('tls.key')}`))
  const none = { compose: [], kubernetes: [] }
  const world = { sources, terminal, now: NOW }
  await t.rejects(gather(none, world, undefined), { message: /what should be looked at/ })
  t.match(await gather(none, world, []), { probed: [] }, 'who was asked, and is well, is enough')
  await t.rejects(gather({ ...none, compose: ['package.json'] }, world, []), {
    message: /no `services`/,
  })
  await t.rejects(gather({ ...none, kubernetes: [STOCK] }, world, []), { message: /no manifest/ })
})

t.test('PostgreSQL and Redis private: a probe asks only who it was told to', async t => {
  const asked = { reach: [], tryLogin: false, now: NOW }
  t.same(await probe(asked), [])
  const open = await listening(
    t,
    createServer(one => void one.on('error', () => {}).on('data', () => one.end('+PONG\r\n'))),
  )
  t.match(await probe({ ...asked, redis: `127.0.0.1:${open}` }), [{ rule: 'redis_password' }])
  const shut = await listening(
    t,
    createServer(one => void one.on('error', () => {}).on('data', () => one.end('-NOAUTH\r\n'))),
  )
  t.same(await probe({ ...asked, redis: `127.0.0.1:${shut}` }), [])
  await t.rejects(probe({ ...asked, redis: '127.0.0.1:1' }), { message: /no Redis answers/ })
  await t.rejects(probe({ ...asked, redis: 'there' }), { message: /no HOST:PORT/ })
  await t.rejects(probe({ ...asked, tryLogin: true }), { message: /needs --automatisch/ })
})

t.test(
  'Automatisch is asked for its dashboard, its clock and, only where told, the stock login',
  async t => {
    const seen: string[] = []
    let stock = true
    const automatisch = createHttp((request, response) => {
      seen.push(`${request.method} ${request.url}`)
      response.setHeader('Date', new Date(NOW - 60_000).toUTCString())
      if (request.url === '/admin/queues') response.statusCode = stock ? 401 : 200
      const login = request.method === 'POST' && stock
      if (request.method === 'DELETE') {
        response.statusCode = request.headers.authorization === 't' ? 204 : 401
        return void response.end()
      }
      response.end(login ? '{"data":{"token":"t"}}' : '<html>the web page</html>')
    })
    const url = `http://127.0.0.1:${await listening(t, automatisch)}`
    const asked = { reach: [], automatisch: url, now: NOW }
    const rules = (found: readonly { rule: string }[]) => found.map(({ rule }) => rule)
    t.same(rules(await probe({ ...asked, tryLogin: false })), ['clock_offset', 'queues_reachable'])
    t.notOk(
      seen.some(line => line.startsWith('POST')),
      'no login unless told',
    )
    t.match(rules(await probe({ ...asked, tryLogin: true })), [
      'clock_offset',
      'queues_reachable',
      'seed_login',
    ])
    t.equal(seen.at(-1), 'DELETE /internal/api/v1/access-tokens/t', 'and out again')
    stock = false
    t.same(rules(await probe({ ...asked, tryLogin: true, now: NOW - 60_000 })), [])
    await t.rejects(probe({ ...asked, tryLogin: false, automatisch: 'http://127.0.0.1:1' }), {
      message: /nobody answers/,
    })
    await t.rejects(probe({ ...asked, tryLogin: false, automatisch: 'x' }), {
      message: /is no URL/,
    })
  },
)

t.test('the command line: stock exits 1, hardened 0', async t => {
  const cli = (...args: string[]) =>
    spawnSync(process.execPath, ['bin/hookwarden.js', 'doctor', ...args], {
      encoding: 'utf8',
      env: { NO_COLOR: '1' },
    })
  t.match(cli('--compose', STOCK), {
    status: 1,
    stdout: /1[3-9] rules found something, at \d+ places\n$/,
  })
  t.match(cli('--compose', HARDENED, '--latest', '0.15.0'), {
    status: 0,
    stdout: 'nothing found\n',
  })
  t.match(cli('--compose', 'none.yaml'), { status: 2, stderr: /cannot read none\.yaml \(ENOENT\)/ })
})
