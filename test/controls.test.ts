import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import AES from 'crypto-js/aes.js'
import t, { type Test } from 'tap'
import { probe } from '../src/commands/doctor-probes.ts'
import { rehearse } from '../src/commands/rehearse.ts'
import { loadMap } from '../src/config/load.ts'
import { readPlainYaml } from '../src/config/plain.ts'
import { readCompose } from '../src/doctor/compose.ts'
import { type Evidence, examine } from '../src/doctor/doctor.ts'
import type { RuleId } from '../src/doctor/rules.ts'
import { makeEscrow, openEscrow } from '../src/keys/escrow.ts'
import { generateKeys } from '../src/keys/generate.ts'
import { KEY_NAMES } from '../src/keys/names.ts'
import { PINS_FILE, pinOf, writePins } from '../src/keys/pins.ts'
import { tryKey } from '../src/keys/stored.ts'
import { weaknessesOf } from '../src/keys/weakness.ts'
import { seal } from '../src/secrets/seal.ts'
import { makeSealingKey, readPrivateHalf, readPublicHalf } from '../src/secrets/sealing-key.ts'
import { developmentCertificate } from './support/certificate.ts'
import { exchange, post } from './support/sender.ts'
import { ENV, FLOW, GITHUB, genuine, PROVIDERS, STRIPE, stage } from './wire/stage.ts'

const SOUND = 'Vq3kX9_pLm2TzR7wYb5-NcJ8sHd4GfE6aQ1uKiOyZxCvBn0t'
const bytes = (text: string) => Buffer.from(text)

/** What `doctor` finds in a deployment, by rule. */
function found(file: string, change: Partial<Evidence> = {}): Set<RuleId> {
  const read = readPlainYaml(readFileSync(`test/fixtures/doctor/${file}`, 'utf8'))
  const containers = typeof read === 'string' ? [] : readCompose(read[0], file)
  const evidence: Evidence = {
    settings: undefined,
    sources: { env: {}, readFile: () => new Uint8Array(), dev: false },
    containers,
    keys: {},
    pins: [],
    files: [],
    certificates: [],
    latest: undefined,
    probed: [],
    now: 0,
    ...change,
  }
  return new Set(examine(evidence).map(({ rule }) => rule))
}
const STOCK = 'stock.compose.yaml'
const HARDENED = 'hardened.compose.yaml'

