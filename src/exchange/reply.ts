import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Bytes, Millis } from '../units.ts'
import type { Told } from '../verify/told.ts'
import type { Rest } from './framing.ts'
import type { Witness } from './witness.ts'

/** How much more of a body is read before a connection closes, so that the answer is not lost to a reset. */
const LINGER: { readonly bytes: Bytes; readonly time: Millis } = { bytes: 1024 ** 2, time: 2000 }

/** Said of a connection, and not of the request: only on another one can the sender show another certificate. */
const OF_CONNECTION = 'certificate'

/** An answer of our own: a coarse word for the sender, nothing of what was expected. */
export interface OwnAnswer {
  readonly status: number
  /** `error` and its coarse word, or `status` and `duplicate`. */
  readonly says: readonly [key: 'error' | 'status', word: string]
  readonly requestId: string
  /** 0 for none; a 503 has a second at least. */
  readonly retryAfter: Millis
  /** Value of `Allow`; undefined for none. */
  readonly allow: string | undefined
  readonly rest: Rest
}

/** Back-pressure on an answer from upstream. */
export interface Source {
  pause(): void
  resume(): void
}

const followed = new WeakSet<ServerResponse>()

/** Says that a request was taken on the connection behind one whose answer is still to come. */
export function follow(res: ServerResponse): void {
  followed.add(res)
}

/** The response of one exchange: an answer of our own, or the upstream's as the sender takes it. */
export class Reply {
  readonly #req: IncomingMessage
  readonly #res: ServerResponse
  #source: Source | undefined
  /** The source was told to pause: what it has read already still comes. */
  #paused = false
  /** When the sender last took or sent something. */
  #progress: Millis
  /** The sender took something since deadlines were looked at. */
  #moved = false
  /** Wants what is dropped; undefined for nearly all. */
  witness: Witness | undefined
  #lingered: Bytes = 0

  constructor(req: IncomingMessage, res: ServerResponse, now: Millis) {
    this.#req = req
    this.#res = res
    this.#progress = now
  }

  get begun(): boolean {
    return this.#res.headersSent
  }

  /** The response is complete, or its connection is gone. */
  get closed(): boolean {
    return this.#res.closed
  }

  /** Closes the connection after this answer, unless another is owed on it: that one does. */
  closeAfter(): void {
    if (!followed.has(this.#res)) this.#res.shouldKeepAlive = false
  }

  /** Answers on our own account. A small rest of the body is dropped, before a large one the connection ends. */
  own(answer: OwnAnswer, now: Millis): void {
    const [key, word] = answer.says
    if (word === OF_CONNECTION) this.closeAfter()
    const body = `{"${key}":"${word}","request_id":"${answer.requestId}"}\n`
    const headers = ['Content-Type', 'application/json', 'Content-Length', String(body.length)]
    const wait = answer.status === 503 ? Math.max(answer.retryAfter, 1000) : answer.retryAfter
    if (wait > 0) headers.push('Retry-After', String(Math.ceil(wait / 1000)))
    if (answer.allow !== undefined) headers.push('Allow', answer.allow)
    this.#whole(answer.status, headers, body, answer.rest, now)
  }

  /** Answers a challenge. What goes back may have come from anybody, so no browser may make anything of it. */
  tell({ status, type, body, header }: Told, rest: Rest, now: Millis): void {
    const headers = ['X-Content-Type-Options', 'nosniff', 'Cache-Control', 'no-store']
    if (type !== undefined) headers.push('Content-Type', type)
    if (status !== 204) headers.push('Content-Length', String(body.length)) // RFC 9110, 8.6
    if (header !== undefined) headers.push(...header)
    this.#whole(status, headers, body, rest, now)
  }

  /** More of the body came after the answer. */
  drop(chunk: Uint8Array): void {
    this.witness?.see([chunk], false)
    this.#lingered += chunk.length
    if (this.#lingered > LINGER.bytes) this.end()
  }

  /** All of the body came after the answer. */
  dropped(): void {
    this.witness?.see([], true)
    this.end()
  }

  /** @throws what node:http throws for a header that is none */
  start(status: number, headers: string[], source: Source): void {
    this.#source = source
    this.#res.writeHead(status, headers)
  }

  write(chunk: Buffer, now: Millis): void {
    this.#progress = now
    if (this.#res.write(chunk) || this.#paused) return
    this.#paused = true
    this.#source?.pause()
    this.#res.once('drain', () => this.#drained())
  }

  /** The answer is whole. A second time does nothing. */
  end(now: Millis = this.#progress): void {
    this.#progress = now
    if (!this.#res.writableEnded) this.#res.end()
  }

  /** A cut answer cuts the connection: the sender must not take it for a whole one. */
  cut(): void {
    this.#req.socket.destroy()
  }

  #whole(status: number, headers: string[], body: string, rest: Rest, now: Millis): void {
    if (rest === 'large') this.closeAfter()
    this.#progress = now
    this.#res.writeHead(status, headers)
    if (rest !== 'large') return void this.#res.end(body, 'latin1')
    this.#res.write(body, 'latin1') // all the sender waits for; `end` would close while it still sends
  }

  #drained(): void {
    this.#moved = true
    this.#paused = false
    this.#source?.resume()
  }

  /** Ends what lingers too long, and cuts off a sender that does not read its answer. */
  checkDeadlines(now: Millis, idle: Millis): void {
    if (this.#moved) this.#progress = now
    this.#moved = false
    const quiet = now - this.#progress
    if (this.#res.writableEnded || this.#res.writableNeedDrain) {
      if (quiet > idle) this.cut()
    } else if (quiet > LINGER.time && this.#source === undefined) this.end()
  }
}
