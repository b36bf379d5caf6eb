/** One HTTP/1.1 message as it crossed the wire. */
export interface Message {
  /** Request or status line. */
  readonly line: string
  /** Name, value, name, value, …: latin-1, as received. */
  readonly headers: readonly string[]
  /** The head's bytes, the empty line included. */
  readonly head: Buffer
  /** The body's bytes, chunk framing removed. Grows until `complete`. */
  body: Buffer
  /** Chunk sizes as framed; empty unless chunked. */
  readonly framed: number[]
  readonly trailers: string[]
  complete: boolean
}

/** Told what arrives. */
export interface Listener {
  head?(message: Message): void
  end(message: Message): void
  /** Bytes that are no message; nothing is read after them. */
  fault(why: string): void
}

type Kind = 'request' | 'response'
type State = 'head' | 'body' | 'size' | 'chunk' | 'trailer' | 'close' | 'dead'

const EMPTY = Buffer.alloc(0)

/** Every value of a header of `message`. */
export function valuesOf(message: Pick<Message, 'headers'>, name: string): string[] {
  const lower = name.toLowerCase()
  return message.headers.filter((_, i, all) => i % 2 === 1 && all[i - 1]?.toLowerCase() === lower)
}

/**
 * Reads HTTP/1.1 messages out of bytes, on its own: it shares nothing with node:http, so that what it sees
 * does not depend on the code under test. Strict about CRLF; lenient about nothing that could hide a request.
 *
 * @see RFC 9112
 */
export class MessageReader {
  readonly #kind: Kind
  readonly #listener: Listener
  /** Whether the next answer has no body whatever it declares: it answers HEAD. */
  bodiless = false
  #state: State = 'head'
  #rest: Buffer = EMPTY
  #left = 0
  #parts: Buffer[] = []
  #message: Message | undefined

  constructor(kind: Kind, listener: Listener) {
    this.#kind = kind
    this.#listener = listener
  }

  push(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    while (this.#step());
  }

  /** The other side ended: completes a message that is delimited by that, faults one that is not. */
  finish(): void {
    if (this.#state === 'close') this.#complete()
    else if (this.#state !== 'dead' && (this.#message !== undefined || this.#rest.length > 0)) {
      this.#fault('ended inside a message')
    }
  }

  /** Whether a message has begun and is not complete. */
  get midway(): boolean {
    return this.#message !== undefined || this.#rest.length > 0
  }

  #step(): boolean {
    switch (this.#state) {
      case 'head':
        return this.#readHead()
      case 'body':
      case 'chunk':
        return this.#readCounted()
      case 'size':
        return this.#readSize()
      case 'trailer':
        return this.#readTrailer()
      case 'close':
        return this.#keep(this.#rest.length)
      case 'dead':
        return false
    }
  }

  #readHead(): boolean {
    const end = this.#rest.indexOf('\r\n\r\n')
    if (end === -1) return false
    const head = Buffer.from(this.#rest.subarray(0, end + 4))
    this.#rest = this.#rest.subarray(end + 4)
    const [line = '', ...fields] = head.toString('latin1', 0, end).split('\r\n')
    const headers = fields.flatMap(field => split(field))
    const message: Message = {
      line,
      headers,
      head,
      body: EMPTY,
      framed: [],
      trailers: [],
      complete: false,
    }
    this.#message = message
    this.#parts = []
    const state = this.#framing(message)
    this.#listener.head?.(message)
    if (state === undefined) return this.#complete()
    this.#state = state
    return true
  }

  /** How the body is delimited; undefined when there is none. */
  #framing(message: Message): State | undefined {
    const status = this.#kind === 'response' ? Number(message.line.split(' ')[1]) : undefined
    if (status !== undefined && (status < 200 || status === 204 || status === 304)) return undefined
    if (this.bodiless) return undefined
    const codings = valuesOf(message, 'transfer-encoding')
    if (codings.length > 0)
      return codings.join(',').toLowerCase().endsWith('chunked') ? 'size' : 'close'
    const [length] = valuesOf(message, 'content-length')
    if (length === undefined) return this.#kind === 'response' ? 'close' : undefined
    this.#left = Number(length)
    return this.#left === 0 ? undefined : 'body'
  }

  #readCounted(): boolean {
    if (this.#left > 0) {
      const take = Math.min(this.#left, this.#rest.length)
      this.#left -= take
      this.#keep(take)
      if (this.#left > 0) return false
    }
    if (this.#state === 'body') return this.#complete()
    if (this.#rest.length < 2) return false
    if (this.#rest.toString('latin1', 0, 2) !== '\r\n')
      return this.#fault('chunk without its line end')
    this.#rest = this.#rest.subarray(2)
    this.#state = 'size'
    return true
  }

  #readSize(): boolean {
    const line = this.#line()
    if (line === undefined) return false
    const digits = /^(?<hex>[0-9a-f]+)(?:;.*)?$/i.exec(line)?.groups?.hex
    if (digits === undefined) return this.#fault(`not a chunk size: ${JSON.stringify(line)}`)
    this.#left = Number.parseInt(digits, 16)
    if (this.#left > 0) this.#message?.framed.push(this.#left)
    this.#state = this.#left === 0 ? 'trailer' : 'chunk'
    return true
  }

  #readTrailer(): boolean {
    const line = this.#line()
    if (line === undefined) return false
    if (line === '') return this.#complete()
    this.#message?.trailers.push(...split(line))
    return true
  }

  #line(): string | undefined {
    const end = this.#rest.indexOf('\r\n')
    if (end === -1) return undefined
    const line = this.#rest.toString('latin1', 0, end)
    this.#rest = this.#rest.subarray(end + 2)
    return line
  }

  #keep(bytes: number): false {
    if (bytes > 0) this.#parts.push(this.#rest.subarray(0, bytes))
    this.#rest = this.#rest.subarray(bytes)
    return false
  }

  #join(message: Message): void {
    if (this.#parts.length > 1) this.#parts = [Buffer.concat(this.#parts)]
    message.body = this.#parts[0] ?? EMPTY
  }

  #complete(): true {
    const message = this.#message
    this.#message = undefined
    this.#state = 'head'
    if (message !== undefined) {
      this.#join(message)
      message.complete = true
      this.#listener.end(message)
    }
    return true
  }

  #fault(why: string): false {
    if (this.#message !== undefined) this.#join(this.#message)
    this.#state = 'dead'
    this.#listener.fault(why)
    return false
  }
}

function split(field: string): [string, string] {
  const colon = field.indexOf(':')
  return [field.slice(0, colon), field.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')]
}
