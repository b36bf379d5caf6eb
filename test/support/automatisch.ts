import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import cors from 'cors'
import express, { type NextFunction, type Request, type Response } from 'express'
import multer from 'multer'
import type { Bytes, Millis } from '../../src/units.ts'

/** One request that reached a webhook handler of the stand-in. */
export interface Delivery {
  readonly method: string
  readonly url: string
  /** Name, value, name, value, …: as received. */
  readonly headers: readonly string[]
  /** SHA-256 of the bytes a parser saw, hex; undefined where none parsed the body. */
  readonly sha256: string | undefined
  readonly bytes: Bytes
}

export interface AutomatischOptions {
  readonly port?: number
  /** Answers nothing until released. */
  readonly hold?: boolean
  /** Answers this late. */
  readonly delay?: Millis
  /** Status of asynchronous flows, 204 unless said. */
  readonly status?: number
  /** Told of each delivery as it comes. */
  readonly onDelivery?: (delivery: Delivery) => void
}

/** A stand-in for Automatisch in this process. */
export interface Automatisch {
  readonly port: number
  readonly url: string
  readonly deliveries: readonly Delivery[]
  /** How many deliveries wait for `release`. */
  readonly held: number
  hold(): void
  release(count: number): void
  releaseAll(): void
  /** Resolves when `count` deliveries came. */
  delivered(count: number): Promise<readonly Delivery[]>
  close(): Promise<void>
}

const LIMIT = '1mb'
const UUID = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i

type Parsed = Request & { rawBody?: Buffer }

/** Starts Automatisch's own parser stack, in its order and with its limits, around handlers that only record. */
export async function startAutomatisch(options: AutomatischOptions = {}): Promise<Automatisch> {
  const standIn = new StandIn(options)
  await standIn.listen(options.port ?? 0)
  return standIn
}

class StandIn implements Automatisch {
  readonly deliveries: Delivery[] = []
  readonly #options: AutomatischOptions
  readonly #waiting: (() => void)[] = []
  readonly #watchers: { readonly count: number; readonly done: () => void }[] = []
  readonly #server: Server
  #holding: boolean

