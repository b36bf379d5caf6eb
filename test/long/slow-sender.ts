import { connect as connectTcp, Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { genuineDelivery, type Target } from '../../bench/delivery.ts'

// Slow senders, in a process of their own: as many connections as are asked for, each stuck at one point and kept just
// alive. One that is cut off is followed by another until it is told to stop; then it tells how long each lasted.

/** Where a slow sender is stuck. */
export type Kind = 'handshake' | 'head' | 'body' | 'answer'

/** What is asked for. */
export interface Slow extends Target {
  readonly kind: Kind
  readonly count: number
  /** How many addresses of loopback they come from, 127.0.1.1 being the first. */
  readonly addresses: number
  /** Connections a second, while there are less than `count`. */
  readonly pace: number
  /** What each writes once it is secure; one that does not read its answer, a delivery of its own with this in front of its headers. */
  readonly begins: string
  /** What it goes on with, a byte a second. */
  readonly trickles: string
}

/** What became of them. */
export interface Slowly {
  /** From the point where it is stuck to its answer, or to its end where there is none, in milliseconds. */
  readonly lives: readonly number[]
  /** How often each status was answered at the end; 0 for a connection closed without an answer. */
  readonly statuses: Readonly<Record<number, number>>
  /** Connections that did not come about. */
  readonly failed: number
}

/** Connections that are open already, as file descriptors. Each is used once, and none follows it. */
const given = process.argv.slice(2).map(Number)

/** A ClientHello that goes on for half a kilobyte. */
const HELLO = Buffer.from('1603010200010001fc0303', 'hex')
const SECOND = 1000
const TICK = 100

class Senders {
  readonly #slow: Slow
  readonly #open = new Set<Stuck>()
  readonly #lives: number[] = []
  readonly #statuses: Record<number, number> = {}
  readonly #ticking: NodeJS.Timeout
  #ticked = performance.now()
  #ticks = 0
  #begun = 0
  #opening = 0
  #owed = 0
  #failed = 0
  #stopped = false
  #full = false

  constructor(slow: Slow) {
    this.#slow = slow
    this.#ticking = setInterval(() => this.#tick(), TICK)
  }

  /** Opens no more, and waits for the end of those that do not read: they hear of it when they do. */
  stop(): void {
    this.#stopped = true
    if (this.#slow.kind === 'answer') for (const one of this.#open) one.read()
    else this.#tell()
    this.#look()
  }

  /** Opens what is missing, at its pace, and lets each tenth of those that are open say a byte. */
  #tick(): void {
    const { count, pace } = this.#slow
    const now = performance.now()
    this.#owed = Math.min(this.#owed + (pace * (now - this.#ticked)) / SECOND, pace)
    this.#ticked = now
    const more = given.length === 0 ? !this.#stopped : this.#begun < count
    const missing = more ? count - this.#open.size - this.#opening : 0
    for (let n = Math.min(Math.floor(this.#owed), missing); n > 0; n--) {
      this.#owed--
      this.#begin()
    }
    let place = this.#ticks++
    for (const one of this.#open) if (place++ % (SECOND / TICK) === 0) one.trickle()
  }

  #begin(): void {
    const index = this.#begun++
    this.#opening++
    const one = new Stuck(this.#slow, index, {
      stuck: () => {
        this.#opening--
        this.#open.add(one)
        this.#look()
      },
      ended: (life, status) => {
        if (this.#open.delete(one)) {
          this.#lives.push(life)
          this.#statuses[status] = (this.#statuses[status] ?? 0) + 1
        } else {
          this.#opening--
          this.#failed++
        }
        this.#look()
      },
    })
  }

  #look(): void {
    if (!this.#full && this.#open.size >= this.#slow.count) {
      this.#full = true
      process.send?.('full')
    }
    if (this.#stopped && this.#open.size + this.#opening === 0) this.#tell()
  }

  #tell(): void {
    clearInterval(this.#ticking)
    const slowly: Slowly = {
      lives: this.#lives,
      statuses: this.#statuses,
      failed: this.#failed,
    }
    process.send?.(slowly)
  }
}

/** One connection that does not get on. */
class Stuck {
  readonly #slow: Slow
  readonly #socket: Socket
  #said = 0
  #since = 0

  constructor(
    slow: Slow,
    index: number,
    told: { stuck(): void; ended(life: number, status: number): void },
  ) {
    this.#slow = slow
    const below = dial(slow, index)
    this.#socket =
      slow.kind === 'handshake'
        ? below
        : connectTls({
            socket: below,
            servername: 'localhost',
            ALPNProtocols: ['http/1.1'],
            rejectUnauthorized: false,
          })
    let status = 0
    let answered: number | undefined
    const socket = this.#socket
    socket.once(slow.kind === 'handshake' ? 'connect' : 'secureConnect', () => {
      this.#since = performance.now()
      socket.write(beginningOf(slow))
      told.stuck()
    })
    socket.on('data', (chunk: Buffer) => {
      answered ??= performance.now()
      status ||= Number(chunk.toString('latin1', 9, 12))
      if (slow.kind === 'body') socket.destroy() // what it goes on with would be dropped for a while
    })
    socket.on('error', () => socket.destroy())
    below.once('close', () => told.ended((answered ?? performance.now()) - this.#since, status))
    if (slow.kind === 'answer') socket.pause()
  }

  /** Reads what it left unread: only then does it hear that it was cut off. */
  read(): void {
    this.#socket.resume()
  }

  trickle(): void {
    const { kind, trickles } = this.#slow
    if (kind === 'answer' || !this.#socket.writable) return
    this.#socket.write(kind === 'handshake' ? '\0' : (trickles[this.#said++] ?? 'x'))
  }
}

function beginningOf({ kind, begins, port, path, secret }: Slow): string | Buffer {
  if (kind === 'handshake') return HELLO
  if (kind !== 'answer') return begins
  const delivery = genuineDelivery({ port, path, secret }, 1024).toString('latin1')
  return delivery.replace('\r\n', `\r\n${begins}`)
}

function dial({ port, addresses }: Slow, index: number): Socket {
  if (given.length > 0) return new Socket({ fd: given[index] })
  return connectTcp({
    host: '127.0.0.1',
    port,
    localAddress: `127.0.1.${1 + (index % addresses)}`,
    noDelay: true,
  })
}

let senders: Senders | undefined
process.on('message', (message: Slow | 'stop') => {
  if (message === 'stop') senders?.stop()
  else senders = new Senders(message)
})
process.on('disconnect', () => process.exit())
