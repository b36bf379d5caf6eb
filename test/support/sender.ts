import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type SecureVersion, TLSSocket } from 'node:tls'
import { type Message, MessageReader, valuesOf } from './message.ts'

/** One answer as it crossed the wire. */
export interface Answer {
  readonly status: number
  /** Status line. */
  readonly line: string
  /** Name, value, name, value, …: as received. */
  readonly headers: readonly string[]
  readonly head: Buffer
  readonly body: Buffer
  /** Statuses of the interim answers before it, such as 100. */
  readonly interim: readonly number[]
  /** The first value of a header; undefined when absent. */
  header(name: string): string | undefined
  /** The body as text. */
  text(): string
}

export interface ConnectOptions {
  /** 127.0.0.1 unless said. */
  readonly host?: string
  /** Address to send from, such as 127.0.0.2. */
  readonly localAddress?: string
  readonly minVersion?: SecureVersion
  readonly maxVersion?: SecureVersion
  readonly servername?: string
  readonly alpn?: readonly string[]
  readonly session?: Buffer
  /** What goes ahead of the handshake, such as a PROXY header; in pieces, each in a turn of its own. */
  readonly ahead?: readonly (string | Uint8Array)[]
  /** Certificate and key of the sender, as PEM. */
  readonly cert?: string
  readonly key?: string
}

/** A request as text and bytes, with nothing added. */
export interface RequestParts {
  readonly method?: string
  readonly target: string
  /** Name, value pairs in order; `Host` is added in front unless one is there. */
  readonly headers?: readonly (readonly [string, string])[]
  readonly body?: string | Uint8Array
  /** How the body is framed: by Content-Length (default), chunked, or with nothing added. */
  readonly framing?: 'length' | 'chunked' | 'none'
  /** How it is written: at once (default), or byte by byte, each in its own TLS record. */
  readonly cut?: 'whole' | 'bytes' | readonly number[]
}

/** Bytes of a request, in the pieces they are to be written in. */
export type Pieces = readonly Uint8Array[]

/** One TLS connection that writes raw bytes and reads whole answers. */
export class Connection<S extends Socket = TLSSocket> {
  readonly socket: S
  /** Resolves when the connection is gone, with the error that ended it, if one did. */
  readonly closed: Promise<Error | undefined>
  /** Everything received that was not read as an answer yet, and why reading stopped. */
  fault: string | undefined
  readonly #reader: MessageReader
  readonly #answers: Answer[] = []
  readonly #readers: { done(answer: Answer): void; fail(error: Error): void }[] = []
  #interim: number[] = []
  #interims: ((status: number) => void)[] = []
  #gone: Error | undefined
  #ended = false

  constructor(socket: S) {
    this.socket = socket
    this.#reader = new MessageReader('response', {
      end: message => this.#received(message),
      fault: why => {
        this.fault = why
      },
    })
    socket.on('data', (chunk: Buffer) => this.#reader.push(chunk))
    socket.on('end', () => {
      this.#reader.finish()
      this.#finish()
    })
    socket.on('error', error => {
      this.#gone = error
    })
    this.closed = new Promise(resolve => {
      socket.on('close', () => {
        this.#finish()
        resolve(this.#gone)
      })
    })
  }

  /** Writes raw bytes. Resolves when the operating system took them; false when the connection was gone. */
  write(bytes: string | Uint8Array): Promise<boolean> {
    return new Promise(resolve => {
      if (this.socket.destroyed || this.socket.writableEnded) return resolve(false)
      const data = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
      this.socket.write(data, error => resolve(!error))
    })
  }

  /** Writes pieces, each in a TLS record of its own; stops when the other side is gone or has answered. */
  async send(pieces: Pieces): Promise<boolean> {
    if (pieces.length === 1 && pieces[0] !== undefined) return this.write(pieces[0])
    for (const piece of pieces) if (!(await this.write(piece))) return false
    return true
  }

  /** The next final answer. Rejects when the connection ends before one is whole. */
  readAnswer(options: { readonly bodiless?: boolean } = {}): Promise<Answer> {
    const ready = this.#answers.shift()
    if (ready !== undefined) return Promise.resolve(ready)
    if (this.#ended) return Promise.reject(this.#noAnswer())
    this.#reader.bodiless = options.bodiless ?? false
    return new Promise((done, fail) => this.#readers.push({ done, fail }))
  }

  /** The next final answer, or undefined when the connection ended without one. */
  async answerOrClose(options: { readonly bodiless?: boolean } = {}): Promise<Answer | undefined> {
    try {
      return await this.readAnswer(options)
    } catch {
      return undefined
    }
  }

  /** Resolves with the next interim answer's status, such as 100. */
  readInterim(): Promise<number> {
    return new Promise(resolve => this.#interims.push(resolve))
  }

  /** Whether the TLS session was resumed. */
  get resumed(): boolean {
    return this.socket instanceof TLSSocket && this.socket.isSessionReused()
  }

  /** Sends what is written, then a FIN. */
  end(): void {
    this.socket.end()
  }

  destroy(): void {
    this.socket.destroy()
  }

  #received(message: Message): void {
    const status = Number(message.line.split(' ')[1])
    if (status >= 100 && status < 200 && status !== 101) {
      this.#interim.push(status)
      this.#interims.shift()?.(status)
      return
    }
    const answer = new ReadAnswer(status, message, this.#interim)
    this.#interim = []
    const reader = this.#readers.shift()
    if (reader === undefined) this.#answers.push(answer)
    else reader.done(answer)
  }

  #finish(): void {
    this.#ended = true
    for (const reader of this.#readers.splice(0)) reader.fail(this.#noAnswer())
  }

  #noAnswer(): Error {
    const why = this.fault ?? this.#gone?.message ?? 'end of stream'
    return new Error(`closed before an answer: ${why}`, { cause: this.#gone })
  }
}

class ReadAnswer implements Answer {
  readonly status: number
  readonly line: string
  readonly headers: readonly string[]
  readonly head: Buffer
  readonly body: Buffer
  readonly interim: readonly number[]

  constructor(status: number, message: Message, interim: readonly number[]) {
    this.status = status
    this.line = message.line
    this.headers = message.headers
    this.head = message.head
    this.body = message.body
    this.interim = interim
  }

  header(name: string): string | undefined {
    return valuesOf(this, name)[0]
  }

  text(): string {
    return this.body.toString()
  }
}

/** Opens a TLS connection to `port` on loopback; the certificate is not checked. Rejects when refused. */
export async function connect(port: number, options: ConnectOptions = {}): Promise<Connection> {
  const { host = '127.0.0.1', servername = 'localhost', alpn = ['http/1.1'], ...rest } = options
  const { ahead, localAddress, ...tls } = rest
  const from = localAddress === undefined ? {} : { localAddress }
  const below = ahead && (await dial(port, options))
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      ...(below === undefined ? { host, port, ...from } : { socket: below }),
      servername,
      ALPNProtocols: [...alpn],
      rejectUnauthorized: false,
      ...tls,
    })
    socket.setNoDelay(true)
    socket.once('error', reject)
    socket.once('secureConnect', () => {
      socket.off('error', reject)
      resolve(new Connection(socket))
    })
  })
}

