import { createHmac } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { disk, readMap } from '../../src/commands/map.ts'
import { AT_START } from '../../src/process/at-start.ts'
import { certify } from '../support/authority.ts'
import { type ProcessOptions, startProcess } from '../support/process.ts'
import { connect, exchange, type Pieces, post } from '../support/sender.ts'
import { FLOW, GITHUB, type Stage, type StageOptions, stage } from './stage.ts'

const OLD = 'the first secret of the sender'
const NEW = 'the second secret of the sender'
const OTHER_FLOW = '7c1d9f0e-2f57-4f0a-9d7d-1f6b8d0c3e22'

let sent = 0
/** A delivery that was never sent before, signed with `secret`. */
function signed(secret: string, target = GITHUB): Pieces {
  const body = `{"n":${++sent}}`
  const mac = createHmac('sha256', secret).update(body).digest('hex')
  const headers = [
    ['Content-Type', 'application/json'],
    ['X-Hub-Signature-256', `sha256=${mac}`],
  ] as const
  return post({ target, headers, body })
}

interface Folder {
  readonly map: string
  readonly secret: string
  write(providers: string, process?: string): void
}

/** A folder with a map, whose provider has its secret in a file beside it. */
function folderOf(t: Test, upstream: number): Folder {
  const folder = t.testdir({ secret: OLD })
  const map = join(folder, 'hookwarden.yaml')
  const secret = join(folder, 'secret')
  const write = (providers: string, process = ''): void => {
    const head = `version: 1\nupstream: http://127.0.0.1:${upstream}\nlisten: { https: 127.0.0.1:8443, admin: 127.0.0.1:9090 }\n`
    replace(map, `${head}${process}providers:\n${providers}`)
  }
  return { map, secret, write }
}

/** Replaces a file by one rename, as editors and deployments do. */
function replace(path: string, text: string): void {
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
}

const github = ({ secret }: Pick<Folder, 'secret'>, more = '') =>
  `  github: { secret: 'file:${secret}', flows: [${FLOW}]${more} }\n`

/** A stage whose map stands in a file. */
async function withMap(
  t: Test,
  options: StageOptions = {},
): Promise<{ readonly on: Stage; readonly files: Folder }> {
  const recorder = await stage(t) // lends the port of its upstream
  const files = folderOf(t, recorder.recorder.port)
  files.write(github(files))
  return { on: await stage(t, { ...options, file: files.map }), files }
}

/** Lets the watcher look until so many reloads came of it. */
async function looked(on: Stage, reloaded: number, failed: number): Promise<void> {
  await on.until(async () => {
    on.clock.advance(1_000)
    const metrics = await on.hookwarden.metrics()
    const count = (result: string) =>
      metrics.get(`hookwarden_config_reloads_total{result="${result}"}`)
    return count('reloaded') === reloaded && count('failed') === failed
  })
}

/** Lets the watcher look so often that it would have told of anything. */
async function lookedInVain(on: Stage): Promise<void> {
  for (let i = 0; i < 20; i++) {
    on.clock.advance(1_000)
    await on.hookwarden.metrics() // lets the look that is under way come back
  }
}

/** Every line so far: they are written in blocks. */
async function lines(on: Stage): Promise<readonly Record<string, unknown>[]> {
  await on.hookwarden.service.log.flush()
  return on.hookwarden.lines
}

const status = async (on: Stage, pieces: Pieces) => (await exchange(on.port, pieces))?.status