/** Each control of the operator's guide, in its words, and the core of what keeps it. */
const CONTROLS: Readonly<Record<string, (t: Test) => Promise<void>>> = {
  'long random `ENCRYPTION_KEY`, `WEBHOOK_SECRET_KEY`, `APP_SECRET_KEY`, all three distinct':
    async t => {
      const made = generateKeys()
      t.equal(new Set(Object.values(made)).size, KEY_NAMES.length)
      for (const key of KEY_NAMES) t.match(made[key], /^[A-Za-z0-9_-]{48}$/, key)
      const all = Object.fromEntries(KEY_NAMES.map(key => [key, bytes(made[key])]))
      t.same(weaknessesOf(all), [])
      t.same(found(HARDENED, { keys: all }), new Set())
      const first = bytes(made.ENCRYPTION_KEY)
      for (const weak of [bytes('sample-encryption-key'), bytes('a'.repeat(48)), first])
        t.ok(found(HARDENED, { keys: { ...all, APP_SECRET_KEY: weak } }).has('key_weak'))
    },

  'keys in secret management, never in plain files of a repository': async t => {
    const { publicText, privateText } = makeSealingKey()
    const key = readPublicHalf(publicText)
    const sealed = typeof key === 'string' ? key : `sealed:${seal(bytes(ENV.GITHUB ?? ''), key)}`
    const provider = (secret: string) =>
      `providers:\n  github: { secret: '${secret}', flows: [${FLOW}] }\n`
    const env = { HOOKWARDEN_SEAL_KEY: privateText }
    const { port, hookwarden } = await stage(t, { env, map: provider(sealed) })
    t.equal((await exchange(port, genuine('github', GITHUB, '{}')))?.status, 204)
    await hookwarden.service.log.flush()
    t.notOk(JSON.stringify(hookwarden.lines).includes(ENV.GITHUB ?? ''))
    for (const secret of ['plain:0123456789abcdef', '0123456789abcdef']) {
      const map = `version: 1\nupstream: http://127.0.0.1:3000\nlisten: { tls: [{ cert: a, key: b }] }\n${provider(secret)}`
      const { issues = [] } = loadMap(map, { file: 'map.yaml', dev: false })
      t.match(issues, [{ path: 'providers.github.secret' }], 'a map holds no secret')
    }
    for (const rule of ['secret_in_file', 'keys_on_volume'] as const)
      t.ok(found(STOCK).has(rule), rule)
  },

  'keys backed up with the database, so that a restore can decrypt the stored credentials':
    async t => {
      const { publicText, privateText } = makeSealingKey()
      const [to, offline] = [readPublicHalf(publicText), readPrivateHalf(privateText)]
      if (typeof to === 'string' || typeof offline === 'string') throw new Error('no sealing key')
      const keys = Object.fromEntries(KEY_NAMES.map(key => [key, bytes(SOUND + key)]))
      const stored = AES.encrypt('{"accessToken":"of-a-vendor"}', `${SOUND}ENCRYPTION_KEY`)
      const file = await makeEscrow(keys, { text: publicText, publicKey: to }, '2026-11-25')
      t.notOk(file.includes(SOUND), 'what lies beside the dump shows nothing')
      const opened = openEscrow(file, [offline])
      if (typeof opened === 'string') throw new Error(opened)
      const restored = opened.keys.ENCRYPTION_KEY ?? new Uint8Array()
      t.equal(tryKey(stored.toString(), restored), 'opened')
      t.equal(tryKey(stored.toString(), bytes(SOUND)), 'other_key')
      t.type(openEscrow(file, []), 'string', 'nothing opens it but the offline key')
    },

  '`ENCRYPTION_KEY` and `WEBHOOK_SECRET_KEY` never change after set-up': async t => {
    const state = t.testdir()
    const pinned = async (text: string) => pinOf(bytes(text), 'env:GITHUB', '2026-11-25')
    const pins = {
      ENCRYPTION_KEY: await pinned('before'),
      WEBHOOK_SECRET_KEY: await pinned(ENV.GITHUB ?? ''),
    }
    writeFileSync(join(state, PINS_FILE), writePins(pins))
    const map = `state: ${JSON.stringify(state)}\n${PROVIDERS}`
    const { hookwarden, until } = await stage(t, { map })
    const changed = async (key: string) =>
      (await hookwarden.metrics()).get(`hookwarden_key_changed{key="${key}"}`)
    await until(async () => (await changed('ENCRYPTION_KEY')) === 1)
    t.equal(await changed('WEBHOOK_SECRET_KEY'), 0)
    const pin = { from: 'env:A', fingerprint: '', pinned: '2026-11-25' }
    t.same(
      found(HARDENED, { pins: [{ key: 'WEBHOOK_SECRET_KEY', state: 'changed', pin }] }),
      new Set(['key_changed']),
    )
  },

  'PostgreSQL and Redis private, firewalled, Redis with a password': async t => {
    for (const rule of ['network_flat', 'redis_password', 'stock_password'] as const) {
      t.ok(found(STOCK).has(rule), rule)
      t.notOk(found(HARDENED).has(rule), rule)
    }
    const open = createServer(one => {
      one.on('error', () => {}).on('data', () => one.end('+PONG\r\n'))
    }).listen(0, '127.0.0.1')
    await once(open, 'listening')
    t.teardown(() => open.close())
    const { port } = open.address() as AddressInfo
    const probed = await probe({ reach: [], tryLogin: false, redis: `127.0.0.1:${port}`, now: 0 })
    t.match(probed, [{ rule: 'redis_password' }], 'a running Redis is asked')
  },

  'connector credentials: dedicated, least privilege, rotated': async t => {
    const map = `providers:
  github: { secret: env:GITHUB, flows: [${FLOW}] }
  stripe:
    path: ${STRIPE}
    to: flow:${FLOW.replace('0', '1')}
    secrets: [env:STRIPE, { secret: env:OLD, until: 2024-01-01 }, { secret: env:OLDEST, until: 2020-01-01 }]
`
    const env: Record<string, string> = {
      ...ENV,
      OLD: 'the-old-secret-0123456789',
      OLDEST: 'the-oldest-secret-0123456',
    }
    const { port, clock } = await stage(t, { map, env })
    let sent = 0
    const stripe = async (secret: string | undefined) => {
      const [time, body] = [Math.floor(clock.wall() / 1000), `{"n":${++sent}}`]
      const mac = createHmac('sha256', secret ?? '')
        .update(`${time}.${body}`)
        .digest('hex')
      const headers = [
        ['Content-Type', 'application/json'],
        ['Stripe-Signature', `t=${time},v1=${mac}`],
      ] as const
      return (await exchange(port, post({ target: STRIPE, headers, body })))?.status
    }
    t.equal(await stripe(env.STRIPE), 204)
    t.equal(await stripe(env.OLD), 204, 'a rotation under way')
    t.equal(await stripe(env.OLDEST), 401, 'a rotation that ended by itself')
    t.equal(await stripe(env.GITHUB), 401, 'the secret of another provider')
    const role = readFileSync('deploy/postgres-role.sql', 'utf8')
    const grants = [...role.matchAll(/^grant (.*?) (?:on|to) .*;$/gim)].map(([, what]) => what)
    t.same(
      grants.filter(what => !/^(?:usage|select \([\w, ]+\))$/.test(what ?? '')),
      [],
    )
    t.equal(grants.length, 3)
  },

  'webhooks behind a reverse proxy with TLS, payload limits, signature or shared secret':
    async t => {
      const { port, recorder } = await stage(t)
      t.equal((await exchange(port, genuine('github', GITHUB, '{}')))?.status, 204)
      t.equal(
        (await exchange(port, genuine('github', GITHUB, '{}', { sent: '{"a":1}' })))?.status,
        401,
      )
      const large = 'x'.repeat(1024 ** 2 + 1)
      t.equal((await exchange(port, genuine('github', GITHUB, large)))?.status, 413)
      await t.rejects(fetch(`http://127.0.0.1:${port}${GITHUB}`), 'nothing in plain')
      t.equal(recorder.requests.length, 1)
      for (const rule of ['proxy_missing', 'port_published', 'webhook_url'] as const)
        t.ok(found(STOCK).has(rule), rule)
    },

  'follow releases, pin images, stage upgrades, run regression flows first': async t => {
    t.ok(found(STOCK).has('image_unpinned'))
    t.notOk(found(HARDENED, { latest: '0.15.0' }).has('release_behind'))
    t.ok(found(HARDENED, { latest: '0.16.0' }).has('release_behind'))
    const { port, recorder, clock } = await stage(t, {
      map: `${PROVIDERS}defaults: { replay: off }\n`,
    })
    const folder = t.testdir({
      'map.yaml': `version: 1\nupstream: http://127.0.0.1:3000\n${PROVIDERS}`,
      flows: {
        'push.http': `POST ${GITHUB}\nContent-Type: application/json\n\n{"ref":"main"}`,
        'push.answer': 'HTTP/1.1 204\n\n',
      },
    })
    const { certFile } = await developmentCertificate()
    const run = () =>
      rehearse(
        {
          folder: join(folder, 'flows'),
          to: `https://127.0.0.1:${port}`,
          config: join(folder, 'map.yaml'),
          record: [],
          again: false,
          key: [],
          ca: certFile,
          insecure: false,
          json: false,
          dev: true,
        },
        {
          sources: { env: ENV, readFile: () => new Uint8Array(), dev: true },
          terminal: { out: () => {}, err: () => {}, paint: (_, text) => text },
          now: clock.wall(),
        },
      )
    t.equal(await run(), 0)
    recorder.react({ write: 'HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n' })
    t.equal(await run(), 1, 'a release that answers otherwise is not promoted')
  },
}

for (const [control, proves] of Object.entries(CONTROLS)) t.test(control, proves)

t.test('the page names each control as its test does, and says where it lives', async t => {
  const rows = readFileSync('docs/controls.md', 'utf8').matchAll(
    /^\| (?!control|---)(.+?) \| (.+?) \|$/gm,
  )
  const named = [...rows].map(([, control = '', home = '']) => {
    t.ok(home.length > 20, control)
    return control
  })
  t.same(named, Object.keys(CONTROLS))
})
