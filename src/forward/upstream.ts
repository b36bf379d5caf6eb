import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import Pool from 'undici/lib/dispatcher/pool.js'
import type { Bytes, Millis } from '../units.ts'
import type { AnswerHeaders } from './clean.ts'

/** Who is told how the upstream answered. Every call comes after `Upstream.send` returned or from within it. */
export interface Answering {
  /** The request begins to be written: from here on the upstream may have it. */
  answerWritten(): void
  answerStarted(status: number, headers: AnswerHeaders, flow: Flow): void
  answerData(chunk: Buffer): void
  answerEnded(): void
  /** No answer, or not all of one. */
  answerFailed(failure: Failure): void
}

/** `connect`: no connection, nothing was written. `timeout`: too slow to connect. `cut`: anything after. */
export interface Failure {
  readonly kind: 'connect' | 'timeout' | 'cut'
  /** For the operator's log: no text from the sender. */
  readonly message: string
}

/** Back-pressure on an answer, and its end. */
export interface Flow {
  pause(): void
  resume(): void
  abort(error: Error): void
}

/** One request as it goes upstream. */
export interface Outgoing {
  readonly method: string
  readonly target: string
  readonly headers: string[]
  /** In order; empty for none. */
  readonly body: readonly Uint8Array[]
  readonly length: number
}

/** Automatisch closes idle sockets after 5 s: ours go first, so that none is written into a closing one. */
const IDLE: Millis = 4000
/** Up to here joining the chunks is cheaper than handing them over one by one. */
const JOINED: Bytes = 64 * 1024

/** The one pool of connections to Automatisch. */
export class Upstream {
  readonly #pool: Pool

  /** @param url origin, such as `http://127.0.0.1:3000` */
  constructor(url: string, connect: Millis) {
    this.#pool = new Pool(url, {
      connect: { timeout: connect },
      keepAliveTimeout: IDLE,
      keepAliveMaxTimeout: IDLE,
      keepAliveTimeoutThreshold: 1000,
      pipelining: 1,
      headersTimeout: 0, // deadlines are the exchange's, by its clock
      bodyTimeout: 0,
    })
  }

  /** Sends once, never again: a delivery that may have been received is not repeated (RFC 9110, 9.2.2). */
  send(request: Outgoing, answering: Answering): Sending {
    const sending = new Sending(answering)
    this.#pool.dispatch(
      {
        method: request.method as Dispatcher.HttpMethod,
        path: request.target,
        headers: request.headers,
        body: bodyOf(request),
      },
      sending,
    )
    return sending
  }

  async close(): Promise<void> {
    await this.#pool.destroy()
  }
}

/** Hands a large body over as its list of chunks: joining 900 KiB would hold it twice, and collect more garbage. */
function bodyOf({
  body,
  length,
  headers,
}: Outgoing): NonNullable<Dispatcher.DispatchOptions['body']> | null {
  if (length === 0) return null
  if (body.length === 1) return body[0] as Uint8Array
  if (length <= JOINED) return Buffer.concat(body, length)
  headers.push('Content-Length', String(length))
  return body as unknown as Readable // undici takes any iterable; its types name streams alone
}

/** One request on its way; adapts undici's handler to `Answering`. */
export class Sending implements Dispatcher.DispatchHandler {
  readonly #answering: Answering
  #controller: Dispatcher.DispatchController | undefined
  #aborted: Error | undefined
  #written = false

  constructor(answering: Answering) {
    this.#answering = answering
  }

  /** Ends it, whatever it is at: a connection is not reused after this. */
  abort(error: Error): void {
    this.#aborted = error
    this.#controller?.abort(error)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#aborted !== undefined) return controller.abort(this.#aborted)
    this.#written = true
    this.#answering.answerWritten()
  }

  /** 101 was not asked for. */
  onRequestUpgrade(controller: Dispatcher.DispatchController): void {
    controller.abort(new Error('the upstream switched protocols'))
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: AnswerHeaders,
  ): void {
    if (status < 200) return // an interim answer says nothing yet
    this.#answering.answerStarted(status, headers, controller)
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#answering.answerData(chunk)
  }

  onResponseEnd(): void {
    this.#answering.answerEnded()
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error & { code?: string }): void {
    const message = `${error.code ?? error.name}: ${error.message}`
    if (this.#written) return this.#answering.answerFailed({ kind: 'cut', message })
    const late = error.code === 'UND_ERR_CONNECT_TIMEOUT'
    this.#answering.answerFailed({ kind: late ? 'timeout' : 'connect', message })
  }
}
