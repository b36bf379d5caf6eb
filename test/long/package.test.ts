import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { licenceTexts, production } from '../../deploy/package/licences.ts'
import { SECRETS, SIGNERS } from '../signers/signers.ts'
import { developmentCertificate } from '../support/certificate.ts'
import { freePort } from '../support/free-port.ts'
import { startRecorder } from '../support/recorder.ts'
import { exchange, post } from '../support/sender.ts'

const LOCK = readFileSync('package-lock.json', 'utf8')
const FLOW = '0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11'
/** What npm says where its registry cannot be asked. */
const UNREACHED = /ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ENOTCACHED|ENETUNREACH/

const folder = mkdtempSync(join(tmpdir(), 'hookwarden-package-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

/** Every file below a folder with a hash of what it holds. */
function hashes(root: string): Record<string, string> {
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter(one =>
    one.isFile(),
  )
  const pairs = files.map(({ parentPath, name }) => {
    const path = join(parentPath, name)
    const sum = createHash('sha256').update(readFileSync(path)).digest('hex')
    return [path.slice(root.length), sum] as const
  })
  return Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function npm(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('npm', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`npm ${args.join(' ')}: ${stderr}`)
  return stdout
}

function build(...args: string[]): void {
  const { status, stderr } = spawnSync(process.execPath, ['deploy/package/build.ts', ...args], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
}

t.test('two builds are the same, byte for byte', async t => {
  for (const how of [[], ['--whole']]) {
    const [one, two] = ['one', 'two'].map(name => join(folder, `${name}${how.length}`))
    build(...how, '--to', one ?? '')
    build(...how, '--to', two ?? '')
    const first = hashes(one ?? '')
    t.ok(Object.keys(first).length > 10)
    t.same(hashes(two ?? ''), first, how.join(' '))
  }
})

t.test('a build names no place of the machine that made it', async t => {
  for (const name of ['one0', 'one1']) {
    const program = join(folder, name, 'program')
    for (const file of readdirSync(program)) {
      t.notOk(readFileSync(join(program, file), 'utf8').includes(process.cwd()), file)
    }
  }
})

t.test('what is large of the whole build takes a byte in memory for each character', async t => {
  const program = join(folder, 'one1', 'program')
  const texts = readdirSync(program).map(file => readFileSync(join(program, file), 'utf8'))
  const large = texts.filter(({ length }) => length > 100_000)
  t.ok(large.length > 3)
  t.same(
    large.flatMap(text => text.match(/.{0,60}[^\0-\xff].{0,60}/g) ?? []),
    [],
    'one character beyond Latin-1, and V8 keeps the file as pairs of bytes',
  )
})

t.test('the whole build holds what an installation has, and nothing of development', async t => {
  const madeOf = join(folder, 'made-of.json')
  build('--whole', '--to', join(folder, 'again'), '--made-of', madeOf)
  const { inputs } = JSON.parse(readFileSync(madeOf, 'utf8')) as { inputs: object }
  const inside = Object.keys(inputs).flatMap(
    path => /(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? [],
  )
  const named = new Set(production(LOCK).map(({ name }) => name))
  t.ok(inside.length > 100)
  t.same([...new Set(inside.filter(name => !named.has(name)))], [])
})

t.test('the whole build opens what is sealed, with no package around it', async t => {
  const away = mkdtempSync(join(folder, 'away-'))
  cpSync(join(folder, 'one1'), join(away, 'dist'), { recursive: true })
  cpSync('bin', join(away, 'bin'), { recursive: true })
  cpSync('package.json', join(away, 'package.json'))
  const run = (input: string, ...args: string[]) =>
    spawnSync(process.execPath, [join(away, 'bin', 'hookwarden.js'), ...args], {
      cwd: away,
      encoding: 'utf8',
      env: { HOOKWARDEN_SEAL_KEY_FILE: join(away, 'sealing.key') },
      input,
    })
  const keygen = run('', 'keygen', '--out', 'sealing.key', '--json')
  t.equal(keygen.status, 0, keygen.stderr)
  const to = /hwpub_[\w-]+/.exec(keygen.stdout)?.[0] ?? ''
  const seal = run("It's a Secret to Everybody", 'seal', '--to', to, '--json')
  t.equal(seal.status, 0, seal.stderr)
  const sealed = /sealed:[^"]+/.exec(seal.stdout)?.[0]
  const { certFile, keyFile } = await developmentCertificate()
  writeFileSync(
    join(away, 'hookwarden.yaml'),
    `version: 1
upstream: http://127.0.0.1:3000
listen: { https: 127.0.0.1:8443, tls: [{ cert: ${certFile}, key: ${keyFile} }] }
providers:
  github: { secret: '${sealed}', flows: [${FLOW}] }
`,
  )
  const check = run('', 'check')
  t.equal(check.status, 0, check.stdout + check.stderr)
})

t.test('the whole build has the text of each licence', async t => {
  const texts = readFileSync(join(folder, 'one1', 'licences.txt'), 'utf8')
  t.equal(texts, licenceTexts('.', production(LOCK)))
  for (const { name, version } of production(LOCK))
    t.ok(texts.includes(`\n${name} ${version} (`), name)
})

t.test('the bill of materials names what an installation has, and nothing else', async t => {
  const printed = npm('run', '--silent', 'sbom')
  t.equal(npm('run', '--silent', 'sbom'), printed, 'the same again')
  const bill = JSON.parse(printed) as {
    readonly bomFormat: string
    readonly serialNumber: string
    readonly metadata: { readonly component: { readonly name: string } }
    readonly components: readonly { readonly name: string; readonly version: string }[]
  }
  t.equal(bill.bomFormat, 'CycloneDX')
  t.equal(bill.metadata.component.name, 'hookwarden')
  t.match(
    bill.serialNumber,
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/,
  )
  const named = (all: readonly { readonly name: string; readonly version: string }[]) =>
    [...new Set(all.map(({ name, version }) => `${name} ${version}`))].sort()
  t.same(named(bill.components), named(production(LOCK)))
})

t.test('the tarball installs in an empty folder, and a delivery passes through it', async t => {
  const [{ filename = '' } = {}] = JSON.parse(
    npm('pack', '--silent', '--json', '--pack-destination', folder),
  ) as { readonly filename?: string }[]
  const empty = mkdtempSync(join(folder, 'empty-'))
  const install = spawnSync('npm', ['install', '--no-audit', join(folder, filename)], {
    cwd: empty,
    encoding: 'utf8',
  })
  if (install.status !== 0 && UNREACHED.test(install.stderr))
    return t.pass('skipped: the registry of packages cannot be reached', { skip: true })
  t.equal(install.status, 0, install.stderr)
  const upstream = await startRecorder()
  t.teardown(() => upstream.close())
  const { certFile, keyFile } = await developmentCertificate()
  const [https, admin] = [await freePort(), await freePort()]
  writeFileSync(
    join(empty, 'hookwarden.yaml'),
    `version: 1
upstream: http://127.0.0.1:${upstream.port}
listen: { https: 127.0.0.1:${https}, admin: 127.0.0.1:${admin}, tls: [{ cert: ${certFile}, key: ${keyFile} }] }
drain: { settle: 0s, within: 5s }
providers:
  github: { secret: env:GITHUB, flows: [${FLOW}] }
`,
  )
  const env = { ...process.env, GITHUB: SECRETS.github }
  const check = spawnSync('npx', ['hookwarden', 'check'], { cwd: empty, env, encoding: 'utf8' })
  t.equal(check.status, 0, check.stdout + check.stderr)
  const selftest = spawnSync('npx', ['hookwarden', 'selftest'], { cwd: empty, encoding: 'utf8' })
  t.equal(selftest.status, 0, selftest.stdout + selftest.stderr)
  // a group of its own, so that the signal reaches the program and not npx alone
  const child = spawn('npx', ['hookwarden', 'run'], {
    cwd: empty,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const group = -(child.pid ?? 0)
  t.teardown(() => {
    if (child.exitCode === null && child.signalCode === null) process.kill(group, 'SIGKILL')
  })
  const said: string[] = []
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', line => {
      said.push(line)
      if (line.includes('"msg":"ready"')) resolve()
    })
    void exited.then(() => reject(new Error(`it ended: ${said.join('\n')}`)))
  })
  const body = Buffer.from('{"zen":"Keep it logically awesome."}')
  const headers: [string, string][] = [
    ['Content-Type', 'application/json'],
    ...(SIGNERS.github?.(body, SECRETS.github ?? '', Date.now()) ?? []),
  ]
  const target = `/webhooks/flows/${FLOW}`
  t.equal((await exchange(https, post({ target, headers, body })))?.status, 204)
  t.equal(upstream.requests.length, 1)
  const forged = Buffer.from('{"zen":"Keep it logically dangerous."}')
  t.equal((await exchange(https, post({ target, headers, body: forged })))?.status, 401)
  t.equal(upstream.requests.length, 1, 'a forged one does not')
  const ended = once(child, 'close') // of the program too: npx may be gone before it has said its last word
  process.kill(group, 'SIGTERM')
  await ended
  t.ok(
    said.some(line => line.includes('drained')),
    `it drained: ${said.at(-1)}`,
  )
})
