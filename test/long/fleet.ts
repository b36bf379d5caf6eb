import { fork } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type Process, type ProcessOptions, startProcess } from '../support/process.ts'
import { ENV } from '../wire/stage.ts'
import type { Arrival } from './counter.ts'
import { Pool } from './pool.ts'

/** The upstream in a process of its own. */
export interface Counter {
  readonly port: number
  /** What came since it was asked last, in its order. */
  arrivals(): Promise<readonly Arrival[]>
}

/** Starts one that ends with the test. */
export async function startCounter(t: Pick<Test, 'teardown'>): Promise<Counter> {
  const child = fork(join(import.meta.dirname, 'counter.ts'))
  t.teardown(() => child.kill('SIGKILL'))
  const [port] = (await once(child, 'message')) as [number]
  return {
    port,
    async arrivals() {
      const answer = once(child, 'message') as Promise<[readonly Arrival[]]>
      child.send('arrivals')
      const [came] = await answer
      return came
    },
  }
}

/** One Hookwarden in a process of its own, and connections to it. */
export interface Replica extends Process {
  readonly pool: Pool
}

/** Starts one that ends with the test. Nobody reads its log unless `stdout` is said. */
export async function startReplica(
  t: Pick<Test, 'teardown'>,
  options: ProcessOptions,
): Promise<Replica> {
  const stdout = options.stdout ?? openSync('/dev/null', 'w')
  const started = await startProcess(t, { ...options, stdout, env: ENV })
  const pool = new Pool(started.port)
  t.teardown(() => pool.close())
  return { ...started, pool }
}
