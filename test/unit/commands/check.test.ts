import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse, stringify } from 'yaml'
import { type CheckOptions, check } from '../../../src/commands/check.ts'
import { demandsOf } from '../../../src/config/demands.ts'
import { loadMap } from '../../../src/config/load.ts'
import type { SecretSources } from '../../../src/secrets/resolve.ts'
import { certify } from '../../support/authority.ts'
import { developmentCertificate } from '../../support/certificate.ts'
import { COLLECTION, sample, written } from '../verify/collection.ts'

const LONG = '0123456789abcdef'
const FLOW = '0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11'
const DESIGN = 'test/fixtures/design.yaml'
const JUNE = Date.UTC(2026, 5, 1)

const made = await developmentCertificate()

const READY: SecretSources = {
  env: { WEBHOOK_SECRET_KEY: LONG, STRIPE_WHSEC_OLD: LONG, A: LONG },
  readFile: path => {
    if (path === '/run/tls/tls.crt' || path === 'a') return Buffer.from(made.cert)
    return Buffer.from(path === '/run/tls/tls.key' || path === 'b' ? made.key : LONG)
  },
  dev: false,
}

function run(options: Partial<CheckOptions>, sources: SecretSources = READY, now = JUNE) {
  const out: string[] = []
  const err: string[] = []
  const terminal = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    paint: (_: string, text: string) => text,
  }
  const asked = { config: DESIGN, effective: false, json: false, dev: false, ...options }
  const code = check(asked, { sources, terminal, now })
  return { code, out: out.join('\n'), err: err.join('\n') }
}

t.test('a map without fault is exit 0 and one line', async t => {
  t.same(run({}), { code: 0, out: `${DESIGN}: 4 providers, 4 routes, no issue`, err: '' })
})

t.test('issues are printed with place, excerpt and fix, and exit 1', async t => {
  const { code, out } = run({ config: 'test/fixtures/broken.yaml' })
  t.equal(code, 1)
  t.match(out, 'test/fixtures/broken.yaml:4:1 discovry: unknown key `discovry`\n  4 | discovry: ')
  t.match(out, '\n    | ^\n  fix: did you mean `discovery`?\n')
  t.match(out, /broken\.yaml: \d+ issues$/)
})

t.test('a database that nobody can ask is a finding at its reference', async t => {
  const config = 'test/fixtures/full.yaml'
  const env = { WEBHOOK_SECRET_KEY: 'w'.repeat(16), STRIPE_WHSEC_OLD: 's'.repeat(16) }
  const { code, out } = run({ config }, { ...READY, env })
  t.equal(code, 1)
  t.match(out, `${config}:43:13 discovery.database: env:HOOKWARDEN_DATABASE_URL is not set`)
  t.match(out, /full\.yaml: 1 issue$/)
  const ready = { ...env, HOOKWARDEN_DATABASE_URL: 'postgres://hookwarden@db/automatisch' }
  t.same(run({ config }, { ...READY, env: ready }), {
    code: 0,
    out: `${config}: 4 providers, 3 routes and those that are discovered, no issue`,
    err: '',
  })
  const { out: effective } = run({ config, effective: true }, { ...READY, env: ready })
  t.match(effective, '\ndiscovery:\n  database: env:HOOKWARDEN_DATABASE_URL\n  every: 15s\n')
  t.match(
    effective,
    '    discovered:\n      app: typeform\n      drafts: proven\n      replay: 10m\n      replay_sync: off\n',
  )
})

t.test('a secret that nobody can use is a finding at its reference', async t => {
  const sources = { ...READY, env: { WEBHOOK_SECRET_KEY: 'hunter2' } }
  const { code, out } = run({}, sources)
  t.equal(code, 1)
  t.match(out, `${DESIGN}:40:13 providers.github.secret: env:WEBHOOK_SECRET_KEY has 7 bytes`)
  t.match(out, `${DESIGN}:53:9 providers.stripe-live.secrets[1]: env:STRIPE_WHSEC_OLD is not set`)
  t.match(out, /design\.yaml: 3 issues$/)
  t.notMatch(out, 'hunter2')
})

t.test('a key that the sender has yet to hand over is no finding', async t => {
  const entry = `secret: 'file:/keys/asana', handshake: { enrol: 2026-06-02 }, flows: [${FLOW}]`
  const head = 'version: 1\nupstream: http://127.0.0.1:3000\n'
  const map = `${head}listen: { tls: [{ cert: a, key: b }] }\nproviders:\n  asana: { ${entry} }\n`
  const config = join(t.testdir({ 'map.yaml': map }), 'map.yaml')
  const failing = (code: string): SecretSources => ({
    ...READY,
    readFile: path => {
      if (path !== '/keys/asana') return READY.readFile(path)
      throw Object.assign(new Error(code), { code })
    },
  })
  t.equal(run({ config }, failing('ENOENT')).code, 0)
  t.equal(run({ config }, failing('EACCES')).code, 1, 'one that is there has to be readable')
  t.match(run({ config, effective: true }, failing('ENOENT')).out, /enrol: 2026-06-02T23:59:59/)
})