t.test('a map, a secret and what is named by links are read again when they change', async t => {
  const { on, files } = await withMap(t)
  t.equal(await status(on, signed(OLD)), 204)
  replace(files.secret, NEW)
  await looked(on, 1, 0)
  t.equal(await status(on, signed(OLD)), 401)
  t.equal(await status(on, signed(NEW)), 204)
  files.write(
    `${github(files)}  second: { preset: github, secret: env:S, path: /in/b, to: flow:${OTHER_FLOW} }\n`,
  )
  await looked(on, 2, 0)
  t.match((await on.hookwarden.admin('/readyz')).body, /"second":"secret_unavailable"/)
  t.equal(
    await status(on, signed(NEW, '/in/b')),
    503,
    'a new provider without its secret stops no other',
  )
  t.equal(await status(on, signed(NEW)), 204)
  files.write(github(files))
  await looked(on, 3, 0)
  t.equal(await status(on, signed(NEW, '/in/b')), 404)
  t.match((await lines(on)).filter(({ msg }) => msg === 'the map was reloaded').at(-1), {
    generation: 4,
    providers: 1,
  })
})

t.test('a provider comes and goes with its file in the folder of the map', async t => {
  const { on, files } = await withMap(t)
  const senders = join(files.map, '../senders')
  mkdirSync(senders)
  files.write(github(files), 'providers_dir: senders\n')
  await looked(on, 1, 0)
  const file = join(senders, 'team.yaml')
  const entry = `preset: github\nsecret: file:${files.secret}\npath: /in/b\nto: flow:${OTHER_FLOW}\n`
  writeFileSync(file, entry)
  await looked(on, 2, 0)
  t.equal(await status(on, signed(OLD, '/in/b')), 204)
  replace(file, `${entry}methods: [PUT]\n`)
  await looked(on, 3, 0)
  t.equal(await status(on, signed(OLD, '/in/b')), 405)
  replace(file, `${entry}mode: maybe\n`)
  await looked(on, 3, 1)
  t.match((await lines(on)).at(-1), { place: `${file}:5:7`, path: 'providers.team.mode' })
  rmSync(file)
  await looked(on, 4, 1)
  t.equal(await status(on, signed(OLD, '/in/b')), 404)
})

t.test('the console shows the certificates of a map that follows', async t => {
  const files = folderOf(t, 1)
  const folder = join(files.map, '..')
  const shows = (name: string) => {
    files.write(github(files), 'console: { allow_ips: [127.0.0.1] }\n')
    const tls = `tls: [{ cert: ${folder}/${name}.crt, key: ${folder}/${name}.key }]`
    const listen = `{ ${tls}, console: 127.0.0.1:8444, https`
    writeFileSync(files.map, readFileSync(files.map, 'utf8').replace('{ https', listen))
  }
  for (const name of ['first', 'second']) {
    const { cert, key } = await certify({ name: `${name}.example` })
    writeFileSync(join(folder, `${name}.crt`), cert)
    writeFileSync(join(folder, `${name}.key`), key)
  }
  shows('first')
  const on = await stage(t, { file: files.map })
  const shown = async () => {
    const { socket } = await connect(on.hookwarden.service.consolePort ?? 0)
    const { subject } = socket.getPeerX509Certificate() ?? {}
    socket.destroy()
    return subject
  }
  t.equal(await shown(), 'CN=first.example')
  shows('second')
  await looked(on, 1, 0)
  t.equal(await shown(), 'CN=second.example')
})

t.test('a key that was handed over and is gone keeps the map that knows it', async t => {
  const files = folderOf(t, 1)
  const key = join(files.map, '../asana.key')
  writeFileSync(key, OLD)
  const asana = `  asana: { secret: 'file:${key}', handshake: { enrol: 2040-01-01T00:00:00Z }, path: /in/a, to: flow:${FLOW} }\n`
  files.write(asana)
  const on = await stage(t, { file: files.map })
  rmSync(key)
  files.write(asana, '# another look\n')
  await looked(on, 0, 1)
  t.match(on.hookwarden.service.config().refused?.issues, [{ message: 'the key of asana is gone' }])
  writeFileSync(key, OLD)
  await looked(on, 1, 1)
})

