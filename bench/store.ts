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

const ROUNDS = 9
const KIB = 1024
/** For CPU time: as the row `accepted-2k` of `npm run bench` has it. */
const BUSY = { count: 2000, connections: 16 } as const
/** For the time that one delivery takes where nothing else waits. */
const CALM = { count: 500, connections: 1 } as const

/** One Hookwarden, and the least that was measured of it. */
interface Subject {
  readonly name: string
  readonly child: Child
  readonly port: number
  /** Microseconds of CPU for each delivery: of the proxy's process, and of Redis. */
  cpu: number
  redis: number
  /** Milliseconds, of deliveries one after the other. */
  p50: number
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
  const none = Number.POSITIVE_INFINITY
  return { name, child, port, cpu: none, redis: none, p50: none }
}

/** Prepares a load; `run` sends it. */
async function prepare(port: number, how: Pick<Load, 'count' | 'connections'>): Promise<void> {
  const spec = { kind: 'genuine', bytes: 2 * KIB, path: PATH, secret: site.secret } as const
  await ask(load, { ...spec, ...how, port, fresh: false } satisfies Load)
}

/** One round; nothing is kept of the first, which warms up. */
async function round(of: Subject, kept: boolean): Promise<void> {
  await prepare(of.port, BUSY)
  const before = [cpuOf(of.child.pid), cpuOf(redis.pid)] as const
  const sent = await ask<Sent>(load, 'run')
  await new Promise(resolve => setTimeout(resolve, 20)) // what follows an answer
  const cpu = (cpuOf(of.child.pid) - before[0]) / BUSY.count
  const spent = (cpuOf(redis.pid) - before[1]) / BUSY.count
  await prepare(of.port, CALM)
  const { p50, statuses } = await ask<Sent>(load, 'run')
  if (sent.statuses[204] !== BUSY.count || statuses[204] !== CALM.count) {
    throw new Error(`${of.name} answered ${JSON.stringify([sent.statuses, statuses])}`)
  }
  if (!kept) return
  of.cpu = Math.min(of.cpu, cpu)
  of.redis = Math.min(of.redis, spent)
  of.p50 = Math.min(of.p50, p50)
}

const subjects = [
  await subject('store: memory', 'memory'),
  await subject('store: redis://…', `redis://127.0.0.1:${redisPort}`),
] as const
for (let i = -1; i < ROUNDS; i++) {
  for (const of of i % 2 === 0 ? subjects : [...subjects].reverse()) await round(of, i >= 0)
}
const [alone, shared] = subjects
console.log('accepted 2 KiB      proxy us  redis us  p50 ms')
for (const { name, cpu, redis: spent, p50 } of subjects) {
  const numbers = [cpu.toFixed(1), spent.toFixed(1), p50.toFixed(3)].map(text => text.padStart(9))
  console.log(`${name.padEnd(18)} ${numbers.join(' ')}`)
}
console.log(
  `added: ${(shared.cpu - alone.cpu).toFixed(1)} us at the proxy, ${shared.redis.toFixed(1)} us at Redis, ${((shared.p50 - alone.p50) * 1000).toFixed(0)} us of time`,
)
for (const child of [...subjects.map(of => of.child), upstream.child, redis, load])
  await stop(child)
process.exit(0)
