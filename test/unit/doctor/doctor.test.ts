import { readFileSync } from 'node:fs'
import t from 'tap'
import { loadMap } from '../../../src/config/load.ts'
import { readPlainYaml } from '../../../src/config/plain.ts'
import { readCompose } from '../../../src/doctor/compose.ts'
import type { Container } from '../../../src/doctor/deployment.ts'
import { type Evidence, examine } from '../../../src/doctor/doctor.ts'
import { readManifests } from '../../../src/doctor/kubernetes.ts'
import { RULES, type RuleId } from '../../../src/doctor/rules.ts'

const NOW = Date.UTC(2026, 10, 25)
const DAY = 86_400e3
const GOOD_KEY = 'Vq3kX9_pLm2TzR7wYb5-NcJ8sHd4GfE6aQ1uKiOyZxCvBn0t'
const flow = (n: number) => `0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d1${n}`

const MAP = `
public_url: https://hooks.example.com
upstream: http://10.1.2.3:3000
providers:
  github: { secret: env:WEBHOOK_SECRET_KEY, flows: [${flow(1)}] }
  typeform: { secret: env:WEBHOOK_SECRET_KEY, flows: [${flow(2)}] }
  stripe: { secret: env:STRIPE, path: /in/stripe, to: flow:${flow(3)} }
  gitlab: { secret: env:GITLAB, path: /in/gitlab, to: flow:${flow(4)} }
  printer: { scheme: { none: it cannot sign }, allow_ips: [192.0.2.1], path: /in/p, to: flow:${flow(5)} }
`
const ENV = {
  WEBHOOK_SECRET_KEY: GOOD_KEY,
  STRIPE: 'whsec_0123456789',
  GITLAB: 'glsec_0123456789',
}

function settingsOf(map: string) {
  const loaded = loadMap(`version: 1\n${map}`, { file: 'map.yaml', dev: true })
  if (loaded.settings === undefined) throw new Error(JSON.stringify(loaded.issues))
  return loaded.settings
}

function documents(name: string): readonly unknown[] {
  const read = readPlainYaml(readFileSync(`test/fixtures/doctor/${name}`, 'utf8'))
  if (typeof read === 'string') throw new Error(read)
  return read
}

const composed = (name: string) => readCompose(documents(name)[0], name)

/** A hardened installation, with what a case changes about it. */
function hardened(change: Partial<Evidence> = {}): Evidence {
  return {
    settings: settingsOf(MAP),
    sources: { env: ENV, readFile: () => new Uint8Array(), dev: false },
    containers: composed('hardened.compose.yaml'),
    keys: { WEBHOOK_SECRET_KEY: Buffer.from(GOOD_KEY) },
    pins: [],
    files: [{ path: '/run/secrets/a', mode: 0o100640 }],
    certificates: [{ file: 'a.pem', notAfter: NOW + 90 * DAY, forHost: true, chained: true }],
    latest: '0.15.0',
    probed: [],
    now: NOW,
    ...change,
  }
}

const map = (from: string | RegExp, to: string) =>
  hardened({ settings: settingsOf(MAP.replace(from, to)) })

/** The installation with a store that replicas share. */
const stored = (store: string) => map('upstream:', `store: ${store}\nupstream:`)

/** The installation with one container changed. */
function container(role: Container['role'], change: Partial<Container>): Evidence {
  const containers = composed('hardened.compose.yaml')
  return hardened({
    containers: containers.map(one => (one.role === role ? { ...one, ...change } : one)),
  })
}

function env(
  role: Container['role'],
  set: Record<string, string | undefined>,
  drop = '',
): Evidence {
  const now = composed('hardened.compose.yaml').find(one => one.role === role)?.env ?? new Map()
  const next = new Map([...now, ...Object.entries(set)])
  next.delete(drop)
  return container(role, { env: next })
}

const pin = { from: 'env:A', fingerprint: '', pinned: '2026-01-02' }
const certificate = { file: 'a.pem', notAfter: NOW + 90 * DAY, forHost: true, chained: true }
const probed = (rule: RuleId) => hardened({ probed: [{ rule, where: 'there' }] })