t.test('a folder of links is swapped by one rename, as Kubernetes does it', async t => {
  const first = await stage(t)
  const folder = t.testdir({})
  const revision = (name: string, more: string) => {
    mkdirSync(join(folder, name))
    const map = `version: 1\nupstream: http://127.0.0.1:${first.recorder.port}\nlisten: { https: 127.0.0.1:8443, admin: 127.0.0.1:9090 }\nproviders:\n`
    writeFileSync(
      join(folder, name, 'map.yaml'),
      map + github({ secret: join(folder, 'secret') }, more),
    )
    writeFileSync(join(folder, name, 'secret'), name === '..1' ? OLD : NEW)
    symlinkSync(name, join(folder, '..data_tmp'))
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
  }
  revision('..1', '')
  for (const file of ['map.yaml', 'secret']) symlinkSync(`..data/${file}`, join(folder, file))
  const on = await stage(t, { file: join(folder, 'map.yaml') })
  t.equal(await status(on, signed(OLD)), 204)
  revision('..2', ', methods: [PUT]')
  rmSync(join(folder, '..1'), { recursive: true })
  await looked(on, 1, 0)
  t.equal(await status(on, signed(NEW)), 405, 'map and secret together')
})

t.test('a map with issues changes nothing, and says the same as `check`', async t => {
  const { on, files } = await withMap(t)
  files.write(`${github(files, ', mod: report')}  x: { preset: nobody }\n`)
  const { issues } = readMap(files.map, true, disk)
  await looked(on, 0, 1)
  t.equal(await status(on, signed(OLD)), 204)
  t.equal((await on.hookwarden.metrics()).get('hookwarden_config_last_reload_successful'), 0)
  t.same(on.hookwarden.service.config().refused?.issues, issues)
  const told = (await lines(on)).filter(({ msg }) => msg === 'an issue of the map')
  t.same(
    told.map(({ place, path, issue }) => `${place} ${path}: ${issue}`),
    issues?.map(one => `${one.file}:${one.line}:${one.column} ${one.path}: ${one.message}`),
  )
  await lookedInVain(on)
  await looked(on, 0, 1)
  files.write(github(files))
  await looked(on, 1, 1)
  t.equal((await on.hookwarden.metrics()).get('hookwarden_config_last_reload_successful'), 1)
  t.equal(on.hookwarden.service.config().refused, undefined)
  rmSync(files.map)
  await looked(on, 1, 2)
  t.match((await lines(on)).at(-1)?.issue, /cannot read .*hookwarden\.yaml \(ENOENT\)/)
  t.equal(await status(on, signed(OLD)), 204)
})

t.test('a secret that is gone or half written does not replace the one in use', async t => {
  const { on, files } = await withMap(t)
  replace(files.secret, NEW.slice(0, 7))
  await looked(on, 0, 1)
  t.match((await lines(on)).at(-1), { path: 'providers.github.secret', issue: /has 7 bytes/ })
  t.equal(await status(on, signed(OLD)), 204)
  rmSync(files.secret)
  await looked(on, 0, 2)
  t.equal(await status(on, signed(OLD)), 204)
  replace(files.secret, NEW)
  await looked(on, 1, 2)
  t.equal(await status(on, signed(NEW)), 204)
})

t.test('a secret that cannot be read for a while is read without being touched again', async t => {
  let broken = false
  const { on, files } = await withMap(t, {
    readSecret(path) {
      if (broken) throw Object.assign(new Error('i/o error'), { code: 'EIO' })
      return readFileSync(path)
    },
  })
  broken = true
  replace(files.secret, NEW)
  await looked(on, 0, 1)
  for (let i = 0; i < 3; i++) await lookedInVain(on)
  const told = (await lines(on)).filter(({ msg }) => msg === 'an issue of the map')
  t.match(told, [{ issue: /cannot be read \(EIO\)/ }], 'a minute of it is said once')
  t.equal(told.length, 1)
  t.equal(await status(on, signed(OLD)), 204)
  broken = false
  await looked(on, 1, 1)
  t.equal(await status(on, signed(NEW)), 204)
})

t.test(
  'a file that is written anew and says the same is no reload; SIGHUP always is one',
  async t => {
    const { on, files } = await withMap(t)
    replace(files.map, readFileSync(files.map, 'utf8'))
    replace(files.secret, OLD)
    await lookedInVain(on)
    await looked(on, 0, 0)
    on.hookwarden.service.reload()
    await looked(on, 1, 0)
    t.equal(on.hookwarden.service.config().generation, 2)
  },
)

