import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { SECRETS } from '../signers/signers.ts'
import { type Process, type ProcessOptions, startProcess } from '../support/process.ts'
import { converse } from './converse.ts'
import { type Conversation, conversationOf, TARGETS } from './mutate.ts'
import { Oracle } from './oracle.ts'
import { certainBodies } from './reference.ts'
import { startUpstream } from './upstream.ts'

export interface FuzzOptions {
  readonly seed: number
  /** Requests; a conversation holds one to four, and some that were not meant as such. */
  readonly count: number
  /** The number of the one conversation that is had. */
  readonly only?: number | undefined
  /** Longest that it may take. */
  readonly seconds: number
  /** A fault to plant, so that there is something to see. */
  readonly plant?: ProcessOptions['plant']
  /** Told how it goes, now and then. */
  readonly say?: (line: string) => void
}

export interface FuzzResult {
  readonly conversations: number
  readonly requests: number
  readonly delivered: number
  /** Answers by their status. */
  readonly statuses: Readonly<Record<string, number>>
  /** What Hookwarden's process held at the start and at the end. */
  readonly before: Held
  readonly after: Held
  /** Mebibytes of its heap without garbage, after a tenth and at the end. */
  readonly heap: { readonly warm: number; readonly end: number }
  /** Everything that was wrong, each with how to see it again. */
  readonly faults: readonly string[]
}

/** What a process holds. */
interface Held {
  readonly mebibytes: number
  readonly files: number
  readonly connections: number
  readonly inFlight: number
  readonly buffered: number
}

const AT_ONCE = 32
/** What the heap may grow by after the first tenth: replay memory, tables of limits, compiled code. Mebibytes. */
const GROWTH = 8
/** The upstream is well, so that none of its reasons may appear; nor may an answer that is none of ours. */
const STATUSES = new Set([
  200, 204, 400, 401, 403, 404, 405, 408, 413, 415, 417, 421, 429, 431, 503,
])

