import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { Throttle, Throttled } from '../../bench/throttle.ts'
import { type Connection, connect } from '../support/sender.ts'

/** Memory of a container in MiB: what five hundred slow uploads have to come out with, what is enough, and what `deploy/` gives. */
export const TIGHT = 180
export const SMALL = 256
export const SHIPPED = 512

/** What five hundred slow uploads come to, and the memory of its own that the process had at the most, in bytes. */
export interface Endured {
  readonly statuses: Throttled
  readonly peak: number
}

/** Sends them, and looks at the process all the while. */
export async function endure(pid: number, throttle: Throttle): Promise<Endured> {
  const uploads = fork('bench/throttle.ts', { env: { ...process.env, NODE_OPTIONS: '' } })
  try {
    uploads.send(throttle)
    await once(uploads, 'message')
    const answered = once(uploads, 'message') as Promise<[Throttled]>
    uploads.send('run')
    let peak = 0
    let over: Throttled | undefined
    answered.then(
      ([statuses]) => {
        over = statuses
      },
      () => undefined, // it rejects below
    )
    while (over === undefined) {
      peak = Math.max(peak, memoryOf(pid))
      await Promise.race([pause(50), answered])
    }
    return { statuses: over, peak }
  } finally {
    uploads.kill('SIGKILL')
  }
}

/** What a process has for itself alone: the pages of Node's binary belong to whoever else runs it as well. */
export function memoryOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}

/** So many connections that say nothing after their handshake, from as many addresses as they need. Resolves when all are open. */
export async function crowd(port: number, count: number): Promise<readonly Connection[]> {
  const open: Connection[] = []
  let next = 0
  const lane = async () => {
    while (next < count) {
      const localAddress = `127.0.0.${2 + (next++ % 40)}`
      open.push(await connect(port, { localAddress }))
    }
  }
  await Promise.all(Array.from({ length: 16 }, lane))
  return open
}