/** A change of each key that is taken at the start alone. */
const FIXED: Readonly<Record<string, (map: string) => string>> = {
  upstream: map => map.replace(/upstream: .*/, 'upstream: http://127.0.0.1:1'),
  'upstream.connect': map => map.replace(/upstream: (.*)/, 'upstream: { url: "$1", connect: 3s }'),
  'listen.https': map => map.replace('https: 127.0.0.1:8443', 'https: 127.0.0.1:8444'),
  'listen.http': map =>
    `${map}trust_proxies: [10.0.0.0/8]\n`.replace('{ https', '{ http: 127.0.0.1:8080, https'),
  'listen.admin': map => map.replace('admin: 127.0.0.1:9090', 'admin: 127.0.0.1:9091'),
  'listen.admin_auth': map => map.replace('9090', "9090, admin_auth: 'env:ADMIN'"),
  'listen.proxy_protocol': map =>
    `${map}trust_proxies: [10.0.0.0/8]\n`.replace('{ https', '{ proxy_protocol: true, https'),
  console: map => `${map}console: { allow_ips: [10.0.0.0/8] }\n`,
  'limits.headers': map => `${map}limits: { headers: 6s }\n`,
  state: map => `${map}state: /var/lib/hookwarden\n`,
  store: map => `${map}store: redis://127.0.0.1:6379\n`,
  on_store_error: map => `${map}store: redis://127.0.0.1:6379\non_store_error: closed\n`,
}

t.test('what is taken at the start alone is refused by name, and the page lists it', async t => {
  const { on, files } = await withMap(t)
  const sound = readFileSync(files.map, 'utf8')
  for (const { path } of AT_START) {
    const key = path.join('.')
    replace(files.map, FIXED[key]?.(sound) ?? '')
    on.hookwarden.service.reload()
    const issues = on.hookwarden.service.config().refused?.issues ?? []
    const about = issues.find(one => one.message === `\`${key}\` is taken at the start alone`)
    t.match(about?.fix, /^restart/, key)
  }
  const page = readFileSync(join(import.meta.dirname, '../../docs/reload.md'), 'utf8')
  const listed = [...page.matchAll(/^\| `(?<key>[\w.]+)` \| restart \|/gm)]
  t.same(
    listed.map(({ groups }) => groups?.key).sort(),
    AT_START.map(({ path }) => path.join('.')).sort(),
  )
  replace(files.map, `${sound}limits: { connections_per_address: 1, idle: 5s, buffered: 32MiB }\n`)
  const other = await connect(on.port)
  on.hookwarden.service.reload()
  t.equal(on.hookwarden.service.config().refused, undefined)
  const refused = await connect(on.port).catch(() => undefined)
  t.equal(await refused?.closed.then(() => undefined), undefined, 'caps hold from now on')
  t.equal((await on.hookwarden.metrics()).get('hookwarden_buffered_limit_bytes'), 32 * 1024 ** 2)
  other.destroy()
})