t.test('a challenge that will not be answered is a finding at what is missing', async t => {
  const file = join(t.testdir(), 'map.yaml')
  writeFileSync(
    file,
    `version: 1
upstream: http://127.0.0.1:3000
listen: { tls: [{ cert: a, key: b }] }
providers:
  twitter: { secret: env:A, path: /a, to: flow:${FLOW} }
  github: { secret: env:B, path: /b, to: flow:${FLOW.replace('0', '1')} }
  whatsapp: { secret: env:C, verify_token: env:D, path: /c, to: flow:${FLOW.replace('0', '2')} }
`,
  )
  const env = { A: LONG, B: LONG, C: `${LONG}-other` }
  const { code, out } = run({ config: file }, { ...READY, env })
  t.equal(code, 1)
  t.match(
    out,
    ':5:22 providers.twitter.secret: another provider has the same secret, so challenges',
  )
  t.match(out, ':7:44 providers.whatsapp.verify_token: env:D is not set')
  t.match(out, /map\.yaml: 2 issues$/)
  const sound = { ...READY, env: { ...env, B: `${LONG}-too`, D: LONG } }
  t.equal(run({ config: file }, sound).code, 0)
  const effective = parse(run({ config: file, effective: true }, sound).out)
  t.match(effective.providers, {
    twitter: { handshake: 'on' },
    github: { handshake: 'off' },
    whatsapp: { handshake: 'on', verify_token: 'env:D' },
  })
})

t.test('a secret whose time is over may be gone', async t => {
  const sources = { ...READY, env: { WEBHOOK_SECRET_KEY: LONG } }
  t.equal(run({}, sources, JUNE).code, 1)
  t.equal(run({}, sources, Date.UTC(2027, 0, 1)).code, 0)
})

t.test('a secret that the scheme cannot turn into a key is a finding', async t => {
  const folder = t.testdir({
    'map.yaml': `version: 1\nupstream: http://127.0.0.1:3000\nproviders:\n  svix: { secret: env:A, flows: [${FLOW}] }\n`,
  })
  const sources = { ...READY, env: { A: 'whsec_not base64 at all!' } }
  const { code, out } = run({ config: join(folder, 'map.yaml'), dev: true }, sources)
  t.equal(code, 1)
  t.match(out, /map\.yaml:4:19 providers\.svix\.secret: env:A: .*unbase64/)
})

const PEM = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' })

/** A map with one provider that a public key proves. */
function proven(keys: string): string {
  const scheme = "{ alg: ed25519, from: 'header:x', sign: '{webhook_id}{body}' }"
  return `version: 1\nupstream: http://127.0.0.1:3000\nproviders:\n  acme:\n    scheme: ${scheme}\n    flows: [${FLOW}]\n    webhook_id: w\n${keys}`
}

t.test(
  'a public key that nobody can verify with is a finding, in a file or in the map',
  async t => {
    const folder = t.testdir({
      'file.yaml': proven('    public_key: file:key.pem\n'),
      'inline.yaml': proven("    public_key: 'abc'\n"),
      'sound.yaml': proven(`    public_key: |\n${String(PEM).replace(/^/gm, '      ')}`),
    })
    const asked = (file: string, readFile: SecretSources['readFile']) =>
      run({ config: join(folder, file), dev: true, effective: true }, { ...READY, readFile })
    const missing = asked('file.yaml', () => {
      throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
    })
    t.match(
      missing.err,
      /file\.yaml:8:17 providers\.acme\.public_key: file:key\.pem cannot be read/,
    )
    t.match(missing.err, /acme answers 503 secret_unavailable/)
    const other = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey
    const wrong = asked('file.yaml', () =>
      Buffer.from(other.export({ type: 'spki', format: 'pem' })),
    )
    t.match(wrong.err, /public_key: the public key is of type ec/)
    t.match(
      asked('inline.yaml', READY.readFile).out,
      /inline\.yaml:8:17 .*public_key: the public key is no PEM/,
    )

    const sound = asked('file.yaml', () => Buffer.from(PEM))
    t.equal(sound.code, 0)
    t.match(sound.out, '    decides: over_whole_body\n    secrets: []\n')
    t.match(sound.out, '    public_key: file:key.pem\n    webhook_id: w\n')
    t.equal(asked('sound.yaml', READY.readFile).code, 0)
  },
)