  constructor(options: AutomatischOptions) {
    this.#options = options
    this.#holding = options.hold ?? false
    this.#server = createServer(application(this))
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get held(): number {
    return this.#waiting.length
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, '127.0.0.1', () => resolve())
    })
  }

  hold(): void {
    this.#holding = true
  }

  release(count: number): void {
    for (const answer of this.#waiting.splice(0, count)) answer()
  }

  releaseAll(): void {
    this.#holding = false
    this.release(this.#waiting.length)
  }

  delivered(count: number): Promise<readonly Delivery[]> {
    return new Promise(resolve => {
      this.#watchers.push({ count, done: () => resolve(this.deliveries) })
      this.#tellWatchers()
    })
  }

  close(): Promise<void> {
    return new Promise(resolve => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }

  /** Records a delivery, then answers when it may. */
  take(request: Parsed, response: Response, sync: boolean): void {
    const body = request.rawBody
    const delivery: Delivery = {
      method: request.method,
      url: request.originalUrl,
      headers: request.rawHeaders,
      sha256: body && createHash('sha256').update(body).digest('hex'),
      bytes: body?.length ?? 0,
    }
    this.deliveries.push(delivery)
    this.#options.onDelivery?.(delivery)
    this.#tellWatchers()
    const answer = (): void => {
      if (sync) response.status(200).json({ body: request.body, query: request.query })
      else response.status(this.#options.status ?? 204).end()
    }
    if (this.#holding) this.#waiting.push(answer)
    else if (this.#options.delay === undefined) answer()
    else setTimeout(answer, this.#options.delay)
  }

  #tellWatchers(): void {
    for (const watcher of this.#watchers) {
      if (watcher.count <= this.deliveries.length) watcher.done()
    }
  }
}

/** The order matters: every body is parsed before anything is looked up or verified. */
function application(standIn: StandIn): express.Express {
  const verify = (request: IncomingMessage, _: unknown, body: Buffer): void => {
    ;(request as Parsed).rawBody = body
  }
  const app = express()
  app.use(express.json({ limit: LIMIT, verify }))
  app.use(express.urlencoded({ extended: true, limit: LIMIT, verify }))
  app.use(cors({ origin: 'http://127.0.0.1:3001', credentials: true }))
  app.get('/healthcheck', (_, response) => void response.status(200).end())
  app.use('/webhooks', webhooks(standIn, verify))
  app.use((_: Request, response: Response) => void response.status(404).end())
  app.use((error: unknown, _: Request, response: Response, _next: NextFunction) => {
    response.status(statusOf(error)).end()
  })
  return app
}

function webhooks(
  standIn: StandIn,
  verify: (request: IncomingMessage, response: unknown, body: Buffer) => void,
): express.Router {
  const router = express.Router()
  const handle = (sync: boolean) => (request: Request, response: Response) => {
    if (!UUID.test(request.params.flowId ?? '')) response.status(400).end()
    else standIn.take(request, response, sync)
  }
  router.use(multer().none())
  router.use(express.text({ limit: LIMIT, verify }))
  router.use(cors({ exposedHeaders: ['X-Redirect-URL'], credentials: true }))
  for (const [path, sync] of [
    ['/flows/:flowId/sync', true],
    ['/flows/:flowId', false],
    ['/:flowId', false],
  ] as const) {
    router.get(path, handle(sync))
    router.put(path, handle(sync))
    router.patch(path, handle(sync))
    router.post(path, handle(sync))
  }
  return router
}

function statusOf(error: unknown): number {
  const status = (error as { readonly status?: unknown }).status
  return typeof status === 'number' ? status : 500
}

/** A stand-in in a process of its own, which a bad request may end. */
export interface AutomatischChild {
  readonly port: number
  readonly url: string
  /** Where `/__seen`, `/__hold` and `/__release` are. */
  readonly control: string
  readonly child: ChildProcess
  /** Resolves when the process ended. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>
  seen(): Promise<readonly Delivery[]>
  hold(): Promise<void>
  /** Answers everything held, and what comes from now on. */
  releaseAll(): Promise<void>
  close(): Promise<void>
}

/** Starts `node test/support/automatisch.ts` and waits until it listens. */
export async function startAutomatischChild(
  options: Omit<AutomatischOptions, 'onDelivery'> = {},
): Promise<AutomatischChild> {
  const args = [fileURLToPath(import.meta.url), '--quiet', '--port', String(options.port ?? 0)]
  if (options.hold) args.push('--hold')
  if (options.delay !== undefined) args.push('--delay', String(options.delay))
  if (options.status !== undefined) args.push('--status', String(options.status))
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2_000)
  })
  const exited = new Promise<{ code: number | null; signal: string | null }>(resolve => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  const first = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve)
    void exited.then(({ code }) => {
      reject(
        new Error(
          `the stand-in for Automatisch ended with ${code}: ${said.match(/^\w*Error: .*$/m)?.[0] ?? said}`,
        ),
      )
    })
  })
  const { port, control } = JSON.parse(first) as { readonly port: number; readonly control: number }
  const ask = (path: string): Promise<globalThis.Response> =>
    fetch(`http://127.0.0.1:${control}${path}`)
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    control: `http://127.0.0.1:${control}`,
    child,
    exited,
    seen: async () => (await (await ask('/__seen')).json()) as Delivery[],
    hold: async () => void (await ask('/__hold')),
    releaseAll: async () => void (await ask('/__release')),
    close: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** `--port N --control N --hold --delay MS --status N --quiet`: prints its ports, then a line for each delivery. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '3000' },
      control: { type: 'string', default: '0' },
      hold: { type: 'boolean', default: false },
      delay: { type: 'string' },
      status: { type: 'string' },
      quiet: { type: 'boolean', default: false },
    },
  })
  const standIn = await startAutomatisch({
    port: Number(values.port),
    hold: values.hold,
    ...(values.delay === undefined ? {} : { delay: Number(values.delay) }),
    ...(values.status === undefined ? {} : { status: Number(values.status) }),
    ...(values.quiet ? {} : { onDelivery: delivery => print({ delivery }) }),
  })
  const control = createServer((request, response) => {
    if (request.url === '/__hold') standIn.hold()
    if (request.url === '/__release') standIn.releaseAll()
    response.end(JSON.stringify(standIn.deliveries))
  })
  control.listen(Number(values.control), '127.0.0.1', () => {
    print({ port: standIn.port, control: (control.address() as AddressInfo).port })
  })
}

function print(line: unknown): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

if (import.meta.main) await main()
