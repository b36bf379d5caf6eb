import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis as Client } from 'ioredis'
import type { Redis, Reply, Script } from '../../src/redis/port.ts'
import { freePort } from './free-port.ts'

/** Why tests with a real Redis are skipped: false where there is one. */
export const NO_REDIS: string | false =
  spawnSync('redis-server', ['--version']).status === 0 ? false : 'redis-server is not installed'

/** A Redis on a free port of loopback, with nothing kept on disk. */
export interface RedisServer {
  readonly port: number
  readonly url: string
  /** Process id, for what it costs. */
  readonly pid: number
  /** SIGSTOP; resolves when it stands still. */
  freeze(): Promise<void>
  /** SIGCONT. */
  thaw(): void
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>
  /** Starts it again on the same port, empty. */
  start(): Promise<void>
  close(): Promise<void>
}

/** Starts one, with further arguments of `redis-server`; `PORT` among them stands for its port. */
export async function startRedis(...args: string[]): Promise<RedisServer> {
  const server = new Server(await freePort(), args)
  await server.start()
  return server
}

class Server implements RedisServer {
  readonly port: number
  readonly #folder = mkdtempSync(join(tmpdir(), 'hookwarden-redis-'))
  readonly #args: readonly string[]
  #child: ChildProcess | undefined

  constructor(port: number, args: readonly string[]) {
    this.port = port
    this.#args = args.map(word => (word === 'PORT' ? `${port}` : word))
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  async start(): Promise<void> {
    const own = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--save', '']
    const child = spawn('redis-server', [...own, '--dir', this.#folder, ...this.#args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#child = child
    await new Promise<void>((resolve, reject) => {
      let said = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text
        if (said.includes('Ready to accept connections')) resolve()
      })
      child.once('error', reject)
      child.once('exit', () => reject(new Error(`redis-server ended: ${said}`)))
    })
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  async freeze(): Promise<void> {
    this.#child?.kill('SIGSTOP')
    const state = () => readFileSync(`/proc/${this.pid}/stat`, 'latin1').split(') ')[1]?.[0]
    while (state() !== 'T') await new Promise(resolve => setTimeout(resolve, 1))
  }

  thaw(): void {
    this.#child?.kill('SIGCONT')
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  async close(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** A plain client for what a test itself asks. */
export function redisClient(port: number): Client {
  return new Client({ port, host: '127.0.0.1', protocol: 2, retryStrategy: () => 50 }).on(
    'error',
    () => {}, // the server is killed on purpose
  )
}

/** The port of the stores over a real server whose time stands where the test put it. */
export class StillRedis implements Redis {
  readonly up = true
  readonly errors = 0
  now = 0
  readonly #client: Client
  readonly #spare: number

  /** @param spare milliseconds that keys live longer, since their expiry goes by the time that passes */
  constructor(client: Client, spare = 1_000_000) {
    this.#client = client
    this.#spare = spare
  }

  run(...[script, keys, args]: Parameters<Redis['tell']>): Promise<Reply> {
    const lua = `local now = ${this.now}\n${script.lua}`.replaceAll(
      "'PX', ",
      `'PX', ${this.#spare} + `,
    )
    return this.#client.eval(lua, keys.length, ...keys, ...args) as Promise<Reply>
  }

  tell(...asked: Parameters<Redis['tell']>): void {
    void this.run(...asked)
  }

  whenUp(): void {}

  async close(): Promise<void> {}
}

/** One question to a `HandRedis` that has no answer yet. */
interface Open {
  readonly resolve: (reply: Reply | undefined) => void
  readonly late: ((reply: Reply) => void) | undefined
}

/** The port of the stores, answered by hand in the order of asking. */
export class HandRedis implements Redis {
  up = true
  readonly errors = 0
  /** The names of the scripts that were sent. */
  readonly asked: string[] = []
  /** The endings among them, with their words. */
  readonly told: string[] = []
  readonly #open: Open[] = []
  readonly #missed: Open[] = []
  readonly #listeners: (() => void)[] = []

  run(...[script, keys, args, late]: Parameters<Redis['run']>): Promise<Reply | undefined> {
    this.tell(script, keys, args)
    return new Promise(resolve => this.#open.push({ resolve, late }))
  }

  tell({ name }: Script, keys: readonly string[], args: readonly (string | number)[]): void {
    this.asked.push(name)
    const [key = ''] = keys
    if (name === 'keep' || name === 'release') {
      this.told.push([name, key.replace('replay:', ''), ...args].join(' '))
    }
  }

  /** Answers the oldest open question; undefined: it missed the deadline. */
  answer(reply: Reply | undefined): void {
    const open = this.#open.shift()
    if (open === undefined) return
    if (reply === undefined) this.#missed.push(open)
    open.resolve(reply)
  }

  /** Answers the oldest question that missed the deadline. */
  late(reply: Reply): void {
    this.#missed.shift()?.late?.(reply)
  }

  whenUp(run: () => void): void {
    this.#listeners.push(run)
  }

  /** It is up again. */
  back(): void {
    this.up = true
    for (const listener of this.#listeners) listener()
  }

  async close(): Promise<void> {}
}
