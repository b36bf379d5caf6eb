import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { SECRETS } from '../signers/signers.ts'
import { type AutomatischChild, startAutomatischChild } from '../support/automatisch.ts'
import { parseMetrics, type Series } from '../support/metrics.ts'

const ROOT = join(import.meta.dirname, '../..')
const MAP = join(ROOT, 'config/demo.yaml')

/** A running Hookwarden before a running stand-in for Automatisch. */
export interface Stage {
  /** The map that is served. */
  readonly map: string
  readonly https: number
  readonly admin: number
  readonly automatisch: AutomatischChild
  /** What Hookwarden wrote so far. */
  readonly log: readonly string[]
  metrics(): Promise<Series>
  /** From now on Hookwarden's log lines go to `write`. */
  follow(write: (line: string) => void): void
  /** Resolves when Hookwarden ended by itself. */
  readonly ended: Promise<unknown>
  close(): Promise<void>
}

export interface StageOptions {
  /** Whether to listen on ports that are free, or on those that the map names. */
  readonly freePorts: boolean
  /** Lets every forgery through: what the demo must notice. */
  readonly acceptsAll: boolean
}

/** Starts both. Rejects with a sentence for the operator when a port is taken or the map does not load. */
export async function setStage(options: StageOptions): Promise<Stage> {
  const text = readFileSync(MAP, 'utf8')
  const ports = {
    upstream: portOf(text, 'upstream'),
    https: portOf(text, 'https'),
    admin: portOf(text, 'admin'),
  }
  const automatisch = await startAutomatischChild({ port: options.freePorts ? 0 : ports.upstream })
  const https = options.freePorts ? await freePort() : ports.https
  const admin = options.freePorts ? await freePort() : ports.admin
  const copied = options.freePorts || options.acceptsAll
  const map = copied ? join(folderForThisProcess(), 'demo.yaml') : MAP
  if (copied) {
    const moved = text
      .replace(`127.0.0.1:${ports.upstream}`, `127.0.0.1:${automatisch.port}`)
      .replace(`127.0.0.1:${ports.https}`, `127.0.0.1:${https}`)
      .replace(`127.0.0.1:${ports.admin}`, `127.0.0.1:${admin}`)
    // report mode verifies and then lets through whatever failed
    writeFileSync(map, options.acceptsAll ? `${moved}\ndefaults: { mode: report }\n` : moved)
  }
  const hookwarden = startHookwarden(map)
  const log: string[] = []
  let follower: ((line: string) => void) | undefined
  const ended = new Promise(resolve => hookwarden.once('exit', resolve))
  const ready = new Promise<void>((resolve, reject) => {
    if (hookwarden.stdout === null) return reject(new Error('no standard output'))
    createInterface({ input: hookwarden.stdout }).on('line', line => {
      log.push(line)
      follower?.(line)
      if (line.includes('"msg":"ready"')) resolve()
    })
    hookwarden.once('exit', code => {
      reject(new Error(`Hookwarden ended with ${code} before it was ready\n${log.join('\n')}`))
    })
  })
  const close = async (): Promise<void> => {
    hookwarden.kill('SIGKILL')
    await ended
    await automatisch.close()
  }
  try {
    await ready
  } catch (error) {
    await close()
    throw error
  }
  return {
    map,
    https,
    admin,
    automatisch,
    log,
    ended,
    close,
    metrics: async () =>
      parseMetrics(await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text()),
    follow(write) {
      follower = write
    },
  }
}

/** As an operator starts it; `--dev` makes the certificate. */
function startHookwarden(map: string): ChildProcess {
  const secrets = Object.entries(SECRETS).map(([name, secret]) => [
    `DEMO_${name.toUpperCase().replaceAll('-', '_')}_SECRET`,
    secret,
  ])
  return spawn(
    process.execPath,
    [join(ROOT, 'bin/hookwarden.js'), 'run', '--config', map, '--dev'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...Object.fromEntries(secrets) },
    },
  )
}

function portOf(map: string, key: string): number {
  const port = new RegExp(`^ *${key}: .*:(?<port>\\d+)$`, 'm').exec(map)?.groups?.port
  if (port === undefined) throw new Error(`${MAP} names no port for ${key}`)
  return Number(port)
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}

function folderForThisProcess(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hookwarden-demo-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}
