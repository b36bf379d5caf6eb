import { isIP } from 'node:net'
import type { Writable } from 'node:stream'
import type { Redis as Client } from 'ioredis'
import type { Clock, Timer } from '../clock.ts'
import type { Millis } from '../units.ts'
import { Breaker, type Told } from './breaker.ts'
import { guardSockets } from './guard.ts'
import type { Redis, Reply, Script } from './port.ts'

/** How long one command may take. */
const DEADLINE: Millis = 250
/** How long a connection may take until it is ready. */
const CONNECT: Millis = 1000
/** How often a store that is down is asked again. */
const PROBE: Millis = 250
/** An established connection that says nothing for so long is given up: its other end may be gone for good. */
const SILENCE: Millis = 10_000
const SLOWEST_RETRY: Millis = 500

/** What every script may count on. */
const TIME = `local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
`
const TOO_SLOW = `no answer within ${DEADLINE} ms`
const LOST = 'the connection was lost'
const UNREADY = `not ready within ${CONNECT} ms`
/** The client's words for a command that could not be sent any more. */
const UNSENT = "Stream isn't writeable"

/**
 * Does all that scripts do, to more than one key: a Redis that answers, but takes no writes, or allows a part of it, or would
 * have another server asked, is of no use.
 */
const ALIVE: Script = {
  name: 'alive',
  lua: `for _, key in ipairs(KEYS) do
  redis.call('SET', key, '1', 'PX', 1000)
  redis.call('GET', key)
end
redis.call('DEL', KEYS[2])
return 1`,
}

export interface ConnectOptions {
  readonly host: string
  readonly port: number
  readonly database: number
  readonly user: string | undefined
  readonly password: string | undefined
  /** Undefined for no TLS; `ca` is PEM, undefined for those that the platform trusts. */
  readonly tls: { readonly ca: string | undefined } | undefined
  /** What every key begins with. */
  readonly prefix: string
  readonly scripts: readonly Script[]
  readonly clock: Clock
  readonly told: Told
}

/** Connects, and resolves when the store is up or the first try has failed: it is tried for ever. */
export async function connectRedis(options: ConnectOptions): Promise<Redis> {
  const { Redis: Ioredis } = (await import('ioredis')).default // a bundle has its names there alone
  const { tls } = options
  const client = new Ioredis({
    host: options.host,
    port: options.port,
    db: options.database,
    username: options.user,
    password: options.password,
    tls: tls && {
      // a server is asked for by name alone: RFC 6066, section 3
      ...(isIP(options.host) === 0 && { servername: options.host }),
      ...(tls.ca && { ca: tls.ca }),
    },
    connectionName: 'hookwarden',
    disableClientInfo: true,
    protocol: 2,
    lazyConnect: true,
    connectTimeout: CONNECT,
    keepAlive: SILENCE,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: times => Math.min(50 * times, SLOWEST_RETRY),
  })
  guardSockets(client)
  for (const { name, lua } of [ALIVE, ...options.scripts]) {
    client.defineCommand(name, { lua: TIME + lua })
  }
  const connection = new Connection(client, options)
  await connection.begun
  return connection
}

/** ioredis gives a client one method for each script: the number of keys, the keys, the arguments. */
type Scripted = Readonly<Record<string, (...words: (string | number)[]) => Promise<Reply>>>

/** What the client says of a command that the server refused. */
interface CommandFailed extends Error {
  readonly command?: { readonly name: string }
}

/** One command that somebody waits for. */
interface Asked {
  readonly by: Connection
  readonly resolve: (reply: Reply | undefined) => void
  readonly late: ((reply: Reply) => void) | undefined
  /** Nobody told the asker anything yet. */
  open: boolean
  /** From when it was written on. */
  timer: Timer | undefined
}

class Connection implements Redis {
  /** Resolves when the first try has an end. */
  readonly begun: Promise<void>
  errors = 0
  readonly #client: Client
  readonly #scripted: Scripted
  readonly #breaker: Breaker
  readonly #clock: Clock
  readonly #probeKeys: readonly string[]
  readonly #listeners: (() => void)[] = []
  /** The last thing that the client complained of. */
  #cause = LOST
  /** Since when it owes an answer, to a probe or while connecting. */
  #probedAt: Millis | undefined
  #probing: Timer | undefined
  #again: Timer | undefined
  #closing = false
  /** What was asked in this turn of the event loop, and where it is to be written. */
  #unwritten: Asked[] = []
  #corked: Writable | undefined
  #begin = () => {}

  constructor(client: Client, { clock, told, prefix }: ConnectOptions) {
    this.#client = client
    this.#scripted = client as unknown as Scripted
    this.#clock = clock
    this.#probeKeys = [`${prefix}alive`, `${prefix}limit:alive`]
    this.#breaker = new Breaker({
      up: () => {
        told.up()
        for (const listener of this.#listeners) listener()
      },
      down: cause => told.down(cause),
    })
    this.begun = new Promise(resolve => {
      this.#begin = resolve
    })
    clock.after(CONNECT, onUnready, this)
    client.on('error', (error: CommandFailed) => {
      this.#cause = this.#causeOf(error.message)
      // the client would go on in database 0
      if (error.command?.name === 'select') client.disconnect(true)
    })
    client.options.reconnectOnError = ({ message }) => {
      const replica = message.startsWith('READONLY') // its name may lead to the new primary
      if (replica) this.#cause = message
      return replica
    }
    client.on('connect', () => {
      this.#probedAt = clock.now()
      this.probe()
    })
    client.on('ready', () => {
      this.#probedAt = undefined
      this.probe()
    })
    client.on('close', () => this.#lost())
    client.on('end', () => this.#ended())
    this.connect()
  }

  get up(): boolean {
    return this.#breaker.up
  }

  run(
    script: Script,
    keys: readonly string[],
    args: readonly (string | number)[],
    late?: (reply: Reply) => void,
  ): Promise<Reply | undefined> {
    return new Promise(resolve => {
      const asked: Asked = { by: this, resolve, late, open: true, timer: undefined }
      this.#unwritten.push(asked)
      this.#send(script, keys, args).then(
        reply => this.#answered(asked, reply),
        (error: Error) => this.#failed(asked, this.#causeOf(error.message)),
      )
    })
  }

