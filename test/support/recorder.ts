import { createServer, type Server, type Socket } from 'node:net'
import type { Millis } from '../../src/units.ts'
import { type Message, MessageReader, valuesOf } from './message.ts'

/** What an upstream received, byte for byte. */
export interface RecordedRequest extends Message {
  readonly method: string
  readonly target: string
  /** Which connection it came on, counted from 1. */
  readonly connection: number
}

/** How the recorder reacts to one request. */
export interface Reaction {
  /** Raw bytes; a list is written piece by piece, `every` ms apart, or each in a turn of its own. */
  readonly write?: string | Uint8Array | readonly (string | Uint8Array)[]
  readonly every?: Millis
  /** What becomes of the connection afterwards: kept (default), ended, or reset. */
  readonly after?: 'keep' | 'end' | 'reset'
  /** When: with the last body byte (default), as soon as the head is there, or with half of the body. */
  readonly at?: 'head' | 'half' | 'end'
}

/** What becomes of a connection before a request has come on it. */
export interface Greeting extends Omit<Reaction, 'at'> {
  /** As soon as it is accepted, or with the first bytes that come. */
  readonly at: 'accept' | 'byte'
}

export interface RecorderOptions {
  readonly port?: number
  /** 204, keep-alive, unless said. */
  readonly reaction?: Reaction | ((request: RecordedRequest) => Reaction)
  /** For each connection, counted from 1; nothing unless said. */
  readonly greet?: (connection: number) => Greeting | undefined
  /** Answers nothing until released. */
  readonly hold?: boolean
  /** How `/healthcheck` is answered; 200 at once, whatever else is held, unless said. */
  readonly alive?: Reaction
}

export interface Recorder {
  readonly port: number
  readonly url: string
  /** Complete and incomplete requests, in the order their heads came; those for `/healthcheck` are not among them. */
  readonly requests: readonly RecordedRequest[]
  /** Those for `/healthcheck`. */
  readonly probes: readonly RecordedRequest[]
  /** How many connections were opened so far, and how many are open. */
  readonly connections: { readonly total: number; readonly open: number }
  /** Bytes that were no request: a sign that something was smuggled or mangled. */
  readonly faults: readonly string[]
  /** How many complete requests wait for `release`. */
  readonly held: number
  /** Changes how requests are answered from now on, those held included. */
  react(reaction: RecorderOptions['reaction']): void
  /** Changes how `/healthcheck` is answered from now on: as while it lives, unless said. */
  live(alive?: Reaction): void
  /** Changes what becomes of connections that are accepted from now on. */
  greet(greet: RecorderOptions['greet']): void
  hold(): void
  /** Answers the oldest `count` held requests, and keeps holding. */
  release(count: number): void
  /** Answers everything held, and what comes from now on. */
  releaseAll(): void
  /** Resolves when `count` requests are complete. */
  complete(count: number): Promise<readonly RecordedRequest[]>
  /** Resets every connection. */
  reset(): void
  /** Takes no more connections; those that are open stay. */
  stop(): void
  close(): Promise<void>
}

