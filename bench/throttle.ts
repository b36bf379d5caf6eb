/** Throttled uploads, in a process of its own: all at once, each as slow as its line would make it. */
import type { TLSSocket } from 'node:tls'
import { dial, genuineDelivery, statusIn, type Target } from './delivery.ts'

/** What is uploaded. */
export interface Throttle extends Target {
  readonly uploads: number
  readonly bytes: number
  /** How many addresses of loopback they come from, 127.0.0.2 being the first. */
  readonly addresses: number
  /** How long one takes at the speed of its line, in milliseconds. */
  readonly time: number
}

/** How often each status was answered; 0 for a connection closed without an answer. */
export type Throttled = Readonly<Record<number, number>>

/** How often a line takes its next piece. */
const TICK = 50
const AT_ONCE = 16

let throttle: Throttle | undefined
let lines: (TLSSocket | undefined)[] = []
let bodies: Buffer[] = []

process.on('message', (message: Throttle | 'run') => {
  if (message === 'run') void run().then(throttled => process.send?.(throttled))
  else void prepare(message).then(() => process.send?.('prepared'))
})

async function prepare(given: Throttle): Promise<void> {
  throttle = given
  bodies = Array.from({ length: given.uploads }, () => genuineDelivery(given, given.bytes))
  lines = []
  let next = 0
  const dialling = Array.from({ length: AT_ONCE }, async () => {
    while (next < given.uploads) {
      const line = next++
      lines[line] = await dial(given.port, `127.0.0.${2 + (line % given.addresses)}`)
    }
  })
  await Promise.all(dialling)
}

async function run(): Promise<Throttled> {
  const statuses: Record<number, number> = {}
  const answers = lines.map((line, i) => upload(line, bodies[i] as Buffer, i))
  for (const status of await Promise.all(answers)) statuses[status] = (statuses[status] ?? 0) + 1
  return statuses
}

function upload(line: TLSSocket | undefined, delivery: Buffer, index: number): Promise<number> {
  const { time = 0, uploads = 1 } = throttle ?? {}
  return new Promise(resolve => {
    if (line === undefined || line.destroyed) return resolve(0)
    const piece = Math.ceil((delivery.length * TICK) / time)
    let text = ''
    let at = 0
    const tick = (): void => {
      if (at >= delivery.length || line.destroyed) return clearInterval(ticking)
      if (line.writableNeedDrain) return
      line.write(delivery.subarray(at, at + piece))
      at += piece
    }
    const settle = (status: number): void => {
      clearInterval(ticking)
      resolve(status)
      line.end()
    }
    let ticking: NodeJS.Timeout | undefined
    setTimeout(
      () => {
        ticking = setInterval(tick, TICK) // spread, as lines are that know nothing of each other
      },
      (index * TICK) / uploads,
    )
    line.on('data', chunk => {
      text += chunk.toString('latin1')
      const status = statusIn(text)
      if (status !== undefined) settle(status)
    })
    line.once('close', () => settle(0))
  })
}