/** Runs conversations of one seed against a Hookwarden in a process of its own. */
export async function fuzz(t: Pick<Test, 'teardown'>, options: FuzzOptions): Promise<FuzzResult> {
  const { count, only, seconds, say } = options
  const run = new Run(options)
  const upstream = await startUpstream(run.oracle, fault => run.fault(fault, 'unknown'))
  t.teardown(() => upstream.close())
  const hookwarden = await startProcess(t, {
    upstream: upstream.port,
    map: MAP,
    provider: PROVIDER,
    env: { STRIPE: SECRETS.stripe ?? '' },
    node: ['--expose-gc', '--import', join(import.meta.dirname, 'collect.ts')],
    ...(options.plant && { plant: options.plant }),
  })
  let ended = false
  void hookwarden.exited.then(({ code, signal }) => {
    if (ended) return
    ended = true
    run.fault(`the process ended: ${code ?? signal} ${hookwarden.stderr().slice(-2000)}`, 'unknown')
  })
  const ends = performance.now() + seconds * 1000
  let next = only ?? 0
  const before = await heldBy(hookwarden)
  let warm: Promise<number> | undefined
  const work = async (): Promise<void> => {
    while (run.requests < count && performance.now() < ends && !ended) {
      if (only !== undefined && next > only) return
      const number = next++
      if (run.requests > count / 10) warm ??= heapOf(hookwarden)
      if (number % 5000 === 0 && number > 0) say?.(run.progress(memoryOf(hookwarden)))
      await run.converse(hookwarden.port, number)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  const after = await settled(hookwarden, before)
  const heap = { warm: (await warm) ?? 0, end: await heapOf(hookwarden) }
  const result = run.result(next, { before, after, heap })
  ended = true
  return result
}

const MAP = `limits: { verified: 100000/1s, headers: 2s, idle: 3s }
defaults:
  replay: 1m
  limits: { per_address: 1000000/1m, per_provider: 1000000/1m, concurrency: 64, deadline: 2s }`
const PROVIDER = `answer_within: 20s
  stripe:
    secret: env:STRIPE
    path: ${TARGETS.stripe}
    to: flow:7c1d9f0e-2f57-4f0a-9d7d-1f6b8d0c3e22
    replay: 10m`

/** What is counted while it goes on. */
class Run {
  readonly oracle = new Oracle((fault, conversation) => this.fault(fault, conversation))
  readonly #options: FuzzOptions
  readonly #faults: string[] = []
  readonly #statuses: Record<string, number> = {}
  requests = 0

  constructor(options: FuzzOptions) {
    this.#options = options
  }

  fault(what: string, conversation: string | number): void {
    const fault = `${what} (npm run fuzz -- --seed ${this.#options.seed} --only ${conversation})`
    this.#faults.push(fault)
    this.#options.say?.(`FAULT ${fault}`)
  }

  progress(mebibytes: number): string {
    const faults = this.#faults.length
    return `${this.requests} requests, ${this.oracle.count} delivered, ${faults} faults, ${mebibytes} MiB`
  }

  async converse(port: number, number: number): Promise<void> {
    const conversation = conversationOf(this.#options.seed, number, Date.now())
    const stream = conversation.pieces.join('')
    this.requests += Math.max(1, stream.split(/ (?:HTTP|RTSP|ICE)\/\d/i).length - 1)
    this.oracle.expect(certainBodies(stream))
    try {
      const { statuses, fault } = await converse(port, conversation)
      for (const status of statuses) {
        this.#statuses[status] = (this.#statuses[status] ?? 0) + 1
        if (!STATUSES.has(status)) this.fault(`an answer of ${status}`, number)
      }
      if (fault !== undefined) this.fault(fault, number)
      this.#missed(conversation, statuses, number)
    } catch (error) {
      this.fault(String(error), number)
    }
  }

  /** What is genuine arrives, and its sender is told so, whatever is sent behind it. */
  #missed({ untouched }: Conversation, [status]: readonly number[], number: number): void {
    if (untouched === undefined) return
    if (status !== 204) this.fault(`a genuine delivery is answered ${status}`, number)
    if (this.oracle.times(untouched) !== 1) this.fault('a genuine delivery is missing', number)
  }

  result(conversations: number, held: Pick<FuzzResult, 'before' | 'after' | 'heap'>): FuzzResult {
    const { before, after, heap } = held
    for (const what of ['connections', 'inFlight', 'buffered'] as const)
      if (after[what] !== 0) this.fault(`left over: ${after[what]} ${what}`, 'unknown')
    if (after.files > before.files)
      this.fault(`open files: ${before.files}, then ${after.files}`, 'unknown')
    if (heap.end > heap.warm + GROWTH)
      this.fault(`the heap grew from ${heap.warm} to ${heap.end} MiB`, 'unknown')
    const delivered = this.oracle.count
    const [requests, statuses, faults] = [this.requests, this.#statuses, this.#faults]
    return { conversations, requests, delivered, statuses, ...held, faults: [...faults] }
  }
}

/** What it holds once nothing is under way any more. Its pool keeps idle connections for a while. */
async function settled(hookwarden: Process, before: Held): Promise<Held> {
  const ends = performance.now() + 20_000
  for (;;) {
    const held = await heldBy(hookwarden)
    const over = held.connections + held.inFlight + held.buffered === 0
    if ((over && held.files <= before.files) || performance.now() > ends) return held
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

/** Asks the system and the process, in this order: the connection that asks is a file of its own. */
async function heldBy(process: Process): Promise<Held> {
  const { child, metrics } = process
  const files = filesOf(child.pid)
  const all = await metrics().catch(() => new Map<string, number>())
  return {
    mebibytes: memoryOf(process),
    files,
    connections: all.get('hookwarden_connections') ?? -1,
    inFlight: all.get('hookwarden_in_flight_requests') ?? -1,
    buffered: all.get('hookwarden_buffered_bytes') ?? -1,
  }
}

/** Its heap once garbage is gone, in mebibytes. */
async function heapOf({ child, metrics }: Process): Promise<number> {
  child.kill('SIGUSR2')
  await new Promise(resolve => setTimeout(resolve, 1000))
  const all = await metrics().catch(() => new Map<string, number>())
  return Math.round((all.get('nodejs_heap_size_used_bytes') ?? 0) / 1024 ** 2)
}

function memoryOf({ child }: Process): number {
  try {
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024)
  } catch {
    return 0
  }
}

function filesOf(pid: number | undefined): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length
  } catch {
    return 0
  }
}