/** For each rule at least one installation in which it fires, with the place it names. */
const FIRES: Readonly<Record<RuleId, readonly (readonly [Evidence, string])[]>> = {
  proxy_missing: [
    [
      hardened({ containers: composed('hardened.compose.yaml').slice(1) }),
      'hardened.compose.yaml main',
    ],
  ],
  port_published: [[container('main', { published: [3000] }), 'hardened.compose.yaml main']],
  upstream_public: [[map('10.1.2.3', '203.0.113.9'), 'map upstream']],
  store_password: [
    [stored('redis://redis:6379/1'), 'map store'],
    [stored('rediss://10.1.2.4'), 'map store'],
    [stored('{ url: redis://redis, user: env:REDIS_USER }'), 'map store'],
  ],
  webhook_url: [
    [env('main', {}, 'WEBHOOK_URL'), 'hardened.compose.yaml main'],
    [
      env('main', { WEBHOOK_URL: 'https://hooks.example.com/prefix/' }),
      'hardened.compose.yaml main',
    ],
    [env('main', { WEBHOOK_URL: 'http://hooks.example.com' }), 'hardened.compose.yaml main'],
    [env('main', { WEBHOOK_URL: 'https://other.example.com' }), 'hardened.compose.yaml main'],
    [env('main', { WEBHOOK_URL: 'hooks' }), 'hardened.compose.yaml main'],
  ],
  store_published: [
    [container('postgres', { published: [5432] }), 'hardened.compose.yaml postgres'],
    [container('redis', { published: [6379] }), 'hardened.compose.yaml redis'],
  ],
  redis_password: [
    [container('redis', { words: ['redis-server'] }), 'hardened.compose.yaml redis'],
  ],
  stock_password: [
    [
      env('postgres', { POSTGRES_PASSWORD: 'automatisch_password' }),
      'hardened.compose.yaml postgres',
    ],
  ],
  network_flat: [[container('redis', { isolated: false }), 'hardened.compose.yaml redis']],
  worker_exposed: [
    [
      container('worker', { beside: new Set(['main', 'hookwarden']) }),
      'hardened.compose.yaml worker',
    ],
    [container('main', { beside: new Set(['hookwarden', 'other']) }), 'hardened.compose.yaml main'],
  ],
  secret_in_file: [
    [env('main', { ENCRYPTION_KEY: GOOD_KEY }), 'hardened.compose.yaml main'],
    [container('redis', { words: ['--requirepass', 'hunter2'] }), 'hardened.compose.yaml redis'],
  ],
  keys_on_volume: [
    [container('main', { words: ['/compose-entrypoint.sh'] }), 'hardened.compose.yaml main'],
  ],
  file_mode: [[hardened({ files: [{ path: '/a', mode: 0o100644 }] }), '/a']],
  key_weak: [
    [
      hardened({ keys: { ENCRYPTION_KEY: Buffer.from('sample-encryption-key') } }),
      'ENCRYPTION_KEY',
    ],
  ],
  key_changed: [
    [hardened({ pins: [{ key: 'ENCRYPTION_KEY', state: 'changed', pin }] }), 'ENCRYPTION_KEY'],
  ],
  secret_shared: [
    [
      map('secret: env:GITLAB', 'preset: shopify, secret: env:STRIPE'),
      'map providers.stripe, gitlab',
    ],
    [
      map(
        /^ {2}gitlab.*$/m,
        `  svix-a: { preset: shopify, secret: env:GONE, path: /a, to: flow:${flow(6)} }\n  b: { preset: shopify, secret: env:GONE, path: /b, to: flow:${flow(7)} }`,
      ),
      'map providers.svix-a, b',
    ],
  ],
  secret_in_clear: [
    [map('env:GITLAB', 'env:WEBHOOK_SECRET_KEY'), 'map providers.github, typeform, gitlab'],
  ],
  secret_ended: [
    [
      map('secret: env:STRIPE', 'secrets: [env:STRIPE, { secret: env:GITLAB, until: 2026-11-01 }]'),
      'map providers.stripe',
    ],
  ],
  provider_unsigned: [[map('allow_ips: [192.0.2.1], ', ''), 'map providers.printer']],
  provider_reports: [
    [map('secret: env:STRIPE', 'mode: report, secret: env:STRIPE'), 'map providers.stripe'],
  ],
  body_limit: [
    [
      map('secret: env:STRIPE', 'limits: { body: 2MiB }, secret: env:STRIPE'),
      'map providers.stripe',
    ],
  ],
  certificate_expiry: [
    [hardened({ certificates: [{ ...certificate, notAfter: NOW + 20 * DAY }] }), 'a.pem'],
    [hardened({ certificates: [{ ...certificate, notAfter: NOW - DAY }] }), 'a.pem'],
  ],
  certificate_host: [[hardened({ certificates: [{ ...certificate, forHost: false }] }), 'a.pem']],
  certificate_chain: [[hardened({ certificates: [{ ...certificate, chained: false }] }), 'a.pem']],
  container_root: [[container('worker', { root: true }), 'hardened.compose.yaml worker']],
  restart_missing: [[container('redis', { restarts: false }), 'hardened.compose.yaml redis']],
  health_unchecked: [
    [container('worker', { healthChecked: false }), 'hardened.compose.yaml worker'],
  ],
  image_unpinned: [
    [container('redis', { image: 'redis:7.4.2' }), 'hardened.compose.yaml redis'],
    [container('main', { image: undefined }), 'hardened.compose.yaml main'],
  ],
  release_behind: [
    [hardened({ latest: 'v0.16' }), 'hardened.compose.yaml main'],
    [hardened({ latest: '0.15.1' }), 'hardened.compose.yaml worker'],
  ],
  seed_user: [[env('main', {}, 'DISABLE_SEED_USER'), 'hardened.compose.yaml main']],
  role_broad: [[probed('role_broad'), 'there']],
  seed_login: [[probed('seed_login'), 'there']],
  queues_reachable: [
    [env('main', { ENABLE_BULLMQ_DASHBOARD: 'true' }), 'hardened.compose.yaml main'],
    [probed('queues_reachable'), 'there'],
  ],
  log_debug: [[env('worker', { LOG_LEVEL: 'debug' }), 'hardened.compose.yaml worker']],
  clock_offset: [[probed('clock_offset'), 'there']],
}