t.test(
  'certificates and authorities of the next map are served at once, or it is refused',
  async t => {
    const [first, second, root, wrong] = await Promise.all([
      certify({ name: 'first.example' }),
      certify({ name: 'second.example' }),
      certify({ name: 'Root', authority: true }),
      certify({ name: 'Wrong', authority: true }),
    ])
    const client = await certify({ name: 'client.example', by: root })
    const folder = t.testdir({
      secret: OLD,
      'a.crt': first.cert,
      'a.key': first.key,
      'b.crt': second.cert,
      'root.pem': root.cert,
      'wrong.pem': wrong.cert,
    })
    const upstream = (await stage(t)).recorder.port
    const map = join(folder, 'map.yaml')
    const write = (names: readonly string[], ca?: string) => {
      const tls = names.map(name => `{ cert: ${folder}/${name}.crt, key: ${folder}/${name}.key }`)
      const asked =
        ca && `, client_certificate: { ca: ${folder}/${ca}.pem, subject: client.example }`
      replace(
        map,
        `version: 1\nupstream: http://127.0.0.1:${upstream}\nlisten: { https: 127.0.0.1:8443, admin: 127.0.0.1:9090, tls: [${tls}] }\nproviders:\n${github({ secret: join(folder, 'secret') }, asked)}`,
      )
    }
    write(['a'])
    const on = await stage(t, { file: map })
    const shown = async (servername: string) => {
      const connection = await connect(on.port, { servername })
      const name = connection.socket.getPeerX509Certificate()?.subject
      connection.destroy()
      return name
    }
    t.equal(await shown('second.example'), 'CN=first.example')
    write(['a', 'b'])
    await looked(on, 0, 1)
    t.match((await lines(on)).at(-1)?.issue, /cannot read .*b\.key \(ENOENT\)/)
    writeFileSync(join(folder, 'b.key'), second.key)
    await looked(on, 1, 1)
    t.equal(await shown('second.example'), 'CN=second.example', 'the name chooses from now on')
    t.equal(await shown('first.example'), 'CN=first.example')
    write(['b'], 'root')
    await looked(on, 2, 1)
    t.equal(await shown('first.example'), 'CN=second.example')
    t.equal(await status(on, signed(OLD)), 403, 'senders are asked for a certificate')
    const proven = await connect(on.port, client)
    const answered = async () => {
      const answer = proven.readAnswer()
      await proven.send(signed(OLD))
      return (await answer).status
    }
    t.equal(await answered(), 204)
    write(['b'], 'wrong')
    await looked(on, 3, 1)
    t.equal(await answered(), 403, 'what a connection proves is judged by the present map')
    proven.destroy()
    write(['b'])
    await looked(on, 4, 1)
    t.equal(await status(on, signed(OLD)), 204)
  },
)

t.test('SIGHUP reads the map of a process again, sound or not', async t => {
  const options: ProcessOptions = {}
  const hookwarden = await startProcess(t, options)
  const { child, lines, map } = hookwarden
  const said = async (msg: string, count: number) => {
    while (lines.filter(line => line.msg === msg).length < count)
      await new Promise(resolve => setImmediate(resolve))
  }
  const sound = readFileSync(map, 'utf8')
  child.kill('SIGHUP')
  await said('the map was reloaded', 1)
  writeFileSync(map, sound.replace('providers:', 'provider:'))
  child.kill('SIGHUP')
  await said('the map was not reloaded: the one before stays', 1)
  t.equal((await hookwarden.admin('/readyz')).status, 200)
})

t.test(
  'a map for development that names no certificate any more is served with one of its own',
  async t => {
    const { cert, key } = await certify({ name: 'named.example' })
    const folder = t.testdir({ 'tls.crt': cert, 'tls.key': key })
    const hookwarden = await startProcess(t, {
      tls: `[{ cert: ${folder}/tls.crt, key: ${folder}/tls.key }]`,
    })
    const { child, lines, map, port } = hookwarden
    const shown = async () => {
      const { socket } = await connect(port)
      const { subject } = socket.getPeerX509Certificate() ?? {}
      socket.destroy()
      return subject
    }
    t.equal(await shown(), 'CN=named.example')
    writeFileSync(map, readFileSync(map, 'utf8').replace(/^ *tls: .*$/m, ''))
    child.kill('SIGHUP')
    while (!lines.some(({ msg }) => /^the map was (?:not )?reloaded/.test(String(msg))))
      await new Promise(resolve => setImmediate(resolve))
    t.equal(
      lines.find(({ msg }) => msg === 'an issue of the map'),
      undefined,
    )
    t.match(
      lines.findLast(({ names }) => names !== undefined),
      { msg: 'certificates were read again', names: 'localhost' },
    )
    t.equal(await shown(), 'CN=localhost')
    t.equal((await hookwarden.admin('/readyz')).status, 200)
  },
)
