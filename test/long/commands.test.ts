import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import AES from 'crypto-js/aes.js'
import pg from 'pg'
import t from 'tap'
import { sign } from '../signers/stripe.ts'
import { automatischTables } from '../support/automatisch-tables.ts'
import { developmentCertificate } from '../support/certificate.ts'
import { freePort } from '../support/free-port.ts'
import { RUN, type Run } from '../support/lines.ts'
import { type Postgres, postgresPrograms, startPostgres } from '../support/postgres.ts'
import { type Recorder, startRecorder } from '../support/recorder.ts'

const ROOT = process.cwd()
const FLOW = '0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11'
const PAID = '3f8a6a50-0b9c-4a2d-8e0f-6c2c5f4e9b33'
const TYPEFORM = '7c1d9f0e-2f57-4f0a-9d7d-1f6b8d0c3e22'
const WHSEC = 'whsec_of-32-characters-0123456789'
const BACKUP = 'backups/2026-11-26T030000Z'
const programs = postgresPrograms()

/** The folder that the pages speak of, and what runs beside it. */
class Desk {
  readonly folder = mkdtempSync(join(tmpdir(), 'hookwarden-commands-'))
  readonly env: NodeJS.ProcessEnv
  readonly #postgres: Postgres
  readonly #automatisch: Recorder
  readonly #https: number
  readonly #admin: number
  #place: string
  #publicHalf = ''
  #sealed = ''
  #serving: ChildProcess | undefined
  #reloads: Promise<unknown> | undefined

  constructor(
    postgres: Postgres,
    automatisch: Recorder,
    ports: { readonly https: number; readonly admin: number },
  ) {
    this.#postgres = postgres
    this.#automatisch = automatisch
    this.#https = ports.https
    this.#admin = ports.admin
    this.#place = this.folder
    const { password } = new URL(postgres.url)
    this.env = {
      ...process.env,
      NODE_OPTIONS: '',
      NO_COLOR: '1',
      PATH: `${join(this.folder, 'path')}:${programs}:${process.env.PATH}`,
      PGHOST: '127.0.0.1',
      PGPORT: String(postgres.port),
      PGUSER: 'postgres',
      PGPASSWORD: password,
      STRIPE_WHSEC: WHSEC,
      HOOKWARDEN_SEAL_KEY_FILE: join(this.folder, 'seal.key'),
      HOOKWARDEN_DATABASE_URL: `postgres://hookwarden:of-this-page@127.0.0.1:${postgres.port}/automatisch`,
      RESTORED_DATABASE_URL: postgres.url.replace(/\w+$/, 'restored'),
    }
  }

  /** A checkout, in which `hookwarden` is installed, with a map, a certificate, captures and a compose file. */
  async lay(): Promise<void> {
    const at = (name: string) => join(this.folder, name)
    for (const name of ['bin', 'src', 'deploy', 'docs', 'node_modules', 'package-lock.json'])
      symlinkSync(join(ROOT, name), at(name))
    copyFileSync(join(ROOT, 'package.json'), at('package.json'))
    mkdirSync(at('path'))
    writeFileSync(
      at('path/hookwarden'),
      `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'bin/hookwarden.js')}' "$@"\n`,
      { mode: 0o755 },
    )
    const { certFile, keyFile } = await developmentCertificate()
    copyFileSync(certFile, at('staging.pem'))
    copyFileSync(keyFile, at('tls.key'))
    writeFileSync(
      at('hookwarden.yaml'),
      `version: 1
upstream: ${this.#automatisch.url}
listen:
  https: 127.0.0.1:${this.#https}
  tls: [{ cert: staging.pem, key: tls.key }]
  admin: 127.0.0.1:${this.#admin}
state: state
discovery: { database: env:HOOKWARDEN_DATABASE_URL }
defaults: { replay: off }
providers:
  github: { secret: env:WEBHOOK_SECRET_KEY, flows: [${FLOW}] }
  stripe: { secret: env:STRIPE_WHSEC, path: /in/stripe, to: flow:${PAID} }
`,
    )
    mkdirSync(at('state'))
    copyFileSync(join(ROOT, 'test/fixtures/doctor/stock.compose.yaml'), at('docker-compose.yml'))
    writeFileSync(
      at('push.http'),
      `POST /webhooks/flows/${FLOW}\nContent-Type: application/json\nX-GitHub-Event: push\n\n{"ref":"main"}`,
    )
    writeFileSync(
      at('paid.http'),
      'POST /in/stripe\nContent-Type: application/json\n\n{"id":"evt_1","object":"event"}',
    )
    const signed = sign(Buffer.from('{}'), WHSEC, Date.now()).map(
      ([name, value]) => `${name}: ${value}\n`,
    )
    writeFileSync(
      at('delivery.http'),
      `POST /in/stripe\nContent-Type: application/json\n${signed.join('')}\n{}`,
    )
    writeFileSync(at('hookwarden-0.1.0.tgz'), 'packed')
    await this.#database()
  }