t.test('a hardened installation has nothing to find, whichever way it is deployed', async t => {
  t.same(examine(hardened()), [])
  const manifests = readManifests(documents('hardened.kubernetes.yaml'), 'k')
  t.same(
    manifests.map(({ role }) => role),
    ['main', 'hookwarden', 'redis'],
  )
  t.same(examine(hardened({ containers: manifests })), [])
})

for (const rule of Object.keys(RULES) as RuleId[]) {
  t.test(`${rule} fires where it should, and not where all is well`, async t => {
    t.notOk(examine(hardened()).some(one => one.rule === rule))
    for (const [evidence, where] of FIRES[rule]) {
      const found = examine(evidence)
      t.ok(
        found.some(one => one.rule === rule && one.where === where),
        JSON.stringify(found),
      )
      t.notMatch(
        JSON.stringify(found),
        /hunter2|Vq3k|whsec_0|glsec_0|sample-/,
        'no secret is shown',
      )
    }
  })
}

t.test('what a rule must not be misled by', async t => {
  const quiet: readonly [RuleId, Evidence][] = [
    ['secret_shared', hardened()], // WEBHOOK_SECRET_KEY is Automatisch's to share
    ['webhook_url', env('main', { WEBHOOK_URL: undefined })],
    ['secret_in_file', env('main', { ENCRYPTION_KEY: undefined })],
    ['release_behind', hardened({ latest: '0.14.9' })],
    ['release_behind', hardened({ latest: undefined })],
    ['release_behind', container('main', { image: 'registry:5000/automatisch' })],
    ['upstream_public', map('http://10.1.2.3:3000', 'http://main:3000')],
    ['store_password', stored('{ url: redis://redis:6379, password: env:REDIS_PASSWORD }')],
    ['store_password', stored('redis://127.0.0.1:6379')],
    ['store_password', stored('redis://[::1]')],
    ['store_password', stored('redis://localhost')],
    ['store_password', stored('memory')],
    ['upstream_public', map('10.1.2.3', '172.31.0.1')],
    ['key_changed', hardened({ pins: [{ key: 'ENCRYPTION_KEY', state: 'unseen', pin }] })],
    [
      'certificate_host',
      hardened({ certificates: [{ ...certificate, forHost: false }, certificate] }),
    ],
    ['container_root', container('redis', { root: true })],
    ['worker_exposed', container('main', { beside: new Set(['hookwarden', 'redis', 'worker']) })],
  ]
  for (const [rule, evidence] of quiet) {
    t.notOk(
      examine(evidence).some(one => one.rule === rule),
      rule,
    )
  }
})

