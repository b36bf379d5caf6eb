import { fork } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type Process, type ProcessOptions, startProcess } from '../support/process.ts'
import { ENV } from '../wire/stage.ts'
import type { Barrage, Fate, Ready } from './barrage.ts'
import type { Arrival, Came } from './counter.ts'
import { Pool } from './pool.ts'

/** The upstream in a process of its own. */
export interface Counter {
  readonly port: number
  /** What came since it was asked last, in its order. */
  arrivals(): Promise<readonly Arrival[]>
  /** The same, and how many milliseconds its process was late with something at most. */
  came(): Promise<Came>
}

/** Starts one that ends with the test. */
export async function startCounter(t: Pick<Test, 'teardown'>): Promise<Counter> {
  const child = fork(join(import.meta.dirname, 'counter.ts'))
  t.teardown(() => child.kill('SIGKILL'))
  const [port] = (await once(child, 'message')) as [number]
  const came = async (): Promise<Came> => {
    const answer = once(child, 'message') as Promise<[Came]>
    child.send('came')
    const [told] = await answer
    return told
  }
  return { port, came, arrivals: async () => (await came()).arrivals }
}

/** Senders in a process of their own. */
export interface Senders {
  ready(what: Ready): Promise<void>
  send(what: Barrage): Promise<readonly Fate[]>
}

/** Starts some that end with the test. */
export function startSenders(t: Pick<Test, 'teardown'>): Senders {
  const child = fork(join(import.meta.dirname, 'barrage.ts'))
  t.teardown(() => child.kill('SIGKILL'))
  const ask = async (what: Ready | Barrage): Promise<unknown> => {
    const answer = once(child, 'message')
    child.send(what)
    return (await answer)[0]
  }
  return {
    async ready(what) {
      await ask(what)
    },
    send: async what => (await ask(what)) as readonly Fate[],
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