  async #database(): Promise<void> {
    const client = new pg.Client({ connectionString: this.#postgres.url })
    await client.connect()
    await client.query('create database automatisch')
    await client.end()
    const [tables, end] = await automatischTables(this.#postgres.url.replace(/\w+$/, 'automatisch'))
    for (const [id, app] of [
      [FLOW, 'github'],
      [TYPEFORM, 'typeform'],
    ]) {
      await tables.query('insert into flows (id, active) values ($1, true)', [id])
      await tables.query(
        "insert into steps (flow_id, type, app_key, webhook_path) values ($1, 'trigger', $2, $3)",
        [id, app, `/webhooks/flows/${id}`],
      )
    }
    await tables.query(
      'create table connections (id uuid primary key default gen_random_uuid(), key text, data text, draft boolean, deleted_at timestamptz)',
    )
    await tables.query('create table oauth_clients (id uuid primary key, auth_defaults text)')
    await end()
  }

  /** Runs one line, and gives what it printed and how it ended. */
  async run(
    line: string,
    { typed }: Run,
  ): Promise<{ readonly code: number; readonly text: string }> {
    if (/--out keys\.escrow$/.test(line)) rmSync(join(this.folder, 'keys.escrow'), { force: true })
    if (line.startsWith('cd ')) await this.#backUp()
    // what follows the restore is said elsewhere
    if (line.includes('--env-file') || line.startsWith('printf')) this.#place = this.folder
    const words = line
      .replace(/hwpub_(?:…|NEW)/, this.#publicHalf)
      .replace('sealed:AQ…', this.#sealed)
      .replace('/var/lib/hookwarden', join(this.folder, 'state'))
      .replace('127.0.0.1:9443', `127.0.0.1:${this.#https}`)
      .replace('http://127.0.0.1:3000', this.#automatisch.url)
      .replace('PID', String(this.#hookwarden()))
    const serves = / -- run /.test(line)
    // what asks for a password reads it from here where there is no terminal
    const child = spawn('bash', ['-c', words], {
      cwd: this.#place,
      env: this.env,
      detached: typed !== undefined,
    })
    child.stdin.on('error', () => {}) // it ended without reading what was typed
    child.stdin.end(typed ?? '')
    const said = serves ? this.#serve(child) : everything(child)
    const ended = await said
    this.#sealed = /^sealed:\S+$/m.exec(ended.text)?.[0] ?? this.#sealed
    if (line.includes('keygen')) this.#publicHalf = /hwpub_\S+/.exec(ended.text)?.[0] ?? ''
    if (line.startsWith('cd ')) this.#place = join(this.folder, line.slice(3))
    if (line.includes('keys generate')) this.#takeKeys()
    if (line.includes('kill -HUP')) await this.#reloads
    return ended
  }

  /** What a shell would have after reading what was made. */
  #takeKeys(): void {
    for (const [, name = '', value] of readFileSync(join(this.folder, 'keys.env'), 'utf8').matchAll(
      /^(\w+)=(.*)$/gm,
    ))
      this.env[name] = value
  }

  /** One that serves goes on: it is done when it is ready, and tells when it has read its map again. */
  #serve(child: ChildProcess): Promise<{ readonly code: number; readonly text: string }> {
    this.#serving = child
    let text = ''
    let reloaded: (value?: unknown) => void = () => undefined
    this.#reloads = new Promise(resolve => {
      reloaded = resolve
    })
    return new Promise(resolve => {
      if (child.stdout === null) return
      createInterface({ input: child.stdout }).on('line', one => {
        text += `${one}\n`
        if (one.includes('"ready"')) resolve({ code: 0, text })
        if (one.includes('the map was reloaded')) reloaded()
      })
      child.once('close', code => resolve({ code: code ?? 1, text }))
    })
  }

  /** The process of Hookwarden itself: the one below npm that holds no other. */
  #hookwarden(): number | undefined {
    let pid = this.#serving?.pid
    for (let below = pid; below !== undefined; below = childOf(below)) pid = below
    return pid
  }

  /** What the backup service writes, with a connection in it that the key in `keys.env` closed. */
  async #backUp(): Promise<void> {
    const place = join(this.folder, BACKUP)
    mkdirSync(place, { recursive: true })
    const client = new pg.Client({
      connectionString: this.#postgres.url.replace(/\w+$/, 'automatisch'),
    })
    await client.connect()
    const closed = AES.encrypt('{"token":"x"}', this.env.ENCRYPTION_KEY ?? '').toString()
    await client.query("insert into connections (key, data) values ('slack', $1)", [closed])
    await client.end()
    const dump = join(place, 'database.dump')
    const options = { env: this.env, cwd: place }
    execFileSync('pg_dump', ['--format=custom', `--file=${dump}`, 'automatisch'], options)
    for (const name of ['keys.escrow', 'escrow.key'])
      cpSync(join(this.folder, name), join(place, name))
    execFileSync('sh', ['-c', 'sha256sum database.dump keys.escrow > SHA256SUMS'], options)
  }

  read(file: string): string {
    return readFileSync(join(this.#place, file), 'utf8')
  }

  async close(): Promise<void> {
    const serving = this.#serving
    const pid = serving?.exitCode === null ? this.#hookwarden() : undefined
    if (serving !== undefined && pid !== undefined) {
      const gone = new Promise(resolve => serving.once('close', resolve))
      process.kill(pid, 'SIGKILL') // npm and the shell end with it
      await gone
    }
    rmSync(this.folder, { recursive: true, force: true })
  }
}

function childOf(pid: number): number | undefined {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return children === '' ? undefined : Number(children.split(' ')[0])
}

/** What a process printed until it ended. */
function everything(
  child: ChildProcess,
): Promise<{ readonly code: number; readonly text: string }> {
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
    })
  return new Promise(resolve => child.once('close', code => resolve({ code: code ?? -1, text })))
}

t.test(
  'the lines of the pages do what they say',
  { skip: programs === undefined && 'PostgreSQL is not installed' },
  async t => {
    const postgres = await startPostgres(programs ?? '')
    t.teardown(() => postgres.stop())
    const automatisch = await startRecorder()
    t.teardown(() => automatisch.close())
    const desk = new Desk(postgres, automatisch, {
      https: await freePort(),
      admin: await freePort(),
    })
    t.teardown(() => desk.close())
    await desk.lay()
    for (const [line, run] of Object.entries(RUN)) {
      const { code, text } = await desk.run(line, run)
      t.equal(code, run.ends ?? 0, `${line}\n${text}`)
      if (run.says) t.match(text, run.says, line)
      if (run.leaves) t.match(desk.read(run.leaves[0]), run.leaves[1], `${line}: ${run.leaves[0]}`)
    }
  },
)