  tell(script: Script, keys: readonly string[], args: readonly (string | number)[]): void {
    this.#send(script, keys, args).catch(() => {
      this.errors++
    })
  }

  whenUp(run: () => void): void {
    this.#listeners.push(run)
  }

  async close(): Promise<void> {
    this.#closing = true
    this.#probing?.cancel()
    this.#again?.cancel()
    await new Promise<void>(resolve => {
      const timer = this.#clock.after(DEADLINE, resolve, undefined)
      this.#client.quit().then(
        () => resolve(timer.cancel()),
        () => resolve(timer.cancel()),
      )
    })
    this.#client.disconnect()
  }

  /** `close` or `end` tells how it went, here as later. */
  connect(): void {
    this.#client.connect().catch(() => undefined)
  }

  /** Nobody waits for the first try any longer: one that hangs, or still loads what it saved, is away. */
  unready(): void {
    if (!this.up) this.#breaker.lost(this.#cause === LOST ? UNREADY : this.#cause)
    this.#begin()
  }

  /** Asks a store that is down whether it is back; again and again, one question at a time. */
  probe(): void {
    this.#probing?.cancel()
    if (this.#closing || this.up) return
    this.#probing = this.#clock.after(PROBE, onProbe, this)
    const now = this.#clock.now()
    if (this.#probedAt !== undefined && now - this.#probedAt > SILENCE) {
      return this.#client.disconnect(true)
    }
    if (this.#probedAt !== undefined || this.#client.status !== 'ready') return
    this.#probedAt = now
    this.#send(ALIVE, this.#probeKeys, []).then(
      () => this.#alive(now),
      (error: Error) => {
        this.#probedAt = undefined
        this.#breaker.lost(this.#causeOf(error.message))
        this.#begin()
      },
    )
  }

  /** Writes at once what was asked in one turn: half of what a question costs is its system calls. */
  write(): void {
    this.#corked?.uncork()
    this.#corked = undefined
    const written = this.#unwritten
    this.#unwritten = []
    for (const asked of written) {
      if (asked.open) asked.timer = this.#clock.after(DEADLINE, onDeadline, asked)
    }
  }

  /** What is late may be this process: an answer that lies in the socket already is read before anybody is blamed. */
  outOfTime(asked: Asked): void {
    asked.timer = this.#clock.after(0, onOverdue, asked)
  }

  overdue(asked: Asked): void {
    this.#failed(asked, TOO_SLOW)
  }

  #send(
    { name }: Script,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<Reply> {
    const command = this.#scripted[name]
    if (command === undefined) throw new Error(`the script ${name} was not given when connecting`)
    this.#gather()
    return command.call(this.#client, keys.length, ...keys, ...args)
  }

  #gather(): void {
    if (this.#corked !== undefined) return
    this.#corked = this.#client.stream
    this.#corked?.cork()
    setImmediate(onTurnEnd, this)
  }

  #answered(asked: Asked, reply: Reply): void {
    if (!asked.open) return asked.late?.(reply)
    asked.open = false
    asked.timer?.cancel()
    this.#breaker.answered()
    asked.resolve(reply)
  }

  #failed(asked: Asked, cause: string): void {
    if (!asked.open) return
    asked.open = false
    asked.timer?.cancel()
    this.errors++
    this.#down(() => this.#breaker.failed(cause))
    asked.resolve(undefined)
  }

  /** What was not even sent has the cause of whatever ended the connection. */
  #causeOf(message: string): string {
    return message.startsWith(UNSENT) ? this.#cause : message
  }

  #lost(): void {
    this.#probedAt = undefined
    if (this.#closing) return
    this.errors++
    this.#down(() => this.#breaker.lost(this.#cause))
    this.#cause = LOST
    this.#begin()
  }

  /** The client has given up for good, as it does where a connection cannot even begin. */
  #ended(): void {
    this.#lost()
    if (!this.#closing) this.#again = this.#clock.after(SLOWEST_RETRY, onRetry, this)
  }

  /** Begins to probe where that took it down. */
  #down(trouble: () => void): void {
    const before = this.up
    trouble()
    if (before && !this.up) this.probe()
  }

  #alive(asked: Millis): void {
    this.#probedAt = undefined
    if (this.#clock.now() - asked > DEADLINE) return this.probe() // back, it seems: ask at once
    this.#probing?.cancel()
    this.#breaker.proved()
    this.#begin()
  }
}

function onUnready(connection: Connection): void {
  connection.unready()
}

function onTurnEnd(connection: Connection): void {
  connection.write()
}

function onDeadline(asked: Asked): void {
  asked.by.outOfTime(asked)
}

function onOverdue(asked: Asked): void {
  asked.by.overdue(asked)
}

function onProbe(connection: Connection): void {
  connection.probe()
}

function onRetry(connection: Connection): void {
  connection.connect()
}
