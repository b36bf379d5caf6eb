/**
 * Good traffic, in a process of its own: a delivery of 2 KiB at fixed times, whatever became of the one before. Time
 * counts from when it was due, so that a stall is met by all that fall into it.
 */
import type { TLSSocket } from 'node:tls'
import { dial, genuineDelivery, percentile, statusIn, type Target } from './delivery.ts'

/** What good traffic is like. */
export interface Steady extends Target {
  /** Milliseconds between two. */
  readonly every: number
  readonly count: number
  readonly connections: number
  readonly address: string
}

/** What came of it. */
export interface Steadily {
  /** How often each status was answered; 0 for a connection closed without an answer. */
  readonly statuses: Readonly<Record<number, number>>
  readonly p50: number
  readonly p99: number
}

const BYTES = 2048

interface Due {
  readonly bytes: Buffer
  readonly at: number
}

class Traffic {
  readonly #steady: Steady
  readonly #done: (steadily: Steadily) => void
  readonly #free: TLSSocket[] = []
  readonly #due: Due[] = []
  readonly #statuses: Record<number, number> = {}
  readonly #times: number[] = []

  constructor(steady: Steady, done: (steadily: Steadily) => void) {
    this.#steady = steady
    this.#done = done
  }

  async start(): Promise<void> {
    const { port, address, connections, every, count } = this.#steady
    for (let i = 0; i < connections; i++) {
      const socket = await dial(port, address)
      if (socket !== undefined) this.#free.push(socket)
    }
    const deliveries = Array.from({ length: count }, () => genuineDelivery(this.#steady, BYTES))
    const begun = performance.now()
    let sent = 0
    const timer = setInterval(() => {
      const now = performance.now()
      for (; sent < count && begun + sent * every <= now; sent++) {
        this.#due.push({ bytes: deliveries[sent] as Buffer, at: begun + sent * every })
      }
      if (sent === count) clearInterval(timer)
      this.#send()
    }, every)
  }

  #send(): void {
    while (this.#due.length > 0 && this.#free.length > 0) {
      const socket = this.#free.pop() as TLSSocket
      if (socket.destroyed) void this.#replace()
      else this.#give(socket, this.#due.shift() as Due)
    }
  }

  #give(socket: TLSSocket, { bytes, at }: Due): void {
    let text = ''
    const settle = (status: number): void => {
      socket.removeAllListeners('data')
      socket.removeAllListeners('close')
      if (status === 0) void this.#replace()
      else this.#free.push(socket)
      this.#answered(status, performance.now() - at)
    }
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
      const status = statusIn(text)
      if (status !== undefined) settle(status)
    })
    socket.on('close', () => settle(0))
    socket.write(bytes)
  }

  async #replace(): Promise<void> {
    const socket = await dial(this.#steady.port, this.#steady.address)
    if (socket !== undefined) this.#free.push(socket)
    this.#send()
  }

  #answered(status: number, took: number): void {
    this.#statuses[status] = (this.#statuses[status] ?? 0) + 1
    this.#times.push(took)
    this.#send()
    if (this.#times.length < this.#steady.count) return
    for (const socket of this.#free) socket.destroy()
    const p50 = percentile(this.#times, 0.5)
    this.#done({ statuses: this.#statuses, p50, p99: percentile(this.#times, 0.99) })
  }
}

process.on('message', (steady: Steady) => {
  void new Traffic(steady, steadily => process.send?.(steadily)).start()
})