t.test('every scheme of the collection is an entry of a map, with what it demands', async t => {
  const providers = Object.entries(COLLECTION).map(([name, scheme], i) => {
    const { proof, named } = demandsOf(scheme)
    const topic = 'arn:aws:sns:eu-central-1:123456789012:a'
    const values = named.map(key => [key, key === 'topic_arn' ? topic : 'a'])
    const compiled = sample(name).scheme
    const key = proof === 'secret' ? ['secret', 'env:A'] : ['public_key', String(written(compiled))]
    const flow = FLOW.replace(/^.{8}/, i.toString(16).padStart(8, '0'))
    return [name, { ...Object.fromEntries([key, ...values]), scheme, flows: [flow] }]
  })
  const folder = t.testdir({
    'map.yaml': stringify({
      version: 1,
      upstream: 'http://127.0.0.1:3000',
      public_url: 'https://hooks.example.com',
      providers: Object.fromEntries(providers),
    }),
  })
  const sources = { ...READY, env: { A: '0123456789abcdef' } }
  const asked = { config: join(folder, 'map.yaml'), dev: true }
  t.same(run(asked, sources), {
    code: 0,
    out: `${asked.config}: 170 providers, 170 routes, no issue`,
    err: '',
  })
  const { providers: shown } = parse(run({ ...asked, effective: true }, sources).out)
  for (const [name, scheme] of Object.entries(COLLECTION)) {
    t.equal(shown[name].decides, sample(name).scheme.decides, name)
    t.same(shown[name].scheme.sign, scheme.sign)
  }
})

t.test('faults inside a scheme are placed inside its text', async t => {
  const folder = t.testdir({
    'map.yaml': `version: 1\nupstream: http://127.0.0.1:3000\nproviders:\n  acme:\n    secret: env:A\n    flows: [${FLOW}]\n    scheme: { alg: hmac-sha265, from: 'header:x', sign: '{header:t}.{bdy}' }\n`,
  })
  const { code, out } = run({ config: join(folder, 'map.yaml'), dev: true })
  t.equal(code, 1)
  t.match(out, /map\.yaml:7:20 providers\.acme\.scheme\.alg: unknown algorithm/)
  t.match(out, /map\.yaml:7:70 providers\.acme\.scheme\.sign: /)
})

t.test('--effective prints every provider in full as YAML that a map could hold', async t => {
  const { code, out, err } = run({ effective: true })
  t.equal(code, 0)
  t.equal(err, '')
  t.notMatch(out, LONG)
  t.equal(out.match(/decides: at_end/g)?.length, 4)
  for (const text of [
    '  stripe-live:\n    preset: stripe\n',
    'secret: env:STRIPE_WHSEC_OLD\n        until: 2026-12-31T23:59:59.999Z\n',
    '      body: 256KiB\n      per_address: 120/1m\n      per_provider: 50/1s\n      patience: 4s\n      concurrency: 32\n      deadline: 10s\n',
    '    answer_within: 29s\n',
    '    replay: 10m\n',
  ]) {
    t.ok(out.includes(text), text)
  }
})

t.test('--effective stays readable by machines beside a finding', async t => {
  const { code, out, err } = run({ effective: true }, { ...READY, env: {} })
  t.equal(code, 1)
  t.match(out, /^upstream:/)
  t.notMatch(out, 'is not set')
  t.match(err, 'env:WEBHOOK_SECRET_KEY is not set')
})

t.test('--json holds issues, findings and the effective map', async t => {
  const broken = run({ json: true, config: 'test/fixtures/broken.yaml' })
  t.equal(broken.code, 1)
  t.same(JSON.parse(broken.out).findings, [])
  const { issues = [] } = loadMap(readFileSync('test/fixtures/broken.yaml', 'utf8'), {
    file: 'test/fixtures/broken.yaml',
    dev: false,
  })
  t.match(JSON.parse(broken.out), { issues: { length: issues.length }, findings: [] })
  t.same(JSON.parse(broken.out).issues[0], { ...issues[0] })
  const sound = run({ json: true, effective: true }, { ...READY, env: {} })
  t.match(JSON.parse(sound.out), {
    issues: [],
    findings: [{ path: 'providers.github.secret', line: 40 }, {}, {}],
    effective: { providers: { 'acme-erp': { decides: 'at_end' } } },
  })
})

