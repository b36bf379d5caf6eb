import type { Socket } from 'node:net'
import type { Clock, Timer } from '../clock.ts'
import type { Millis } from '../units.ts'
import { type AnswerHead, AnswerReader, type Reading } from './answer-reader.ts'
import type { Origin } from './origin.ts'
import { headOf } from './request.ts'
import type { Carrier, Failure, Sending } from './sending.ts'

/** Who has connections. */
export interface Owner {
  readonly origin: Origin
  readonly clock: Clock
  /** Deadline of a connect. */
  readonly connect: Millis
  /** Whether connections are kept for the next request. */
  readonly keeps: boolean
  /** It may carry another request within `keep`. */
  idle(connection: Connection, keep: Millis): void
  /** It carries nothing any more. */
  gone(connection: Connection): void
  /** No connection came about. */
  unreached(cause: string): void
}

/** Interim answers to one request: none is asked for, so more than a few are an attack or a mistake. */
const INTERIM = 16

/** One connection to the upstream: carries one request at a time, each written once. */
export class Connection implements Carrier, Reading {
  /** When it may not be used again, by its owner's clock. */
  until: Millis = 0
  readonly #owner: Owner
  readonly #socket: Socket
  readonly #reader = new AnswerReader(this)
  readonly #deadline: Timer
  #state: 'connecting' | 'open' | 'gone' = 'connecting'
  #sending: Sending | undefined
  #interim = 0
  #paused = false

  /** Begins to connect, for one request. */
  constructor(owner: Owner, sending: Sending) {
    this.#owner = owner
    this.#sending = sending
    sending.carriedBy(this)
    this.#deadline = owner.clock.after(owner.connect, onLate, this)
    this.#socket = owner.origin
      .connect(bytes => this.#reader.push(bytes))
      .on(owner.origin.ready, () => this.#ready())
      .on('error', error => this.#lost(error))
      .on('end', () => this.#ended())
      .on('close', () => this.#lost(new Error('the connection was closed')))
  }

  /** Carries another request, now that the last is answered. */
  carry(sending: Sending): void {
    this.#sending = sending
    sending.carriedBy(this)
    this.#write(sending)
  }

  pause(): void {
    this.#paused = true
    this.#socket.pause()
  }

  resume(): void {
    this.#paused = false
    this.#socket.resume()
  }

  destroy(): void {
    if (this.#state === 'gone') return
    this.#state = 'gone'
    this.#sending = undefined
    this.#deadline.cancel()
    this.#reader.stop()
    this.#owner.gone(this)
    this.#socket.destroy()
  }

  /** @package it did not come about in time */
  late(): void {
    this.#fail({ kind: 'timeout', message: 'the connect took too long' })
  }

  interim(): void {
    this.#interim += 1 // it says nothing yet
    if (this.#interim > INTERIM) this.fault('the upstream only says that it goes on')
  }

  head(head: AnswerHead): void {
    this.#sending?.started(head)
  }

  /** Copied, because what it is read into is used again. */
  data(chunk: Buffer): void {
    this.#sending?.data(Buffer.from(chunk))
  }

  /** A connection is not used again while its request is still being written: the upstream answered without it. */
  end(keep: Millis | undefined): void {
    const sending = this.#sending
    this.#sending = undefined
    if (keep === undefined || !this.#owner.keeps || this.#socket.writableLength > 0) this.destroy()
    else {
      if (this.#paused) this.resume()
      this.#owner.idle(this, keep)
    }
    sending?.ended()
  }

  fault(message: string): void {
    this.#fail({ kind: 'cut', message })
  }

  #ready(): void {
    if (this.#state !== 'connecting') return
    this.#state = 'open'
    this.#deadline.cancel()
    if (this.#sending !== undefined) this.#write(this.#sending)
  }

  #write(sending: Sending): void {
    const { request } = sending
    const head = headOf(request, this.#owner.origin.authority, this.#owner.keeps)
    if (head === undefined) return this.fault('the request was none that may be written')
    this.#interim = 0
    this.#reader.begin(request.method === 'HEAD')
    sending.written()
    const socket = this.#socket
    socket.cork()
    socket.write(head, 'latin1')
    for (const chunk of request.body) socket.write(chunk)
    socket.uncork()
  }

  #ended(): void {
    this.#reader.finish()
    this.#lost(new Error('the connection ended'))
  }

  #lost(error: Error & { readonly code?: string }): void {
    const kind = this.#state === 'connecting' ? 'connect' : 'cut'
    this.#fail({ kind, message: `${error.code ?? error.name}: ${wordsOf(error)}` })
  }

  #fail(failure: Failure): void {
    if (this.#state === 'gone') return
    const sending = this.#sending
    this.destroy()
    if (failure.kind !== 'cut') this.#owner.unreached(failure.message)
    sending?.failed(failure)
  }
}

/** Where a name has several addresses, what came of each. */
function wordsOf(error: Error): string {
  if (!(error instanceof AggregateError)) return error.message.trim() // those of OpenSSL end a line
  return error.errors.map(({ message }: Error) => message).join(', ')
}

function onLate(connection: Connection): void {
  connection.late()
}
