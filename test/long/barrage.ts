import { connect, type TLSSocket } from 'node:tls'
import { GITHUB, genuine } from '../wire/stage.ts'
import { at } from './instant.ts'

// Senders in a process of their own, which does nothing else while it sends: every delivery is signed before the clock
// starts, and of an answer only the status is read.

/** What is got ready before the clock starts: connections the first time, deliveries each time. */
export interface Ready {
  readonly ports: readonly number[]
  /** To each port: at least as many as may wait there. */
  readonly connections: number
  readonly count: number
}

/** Deliveries at a steady rate, until everything is answered. What a busy moment missed is made up for, as far as connections are free. */
export interface Barrage {
  /** Deliveries a second, to all ports together. */
  readonly rate: number
  /** Milliseconds. */
  readonly time: number
  /** Of a hundred deliveries, how many go to each port; each list for an equal part of the time. */
  readonly balances: readonly (readonly number[])[]
}

/** One delivery: when it was written and answered, by `at`, and its status; 0 where there was no answer. */
export type Fate = readonly [sent: number, answered: number, status: number]

/** One connection: at most one delivery is under way. */
class Sending {
  readonly port: number
  readonly #done: (fate: Fate) => void
  #socket: TLSSocket | undefined
  #got = ''
  #sent = 0
  #busy = false

  constructor(port: number, done: (fate: Fate) => void) {
    this.port = port
    this.#done = done
  }

  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port: this.port, host: '127.0.0.1', rejectUnauthorized: false })
      socket.setNoDelay(true)
      socket.setEncoding('latin1')
      socket.once('secureConnect', resolve)
      socket.on('data', (text: string) => this.#read(text))
      socket.on('error', reject)
      socket.on('close', () => {
        if (this.#busy) this.#ended(0)
        this.#socket = undefined
      })
      this.#socket = socket
    })
  }

  /** False where the connection is gone. */
  send(bytes: Uint8Array): boolean {
    if (this.#socket?.writable !== true) return false
    this.#busy = true
    this.#sent = at()
    this.#socket.write(bytes)
    return true
  }

  #read(text: string): void {
    this.#got += text
    const head = this.#got.indexOf('\r\n\r\n') + 4
    if (head === 3) return
    const length = /\r\ncontent-length: (?<bytes>\d+)/i.exec(this.#got)?.groups?.bytes
    if (this.#got.length < head + Number(length ?? 0)) return
    const status = Number(this.#got.slice(9, 12))
    this.#got = ''
    this.#ended(status)
  }

  #ended(status: number): void {
    this.#busy = false
    this.#done([this.#sent, at(), status])
  }
}

let deliveries: Uint8Array[] = []
let lines: { readonly port: number; readonly free: Sending[] }[] = []
let fates: Fate[] = []
let id = 1_000_000
let open = 0

async function ready({ ports, connections, count }: Ready): Promise<void> {
  deliveries = Array.from({ length: count }, () =>
    Buffer.concat(genuine('github', GITHUB, `{"id":${id++}}`)),
  )
  if (lines.length === 0) lines = await Promise.all(ports.map(port => line(port, connections)))
}

async function line(port: number, connections: number): Promise<(typeof lines)[number]> {
  const made: (typeof lines)[number] = { port, free: [] }
  for (let i = 0; i < connections; i++) {
    const sending = new Sending(port, fate => {
      open--
      fates.push(fate)
      made.free.push(sending) // behind the others: each is used in its turn, and none idles for long
    })
    await sending.open()
    made.free.push(sending)
  }
  return made
}

/** Writes what is due, the next to whom `balance` says; stops where every connection to that port is taken. */
function fire(upTo: number, balance: readonly number[]): void {
  for (let next = deliveries.at(-1); next !== undefined && fired < upTo; ) {
    const free = lines[chosen]?.free.shift()
    if (free === undefined) return
    if (!free.send(next)) continue // gone: it is left out
    open++
    fired++
    deliveries.pop()
    next = deliveries.at(-1)
    chosen = draw(balance)
  }
}

let fired = 0
let chosen = 0

function draw(balance: readonly number[]): number {
  let left = Math.random() * 100
  return balance.findIndex(share => {
    left -= share
    return left < 0
  })
}

async function send({ rate, time, balances }: Barrage): Promise<readonly Fate[]> {
  const begun = at()
  fired = 0
  for (let now = begun; now < begun + time; now = at()) {
    const part = Math.floor(((now - begun) * balances.length) / time)
    fire(((now - begun) * rate) / 1_000, balances[part] ?? [])
    await new Promise(resolve => setTimeout(resolve, 1))
  }
  while (open > 0) await new Promise(resolve => setTimeout(resolve, 5))
  const all = fates
  fates = []
  return all
}

/** First what to get ready, answered when it is; then barrages, answered with their fates. */
process.on('message', (message: Ready | Barrage) => {
  const done = 'ports' in message ? ready(message) : send(message)
  void done.then(told => process.send?.(told ?? 'ready'))
})
process.on('disconnect', () => process.exit())
