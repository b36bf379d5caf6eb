import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import { SECRETS } from '../signers/signers.ts'
import { freePort } from './free-port.ts'
import { parseMetrics, type Series } from './metrics.ts'

const ROOT = join(import.meta.dirname, '../..')
/** Flow of the map's one provider, `github`. */
const FLOW = '0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11'

export interface ProcessOptions {
  /** Port of the upstream on loopback; nobody listens there unless given. */
  readonly upstream?: number
  /** `upstream:` as the map has it, where a plain URL is not enough. */
  readonly upstreamMap?: string
  /** A line under `listen` beside those written here. */
  readonly listen?: string
  /** Keys of the map beside those written here. */
  readonly map?: string
  /** Keys of the provider beside its secret and flow, a line each. */
  readonly provider?: string
  readonly https?: number
  readonly tls?: string
  /** Options of Node. */
  readonly node?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** A fault to plant: the end of a file's name, what stands there, what is put for it. */
  readonly plant?: readonly [file: string, find: string, put: string]
  /** How many files it may open; as many as this process unless given. */
  readonly files?: number
  /** A file descriptor for standard output, where the test does not read it. */
  readonly stdout?: number
}

/** A Hookwarden in a process of its own, as an operator starts it. */
export interface Process {
  readonly child: ChildProcess
  readonly port: number
  /** Path of its map. */
  readonly map: string
  /** One object for each log line so far. */
  readonly lines: Record<string, unknown>[]
  /** Everything on standard error. */
  stderr(): string
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>
  admin(path: string): Promise<{ readonly status: number; readonly body: string }>
  metrics(): Promise<Series>
}

/** Starts one and waits until it is ready. Rejects where it ends before. */
export async function startProcess(
  t: Pick<Test, 'teardown'>,
  options: ProcessOptions = {},
): Promise<Process> {
  const https = options.https ?? (await freePort())
  const admin = await freePort()
  const started = launch(t, options, { https, admin })
  const ask = async (path: string): Promise<{ status: number; body: string }> => {
    // a connection for each: how many are kept, and for how long, is fetch's own affair, and open files are counted
    const answer = await fetch(`http://127.0.0.1:${admin}${path}`, {
      headers: { connection: 'close' },
    })
    return { status: answer.status, body: await answer.text() }
  }
  const ready = options.stdout === undefined ? started.ready : untilReady(ask)
  const ended = started.exited.then(() => {
    throw new Error(`ended before it was ready: ${started.stderr()}`)
  })
  await Promise.race([ready, ended])
  ended.catch(() => undefined)
  return {
    ...started,
    port: https,
    admin: ask,
    metrics: async () => parseMetrics((await ask('/metrics')).body),
  }
}

/** Where its log cannot be read. */
async function untilReady(ask: (path: string) => Promise<{ status: number }>): Promise<void> {
  while ((await ask('/readyz').catch(() => undefined))?.status !== 200) await pause(20)
}

/** Starts one that is expected to end by itself. */
export async function runProcess(
  t: Test,
  options: ProcessOptions,
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const ports = { https: options.https ?? (await freePort()), admin: await freePort() }
  const { exited, stderr } = launch(t, options, ports)
  const { code } = await exited
  return { code, stderr: stderr() }
}

function launch(
  t: Pick<Test, 'teardown'>,
  options: ProcessOptions,
  ports: { readonly https: number; readonly admin: number },
): Pick<Process, 'child' | 'map' | 'lines' | 'stderr' | 'exited'> & {
  readonly ready: Promise<unknown>
} {
  const { node = [], env = {}, plant, stdout = 'pipe' } = options
  const folder = mkdtempSync(join(tmpdir(), 'hookwarden-process-'))
  const map = join(folder, 'hookwarden.yaml')
  writeFileSync(map, mapOf(options, ports))
  const planting = plant === undefined ? [] : ['--import', join(import.meta.dirname, 'plant.ts')]
  const args = [
    ...node,
    ...planting,
    join(ROOT, 'bin/hookwarden.js'),
    'run',
    '--dev',
    '--config',
    map,
  ]
  const { files } = options
  const limited = `ulimit -n ${files} && exec "$0" "$@"`
  const [command, ...words] =
    files === undefined
      ? [process.execPath, ...args]
      : ['bash', '-c', limited, process.execPath, ...args]
  const child = spawn(command, words, {
    stdio: ['ignore', stdout, 'pipe'],
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      GITHUB: SECRETS.github,
      ...(plant && { PLANT: JSON.stringify(plant) }),
      ...env,
    },
  })
  t.teardown(() => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  })
  const lines: Record<string, unknown>[] = []
  const ready = new Promise(resolve => {
    if (child.stdout === null) return
    createInterface({ input: child.stdout }).on('line', text => {
      const line = JSON.parse(text) as Record<string, unknown>
      lines.push(line)
      if (line.msg === 'ready') resolve(line)
    })
  })
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  return {
    child,
    map,
    ready,
    lines,
    stderr: () => said,
    exited: new Promise(resolve => {
      child.once('close', (code, signal) => resolve({ code, signal }))
    }),
  }
}

function mapOf(
  { upstream = 9, upstreamMap, map = '', listen = '', provider = '', tls }: ProcessOptions,
  { https, admin }: { readonly https: number; readonly admin: number },
): string {
  return `version: 1
upstream: ${upstreamMap ?? `http://127.0.0.1:${upstream}`}
listen:
  https: 127.0.0.1:${https}
  admin: 127.0.0.1:${admin}
  ${listen}
${tls === undefined ? '' : `  tls: ${tls}\n`}${map}
providers:
  github:
    secret: env:GITHUB
    flows: [${FLOW}]
    ${provider}
`
}
