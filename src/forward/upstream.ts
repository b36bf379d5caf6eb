import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import Pool from 'undici/lib/dispatcher/pool.js'
import type { Clock } from '../clock.ts'
import type { Bytes, Millis } from '../units.ts'
import { Circuit } from './circuit.ts'
import type { AnswerHeaders } from './clean.ts'
import { Probe } from './probe.ts'

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

/** `connect`: no connection, nothing was written. `timeout`: the same, for it took too long. `cut`: anything else. */
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

/** Interim answers to one request: none is asked for, so more than a few are an attack or a mistake. */
const INTERIM = 16

/** What the way to Automatisch is made of. */
export interface UpstreamOptions {
  /** Origin, such as `http://127.0.0.1:3000`. */
  readonly url: string
  /** Deadline of a connect. */
  readonly connect: Millis
  readonly clock: Clock
  /** Told when the circuit opens, and when it closes again. */
  readonly changed: (open: boolean) => void
}

/** The one pool of connections to Automatisch, and whether it is there. */
export class Upstream {
  readonly circuit: Circuit
  readonly #pool: Pool
  /** Connections of their own, each for one question: one that is kept would not say whether new ones come about. */
  readonly #probes: Pool

  constructor({ url, connect, clock, changed }: UpstreamOptions) {
    const options = {
      connect: { timeout: connect },
      allowH2: false,
      headersTimeout: 0, // deadlines are the exchange's, by its clock
      bodyTimeout: 0,
    }
    this.#pool = new Pool(url, {
      ...options,
      keepAliveTimeout: IDLE,
      keepAliveMaxTimeout: IDLE,
      keepAliveTimeoutThreshold: 1000,
      pipelining: 1,
    })
    this.#probes = new Pool(url, { ...options, pipelining: 0 })
    this.circuit = new Circuit({ clock, changed, probe: told => new Probe(this.#probes, told) })
  }

  /**
   * Sends once, never again: a delivery that may have been received is not repeated (RFC 9110, 9.2.2). undici writes
   * only to a connection that it did not find closed, and takes another where it did.
   */
  send(request: Outgoing, answering: Answering): Sending {
    const sending = new Sending(answering, this.circuit)
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
    this.circuit.end()
    await Promise.all([this.#pool.destroy(), this.#probes.destroy()])
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
  readonly #circuit: Circuit
  #controller: Dispatcher.DispatchController | undefined
  #aborted: Error | undefined
  #written = false
  #interim = 0

  constructor(answering: Answering, circuit: Circuit) {
    this.#answering = answering
    this.#circuit = circuit
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
    if (status >= 200) return this.#answering.answerStarted(status, headers, controller)
    this.#interim += 1 // it says nothing yet
    if (this.#interim > INTERIM)
      controller.abort(new Error('the upstream only says that it goes on'))
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#answering.answerData(chunk)
  }

  onResponseEnd(): void {
    this.#answering.answerEnded()
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error & { code?: string }): void {
    const message = `${error.code ?? error.name}: ${error.message}`
    if (this.#written || error === this.#aborted || isOurs(error))
      return this.#answering.answerFailed({ kind: 'cut', message })
    this.#circuit.failed()
    const kind = error.code === LATE ? 'timeout' : 'connect'
    this.#answering.answerFailed({ kind, message })
  }
}

const LATE = 'UND_ERR_CONNECT_TIMEOUT'

/** Whether undici refused the request itself, or was closed: that says nothing of the upstream. */
function isOurs({ code }: { readonly code?: string }): boolean {
  return code?.startsWith('UND_ERR_') === true && code !== LATE
}
