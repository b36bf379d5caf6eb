import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Throttle, Throttled } from '../../bench/throttle.ts'
import { type Connection, connect } from '../support/sender.ts'

/** Memory in MiB: what neither five hundred slow uploads nor idle connections may exceed, what is enough for a container, and what `deploy/` gives. */
export const TIGHT = 180
export const SMALL = 256
export const SHIPPED = 512

/** Sends them, and tells what they came to. */
export async function endure(throttle: Throttle): Promise<Throttled> {
  const uploads = fork('bench/throttle.ts', { env: { ...process.env, NODE_OPTIONS: '' } })
  try {
    uploads.send(throttle)
    await once(uploads, 'message')
    const answered = once(uploads, 'message') as Promise<[Throttled]>
    uploads.send('run')
    const [statuses] = await answered
    return statuses
  } finally {
    uploads.kill('SIGKILL')
  }
}

/** Most memory of a process that was ever resident, in bytes: with the pages of Node's binary, which others may share. */
export function peakOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
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
