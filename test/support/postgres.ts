import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'

/** A PostgreSQL of a test's own. */
export interface Postgres {
  /** URL of an empty database, with the password. */
  readonly url: string
  readonly port: number
  /** Kills it, as a crash does; what was committed stays. */
  kill(): Promise<void>
  /** Starts it again where it was. */
  again(): Promise<void>
  stop(): Promise<void>
}

const PASSWORD = 'of-this-test-alone'

/** The folder of its programs; undefined where it is not installed. */
export function postgresPrograms(): string | undefined {
  const folders = globSync('/usr/lib/postgresql/*/bin').toSorted()
  return folders.findLast(folder => existsSync(join(folder, 'initdb')))
}

/** Starts one on a free port of loopback, in a folder that goes with it. It never runs as root, which PostgreSQL refuses. */
export async function startPostgres(programs: string): Promise<Postgres> {
  const user = process.getuid?.() === 0 ? ordinaryUser() : undefined
  const folder = mkdtempSync(join(tmpdir(), 'postgres-'))
  const rest = join(folder, 'password')
  execFileSync('sh', ['-c', `printf %s ${PASSWORD} > "$0"`, rest])
  if (user !== undefined) for (const path of [folder, rest]) chownSync(path, user.uid, user.gid)
  const as = { ...user, cwd: folder }
  const data = join(folder, 'data')
  const made = ['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${rest}`]
  execFileSync(join(programs, 'initdb'), [...made, '-N', '-E', 'UTF8', '--locale=C'], {
    ...as,
    stdio: 'pipe',
  })
  const port = await freePort()
  const settings = ['listen_addresses=127.0.0.1', `port=${port}`, 'unix_socket_directories=']
  const fast = ['fsync=off', 'max_connections=20', 'shared_buffers=16MB', 'autovacuum=off']
  const run = async () => {
    const server = spawn(
      join(programs, 'postgres'),
      ['-D', data, ...[...settings, ...fast].flatMap(setting => ['-c', setting])],
      { ...as, stdio: ['ignore', 'ignore', 'pipe'] },
    )
    const ended = once(server, 'exit')
    await ready(server.stderr, ended)
    return { server, ended }
  }
  let running = await run()
  const end = async (signal: NodeJS.Signals) => {
    running.server.kill(signal)
    await running.ended
  }
  return {
    url: `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`,
    port,
    kill: () => end('SIGQUIT'),
    async again() {
      running = await run()
    },
    async stop() {
      if (running.server.exitCode === null) await end('SIGINT') // "fast": ends sessions instead of waiting for them
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function ready(log: NodeJS.ReadableStream, ended: Promise<unknown>): Promise<void> {
  let said = ''
  const gone = ended.then(() => {
    throw new Error(`PostgreSQL did not start: ${said}`)
  })
  const up = new Promise<void>(resolve => {
    log.on('data', (text: Buffer) => {
      said += String(text)
      if (said.includes('ready to accept connections')) resolve()
    })
  })
  await Promise.race([up, gone])
  gone.catch(() => {})
}

/** Whom a root process may start it as: the package's own user, else nobody. */
function ordinaryUser(): { readonly uid: number; readonly gid: number } {
  const number = (flag: string, name: string) =>
    Number(execFileSync('id', [flag, name], { stdio: 'pipe' }))
  for (const name of ['postgres', 'nobody']) {
    try {
      return { uid: number('-u', name), gid: number('-g', name) }
    } catch {}
  }
  throw new Error('no ordinary user to run PostgreSQL as')
}
