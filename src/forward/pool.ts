import type { Clock, Timer } from '../clock.ts'
import type { Millis } from '../units.ts'
import { Connection, type Owner } from './connection.ts'
import type { Origin } from './origin.ts'
import type { Sending } from './sending.ts'

/** Automatisch closes idle connections after 5 s: ours go first, so that none is written into a closing one. */
const IDLE: Millis = 4000
/** How much earlier than the upstream says a connection is given up. */
const EARLIER: Millis = 1000
/** How often those are looked for that nobody used. */
const SWEEP: Millis = 1000

/** What a pool is made of. */
export interface PoolOptions {
  readonly origin: Origin
  readonly clock: Clock
  /** Deadline of a connect. */
  readonly connect: Millis
  /** Whether connections are kept for the next request. */
  readonly keeps: boolean
  /** A connect failed. */
  readonly unreached: (cause: string) => void
}

/** Connections to the upstream: as many as there are requests at once. The one used last is used first. */
export class Pool implements Owner {
  readonly origin: Origin
  readonly clock: Clock
  readonly connect: Millis
  readonly keeps: boolean
  readonly unreached: (cause: string) => void
  readonly #all = new Set<Connection>()
  readonly #idle: Connection[] = []
  /** Answered in this turn: its end, or what nobody asked for, may have come behind the answer and be unread. */
  #fresh: Connection[] = []
  #waiting: Sending[] = []
  #turning = false
  #sweep: Timer | undefined
  #closed = false

  constructor({ origin, clock, connect, keeps, unreached }: PoolOptions) {
    this.origin = origin
    this.clock = clock
    this.connect = connect
    this.keeps = keeps
    this.unreached = unreached
  }

  /** Sends once, never again. Not before the next turn: the end of an idle connection may have come already, unread. */
  send(sending: Sending): void {
    this.#waiting.push(sending)
    this.#soon()
  }

  /** Ends every connection, and fails what is under way. */
  close(): void {
    this.#closed = true
    this.#sweep?.cancel()
    for (const connection of [...this.#all]) connection.fault(CLOSED)
  }

  /** @package */
  turn(): void {
    this.#turning = false
    const waiting = this.#waiting
    this.#waiting = []
    const now = this.clock.now()
    for (const sending of waiting) {
      if (sending.over) continue
      if (this.#closed) sending.failed({ kind: 'cut', message: CLOSED })
      else this.#carry(sending, now)
    }
    if (this.#fresh.length > 0) this.#age()
    if (this.#waiting.length > 0) this.#soon()
  }

  idle(connection: Connection, keep: Millis): void {
    const wait = Math.min(IDLE, keep - EARLIER)
    if (wait <= 0) return connection.destroy()
    connection.until = this.clock.now() + wait
    this.#fresh.push(connection)
    this.#soon()
  }

  gone(connection: Connection): void {
    this.#all.delete(connection)
    remove(this.#idle, connection)
    remove(this.#fresh, connection)
  }

  /** @package ends what nobody used for too long */
  sweep(): void {
    const now = this.clock.now()
    for (const connection of this.#idle.filter(({ until }) => until <= now)) connection.destroy()
    this.#sweep = this.#idle.length === 0 ? undefined : this.clock.after(SWEEP, sweep, this)
  }

  #soon(): void {
    if (this.#turning) return
    this.#turning = true
    setImmediate(onTurn, this)
  }

  /** From the next turn on they may be used. */
  #age(): void {
    this.#idle.push(...this.#fresh)
    this.#fresh = []
    this.#sweep ??= this.clock.after(SWEEP, sweep, this)
  }

  #carry(sending: Sending, now: Millis): void {
    for (let last = this.#idle.pop(); last !== undefined; last = this.#idle.pop()) {
      if (last.until > now) return last.carry(sending)
      last.destroy()
    }
    if (this.#waiting.length < this.#fresh.length) this.#waiting.push(sending)
    else this.#all.add(new Connection(this, sending))
  }
}

function remove(from: Connection[], connection: Connection): void {
  const at = from.lastIndexOf(connection)
  if (at !== -1) from.splice(at, 1)
}

const CLOSED = 'the connections to the upstream were closed'

function onTurn(pool: Pool): void {
  pool.turn()
}

function sweep(pool: Pool): void {
  pool.sweep()
}