t.test('the stock installation has at least twelve things to find', async t => {
  const found = examine(hardened({ containers: composed('stock.compose.yaml') }))
  t.same([...new Set(found.map(({ rule }) => rule))].sort(), [
    'container_root',
    'health_unchecked',
    'image_unpinned',
    'keys_on_volume',
    'network_flat',
    'port_published',
    'proxy_missing',
    'redis_password',
    'restart_missing',
    'secret_in_file',
    'seed_user',
    'stock_password',
    'webhook_url',
  ])
})

t.test(
  'who shares a network is read from the file, the one that all have without a word included',
  async t => {
    const services = {
      hookwarden: { image: 'hookwarden', networks: ['edge'] },
      main: { image: 'automatisch', networks: { edge: null, inner: null } },
      worker: { image: 'automatisch', networks: ['inner'] },
      redis: { image: 'redis', networks: ['inner'] },
      grafana: { image: 'grafana' },
      portainer: { image: 'portainer' },
    }
    const beside = readCompose({ services }, 'c').map(one => [...one.beside].sort())
    t.same(beside, [
      ['main'],
      ['hookwarden', 'redis', 'worker'],
      ['main', 'redis'],
      ['main', 'worker'],
      ['other'],
      ['other'],
    ])
  },
)

t.test('ports of a compose file are told from those on loopback', async t => {
  const ports: readonly [unknown, readonly number[]][] = [
    ['3000:3000', [3000]],
    ['3000', [3000]],
    [3000, [3000]],
    ['0.0.0.0:8080:3000', [8080]],
    ['127.0.0.1:3000:3000', []],
    ['[::1]:3000:3000', []],
    ['[::]:3001:3000/tcp', [3001]],
    ['localhost:3000:3000', []],
    [{ target: 3000, published: '3002' }, [3002]],
    [{ target: 3000, published: 3000, host_ip: '127.0.0.1' }, []],
    [{ target: 3000 }, []],
  ]
  for (const [port, published] of ports) {
    const services = { main: { image: 'automatisch', ports: [port] } }
    t.same(readCompose({ services }, 'c')[0]?.published, published, JSON.stringify(port))
  }
})

t.test('manifests: what is open is told from what is closed', async t => {
  const pod = (spec: object, labels = {}) => ({
    kind: 'Pod',
    metadata: { name: 'p', labels },
    spec: {
      containers: [
        { name: 'main', image: 'automatisch', ports: [{ containerPort: 3000 }], ...spec },
      ],
    },
  })
  const service = {
    kind: 'Service',
    spec: { type: 'NodePort', selector: { a: 'b' }, ports: [{ port: 3000 }] },
  }
  const policy = { kind: 'NetworkPolicy', spec: { podSelector: {} } }
  const read = (...all: object[]) => readManifests([{ kind: 'List', items: all }], 'k')[0]
  t.same(read(pod({}, { a: 'b' }), service)?.published, [3000])
  t.same(read(pod({}, { a: 'c' }), service)?.published, [])
  t.same(read(pod({ ports: [{ containerPort: 3000, hostPort: 80 }] }))?.published, [80])
  t.equal(read(pod({}), policy)?.isolated, true)
  t.equal(read(pod({}))?.isolated, false)
  t.match(read(pod({})), { root: true, healthChecked: false, role: 'main' })
  t.equal(read(pod({ securityContext: { runAsUser: 1000 } }))?.root, false)
})

t.test('a file that is no YAML, or a bomb of aliases, is said to be so', async t => {
  t.type(readPlainYaml('a: ['), 'string')
  const bomb = ['a: &a [x]']
  for (let i = 1; i < 12; i++)
    bomb.push(`b${i}: &b${i} [${Array(9).fill(`*${i === 1 ? 'a' : `b${i - 1}`}`)}]`)
  t.match(readPlainYaml(bomb.join('\n')), /alias/i)
  t.same(readPlainYaml('a: !x b\n---\nc: d'), [{ a: 'b' }, { c: 'd' }])
})