/** Opens a connection in plain, and sends what goes ahead. Rejects when refused. */
export async function connectPlain(
  port: number,
  options: ConnectOptions = {},
): Promise<Connection<Socket>> {
  return new Connection(await dial(port, options))
}

function dial(port: number, options: ConnectOptions): Promise<Socket> {
  const { host = '127.0.0.1', localAddress, ahead = [] } = options
  const from = localAddress === undefined ? {} : { localAddress }
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host, port, noDelay: true, ...from })
    const next = (at: number): void => {
      const piece = ahead[at]
      if (piece !== undefined) return void socket.write(piece, () => setImmediate(next, at + 1))
      socket.off('error', reject)
      resolve(socket)
    }
    socket.once('error', reject)
    socket.once('connect', () => next(0))
  })
}

/** Sends one request on a connection of its own and reads its answer; undefined when it was closed without one. */
export async function exchange(
  port: number,
  request: string | Uint8Array | Pieces | RequestParts,
  options: ConnectOptions = {},
): Promise<Answer | undefined> {
  const connection = await connect(port, options)
  const pieces = piecesOf(request)
  const bodiless = Buffer.from(pieces[0] ?? []).toString('latin1', 0, 5) === 'HEAD '
  const answer = connection.answerOrClose({ bodiless })
  void connection.send(pieces)
  const got = await answer
  connection.destroy()
  return got
}

/** The bytes of a POST, in the pieces that `cut` asks for. */
export function post(parts: RequestParts): Pieces {
  return request({ method: 'POST', ...parts })
}

/** The bytes of a request, in the pieces that `cut` asks for. */
export function request(parts: RequestParts): Pieces {
  const { method = 'GET', target, body, cut = 'whole' } = parts
  const framing = parts.framing ?? (body === undefined ? 'none' : 'length')
  const payload = bytesOf(body ?? '')
  let head = `${method} ${target} HTTP/1.1\r\n`
  const headers = parts.headers ?? []
  if (!headers.some(([name]) => name.toLowerCase() === 'host')) head += 'Host: localhost\r\n'
  for (const [name, value] of headers) head += `${name}: ${value}\r\n`
  if (framing === 'length') head += `Content-Length: ${payload.length}\r\n`
  if (framing === 'chunked') head += 'Transfer-Encoding: chunked\r\n'
  const start = Buffer.from(`${head}\r\n`, 'latin1')
  const pieces = cutUp(payload, cut)
  if (framing === 'chunked')
    return [
      ...(cut === 'whole' ? [] : [start]),
      ...chunked(pieces, cut === 'whole' ? start : undefined),
    ]
  return cut === 'whole' ? [Buffer.concat([start, payload])] : [start, ...pieces]
}

function chunked(pieces: readonly Uint8Array[], start: Uint8Array | undefined): Uint8Array[] {
  const framed = pieces
    .filter(piece => piece.length > 0)
    .map(piece => Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, CRLF]))
  const all = [...framed, LAST_CHUNK]
  return start === undefined ? all : [Buffer.concat([start, ...all])]
}

const CRLF = Buffer.from('\r\n')
const LAST_CHUNK = Buffer.from('0\r\n\r\n')

function cutUp(payload: Uint8Array, cut: 'whole' | 'bytes' | readonly number[]): Uint8Array[] {
  if (cut === 'whole') return [payload]
  const sizes = cut === 'bytes' ? new Array<number>(payload.length).fill(1) : cut
  const pieces: Uint8Array[] = []
  let at = 0
  for (const size of sizes) {
    if (at < payload.length) pieces.push(payload.subarray(at, at + size))
    at += size
  }
  if (at < payload.length) pieces.push(payload.subarray(at))
  return pieces
}

function piecesOf(given: string | Uint8Array | Pieces | RequestParts): Pieces {
  if (typeof given === 'string' || given instanceof Uint8Array) return [bytesOf(given)]
  return 'target' in given ? request(given) : given
}

function bytesOf(given: string | Uint8Array): Uint8Array {
  return typeof given === 'string' ? Buffer.from(given) : given
}
