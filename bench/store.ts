/** `npm run bench:store`: what a Redis that replicas share adds to a delivery. See docs/performance.md. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import {
  ask,
  type Child,
  cpuOf,
  startBareNode,
  startListening,
  startProgram,
  stop,
} from './child.ts'
import { startHookwarden } from './hookwarden.ts'
import type { Load, Sent } from './load.ts'
import { environment, freePort, makeSite, PATH, type Site } from './site.ts'

const ROUNDS = 15
/** Deliveries to each before any is measured: until V8 has compiled what it will, as `npm run bench` has it. */
const WARM = 20_000
const KIB = 1024
/** For CPU time: as the row `accepted-2k` of `npm run bench` has it. */
const BUSY = { count: 2000, connections: 16 } as const
/** For the time that one delivery takes where nothing else waits. */
const CALM = { count: 500, connections: 1 } as const

/** One Hookwarden, and what was measured of it, round by round. */
interface Subject {
  readonly name: string
  readonly child: Child
  readonly port: number
  /** Microseconds of CPU for each delivery: of the proxy's process, and of Redis. */
  readonly cpu: number[]
  readonly redis: number[]
  /** Milliseconds, of deliveries one after the other. */
  readonly p50: number[]
}

if (spawnSync('redis-server', ['--version']).status !== 0) {
  console.error('redis-server is not installed')
  process.exit(3)
}
const base = await makeSite()
const upstream = await startListening(
  import.meta.resolve('./upstream.ts'),
  environment({ ...base, upstream: '', upstreamPort: 0 }),
)
const site: Site = {
  ...base,
  upstream: `http://127.0.0.1:${upstream.port}`,
  upstreamPort: upstream.port,
}
const redisPort = await freePort()
const redis = startProgram(
  'redis-server',
  ['--port', `${redisPort}`, '--bind', '127.0.0.1', '--save', '', '--dir', site.folder],
  join(site.folder, 'redis.log'),
)
const load = startBareNode(['--expose-gc', `${import.meta.dirname}/load.ts`], environment(site))

async function subject(name: string, store: string): Promise<Subject> {
  const { child, port } = await startHookwarden(site, 1, store)
  return { name, child, port, cpu: [], redis: [], p50: [] }
}

/** Prepares a load; `run` sends it. */
async function prepare(port: number, how: Pick<Load, 'count' | 'connections'>): Promise<void> {
  const spec = { kind: 'genuine', bytes: 2 * KIB, path: PATH, secret: site.secret } as const
  await ask(load, { ...spec, ...how, port, fresh: false } satisfies Load)
}

async function warm({ port }: Subject): Promise<void> {
  for (let sent = 0; sent < WARM; sent += BUSY.count) {
    await prepare(port, BUSY)
    await ask(load, 'run')
  }
}

async function round(of: Subject): Promise<void> {
  await prepare(of.port, BUSY)
  const before = [cpuOf(of.child.pid), cpuOf(redis.pid)] as const
  const sent = await ask<Sent>(load, 'run')
  await new Promise(resolve => setTimeout(resolve, 20)) // what follows an answer
  of.cpu.push((cpuOf(of.child.pid) - before[0]) / BUSY.count)
  of.redis.push((cpuOf(redis.pid) - before[1]) / BUSY.count)
  await prepare(of.port, CALM)
  const { p50, statuses } = await ask<Sent>(load, 'run')
  of.p50.push(p50)
  if (sent.statuses[204] !== BUSY.count || statuses[204] !== CALM.count) {
    throw new Error(`${of.name} answered ${JSON.stringify([sent.statuses, statuses])}`)
  }
}

/** What else the machine does can only add: the least counts. The median says how much it added. */
function least(rounds: readonly number[]): number {
  return Math.min(...rounds)
}

function median(rounds: readonly number[]): number {
  return [...rounds].sort((a, b) => a - b)[rounds.length >> 1] ?? 0
}

const subjects = [
  await subject('store: memory', 'memory'),
  await subject('store: redis://…', `redis://127.0.0.1:${redisPort}`),
] as const
for (const of of subjects) await warm(of)
for (let i = 0; i < ROUNDS; i++) {
  for (const of of i % 2 === 0 ? subjects : [...subjects].reverse()) await round(of)
}
console.log(`least of ${ROUNDS} rounds (median)      proxy us         redis us           p50 ms`)
for (const { name, cpu, redis: spent, p50 } of subjects) {
  const numbers = [
    [cpu, 1],
    [spent, 1],
    [p50, 3],
  ] as const
  const cells = numbers.map(([all, digits]) =>
    `${least(all).toFixed(digits)} (${median(all).toFixed(digits)})`.padStart(16),
  )
  console.log(`${name.padEnd(26)} ${cells.join(' ')}`)
}
const [alone, shared] = subjects
const more = (of: 'cpu' | 'p50'): number => least(shared[of]) - least(alone[of])
console.log(
  `added: ${more('cpu').toFixed(1)} us at the proxy, ${least(shared.redis).toFixed(1)} us at Redis, ${(more('p50') * 1000).toFixed(0)} us of time`,
)
for (const child of [...subjects.map(of => of.child), upstream.child, redis, load])
  await stop(child)
process.exit(0)