const HEALTHCHECK = '/healthcheck'
const ALIVE: Reaction = { write: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK' }
const NO_CONTENT: Reaction = { write: 'HTTP/1.1 204 No Content\r\n\r\n' }

/** Starts an upstream that records raw requests. It is built on node:net alone and shares no code with node:http. */
export async function startRecorder(options: RecorderOptions = {}): Promise<Recorder> {
  const recorder = new RawUpstream(options)
  await recorder.listen(options.port ?? 0)
  return recorder
}

class RawUpstream implements Recorder {
  readonly requests: RecordedRequest[] = []
  readonly probes: RecordedRequest[] = []
  readonly faults: string[] = []
  readonly connections = { total: 0, open: 0 }
  port = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #waiting: (() => void)[] = []
  readonly #watchers: { readonly count: number; readonly done: () => void }[] = []
  #holding: boolean
  #reaction: RecorderOptions['reaction']
  #alive: Reaction
  #greet: RecorderOptions['greet']

  constructor(options: RecorderOptions) {
    this.#reaction = options.reaction
    this.#holding = options.hold ?? false
    this.#alive = options.alive ?? ALIVE
    this.#greet = options.greet
    this.#server = createServer({ noDelay: true }, socket => this.#accept(socket))
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
      this.#server.listen(port, '127.0.0.1', () => {
        const address = this.#server.address()
        if (typeof address === 'object' && address !== null) this.port = address.port
        resolve()
      })
    })
  }

  react(reaction: RecorderOptions['reaction']): void {
    this.#reaction = reaction
  }

  greet(greet: RecorderOptions['greet']): void {
    this.#greet = greet
  }

  live(alive: Reaction = ALIVE): void {
    this.#alive = alive
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

  complete(count: number): Promise<readonly RecordedRequest[]> {
    return new Promise(resolve => {
      this.#watchers.push({ count, done: () => resolve(this.requests) })
      this.#tellWatchers()
    })
  }

  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  stop(): void {
    this.#server.close()
  }

  close(): Promise<void> {
    return new Promise(resolve => {
      this.#server.close(() => resolve())
      for (const socket of this.#sockets) socket.destroy()
    })
  }

  #accept(socket: Socket): void {
    this.connections.total += 1
    this.connections.open += 1
    this.#sockets.add(socket)
    const connection = this.connections.total
    const greeting = this.#greet?.(connection)
    let received = 0
    let half: (() => void) | undefined
    const begun = new Map<Message, RecordedRequest>()
    const reader = new MessageReader('request', {
      head: message => {
        const request = recorded(message, connection)
        begun.set(message, request)
        if (request.target === HEALTHCHECK) this.probes.push(request)
        else this.requests.push(request)
        const reaction = this.#reactionTo(request)
        if (reaction.at === 'head') this.#answer(socket, request)
        if (reaction.at !== 'half') return
        const enough = message.head.length + Number(valuesOf(message, 'content-length')[0] ?? 0) / 2
        half = () => {
          if (received < enough) return
          half = undefined
          this.#answer(socket, request)
        }
      },
      end: message => {
        const request = begun.get(message)
        begun.delete(message)
        if (request === undefined) return
        request.body = message.body
        request.complete = true
        const reaction = this.#reactionTo(request)
        if (reaction.at === undefined || reaction.at === 'end') this.#answer(socket, request)
        this.#tellWatchers()
      },
      fault: why => {
        for (const [message, request] of begun) request.body = message.body
        this.faults.push(why)
        socket.destroy()
      },
    })
    if (greeting?.at === 'accept') write(socket, greeting)
    socket.on('data', (chunk: Buffer) => {
      if (received === 0 && greeting?.at === 'byte') write(socket, greeting)
      received += chunk.length
      reader.push(chunk)
      half?.()
    })
    socket.on('end', () => {
      if (begun.size > 0 || reader.midway) reader.finish()
      socket.end()
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      this.connections.open -= 1
      this.#sockets.delete(socket)
    })
  }

  #reactionTo(request: RecordedRequest): Reaction {
    if (request.target === HEALTHCHECK) return this.#alive
    const given = this.#reaction
    return (typeof given === 'function' ? given(request) : given) ?? NO_CONTENT
  }

  #answer(socket: Socket, request: RecordedRequest): void {
    const answer = (): void => write(socket, this.#reactionTo(request))
    if (this.#holding && request.target !== HEALTHCHECK) this.#waiting.push(answer)
    else answer()
  }

  #tellWatchers(): void {
    const count = this.requests.filter(request => request.complete).length
    for (const watcher of this.#watchers) if (watcher.count <= count) watcher.done()
  }
}

function recorded(message: Message, connection: number): RecordedRequest {
  const [method = '', target = ''] = message.line.split(' ')
  return { ...message, method, target, connection }
}

function write(socket: Socket, reaction: Omit<Reaction, 'at'>): void {
  const { write: given = [], every = 0, after = 'keep' } = reaction
  const pieces = typeof given === 'string' || given instanceof Uint8Array ? [given] : [...given]
  const next = (): void => {
    const piece = pieces.shift()
    if (socket.destroyed) return
    if (piece !== undefined) socket.write(piece)
    if (pieces.length > 0) setTimeout(next, every)
    else if (after === 'end') socket.end()
    else if (after === 'reset') socket.resetAndDestroy()
  }
  next()
}