t.test('the command line: help everywhere, and exit codes 0, 1 and 2', async t => {
  const cli = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/hookwarden.js', ...args], {
      encoding: 'utf8',
      env: { NO_COLOR: '1' },
    })
    return { status, stdout, stderr }
  }
  t.match(cli('--help'), {
    status: 0,
    stdout: /run [\s\S]*check [\s\S]*health [\s\S]*reference /,
    stderr: '',
  })
  t.match(cli('check', '--help'), { status: 0, stdout: /^hookwarden check \[--config FILE\]/ })
  t.match(cli('--version'), { status: 0, stdout: /^hookwarden \d+\.\d+\.\d+ \(Node v\d+/ })
  t.match(cli(), { status: 2 })
  t.match(cli('chekc'), { status: 2, stderr: /unknown command `chekc`/ })
  t.match(cli('check', '--confg', 'x'), { status: 2, stderr: /--confg/ })
  t.match(cli('check', '--config', 'none.yaml'), {
    status: 2,
    stderr: /cannot read none\.yaml \(ENOENT\)/,
  })
  t.match(cli('check', '--config', 'test/fixtures/broken.yaml'), {
    status: 1,
    stdout: /\d+ issues\n$/,
  })
  t.match(cli('reference', '--schema'), { status: 0, stdout: /^\{\n {2}"\$schema"/ })
})

t.test('a key that two entries write differently is shared all the same', async t => {
  const file = join(t.testdir(), 'map.yaml')
  writeFileSync(
    file,
    `version: 1
upstream: http://127.0.0.1:3000
listen: { tls: [{ cert: a, key: b }] }
providers:
  twitter: { secret: env:A, path: /a, to: flow:${FLOW} }
  other:
    secret: env:B
    path: /b
    to: flow:${FLOW.replace('0', '1')}
    scheme: { alg: hmac-sha256, from: 'header:x', key: '{secret|unbase64}', sign: '{body}' }
`,
  )
  const env = { A: LONG, B: Buffer.from(LONG).toString('base64') }
  const { code, out } = run({ config: file }, { ...READY, env })
  t.equal(code, 1)
  t.match(out, 'providers.twitter.secret: another provider has the same secret, so challenges')
  t.equal(
    run({ config: file }, { ...READY, env: { ...env, B: LONG.replaceAll('-', 'A') } }).code,
    0,
  )
})

t.test(
  'certificates, keys and authorities that cannot be used are findings, with their paths',
  async t => {
    const other = await certify({ name: 'other.example' })
    const file = join(t.testdir(), 'map.yaml')
    writeFileSync(
      file,
      `version: 1
upstream: http://127.0.0.1:3000
listen:
  tls:
    - { cert: one.crt, key: one.key }
    - { cert: two.crt, key: two.key }
providers:
  github:
    secret: env:A
    flows: [${FLOW}]
    client_certificate: { ca: ca.pem, subject: client.example }
`,
    )
    const ca = await certify({ name: 'CA', authority: true })
    const sound: Record<string, string> = {
      'one.crt': made.cert,
      'one.key': made.key,
      'two.crt': other.cert,
      'two.key': other.key,
      'ca.pem': ca.cert,
    }
    const found = (changes: Record<string, string | undefined>, now = JUNE) => {
      const files = { ...sound, ...changes }
      const readFile = (path: string) => {
        const text = files[path]
        if (text === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' })
        return Buffer.from(text)
      }
      const { out } = run({ config: file }, { ...READY, readFile }, now)
      return out
        .split('\n')
        .filter(line => line.startsWith(file))
        .map(line => line.slice(file.length))
    }
    const cert = 'listen.tls[1].cert'
    const cases: readonly (readonly [changes: Record<string, string | undefined>, says: string])[] =
      [
        [{ 'two.crt': undefined }, `:6:15 ${cert}: cannot read two.crt (ENOENT)`],
        [{ 'two.key': undefined }, ':6:29 listen.tls[1].key: cannot read two.key (ENOENT)'],
        [{ 'two.crt': 'x' }, `:6:15 ${cert}: two.crt: it holds no certificate in PEM`],
        [
          { 'two.key': made.key },
          `:6:15 ${cert}: two.crt: the certificate and its key cannot be used`,
        ],
        [
          { 'two.crt': other.cert + ca.cert },
          `:6:15 ${cert}: two.crt: the chain is broken: CA did not`,
        ],
        [
          { 'ca.pem': undefined },
          ':11:31 providers.github.client_certificate.ca: cannot read ca.pem',
        ],
        [
          { 'ca.pem': made.cert },
          ':11:31 providers.github.client_certificate.ca: ca.pem: localhost is',
        ],
      ]
    for (const [changes, says] of cases) {
      const [first = '', ...rest] = found(changes)
      t.ok(first.startsWith(says), `${first} | ${says}`)
      t.match(rest, [': 1 issue'])
    }
    t.match(found({}), [': 1 provider, 1 route, no issue'])
    t.match(found({}, Date.UTC(2041, 0, 1)), [
      /it has ended \(2040/,
      /it has ended \(2040/,
      ': 2 issues',
    ])
    t.match(found({}, Date.UTC(2019, 0, 1))[0], 'one.crt: it is not valid before 2020-01-01T')
  },
)
