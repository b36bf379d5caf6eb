import type { Socket } from 'node:net'
import type { Clock, Timer } from '../clock.ts'
import type { Millis } from '../units.ts'
import { MOST_HEADER, type ProxyHeader, readProxyHeader } from './proxy-header.ts'

/** How a PROXY header is awaited. */
interface Awaiting {
  readonly clock: Clock
  readonly deadline: Millis
  /** The header is whole; what follows it is the socket's again. */
  whole(header: ProxyHeader): void
  /** There will be none. The socket is gone afterwards. */
  missing(): void
}

/** Takes a PROXY header off the front of a connection whose other end is believed, before anything else reads it. */
export function takeProxyHeader(socket: Socket, awaiting: Awaiting): void {
  new Taking(socket, awaiting)
}

class Taking {
  readonly #socket: Socket
  readonly #awaiting: Awaiting
  readonly #timer: Timer
  readonly #onReadable = () => this.#read()
  readonly #onGone = () => this.#fail()
  #bytes: Buffer = Buffer.alloc(0)

  constructor(socket: Socket, awaiting: Awaiting) {
    this.#socket = socket
    this.#awaiting = awaiting
    this.#timer = awaiting.clock.after(awaiting.deadline, fail, this)
    socket.on('readable', this.#onReadable)
    socket.on('end', this.#onGone)
    socket.on('error', this.#onGone)
    socket.on('close', this.#onGone)
  }

  #read(): void {
    for (let chunk = this.#next(); chunk !== null; chunk = this.#next()) {
      this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
      const reading = readProxyHeader(this.#bytes)
      if (reading === 'wrong') return this.#fail()
      if (reading === 'more' && this.#bytes.length >= MOST_HEADER) return this.#fail()
      if (reading !== 'more') return this.#end(reading)
    }
  }

  #next(): Buffer | null {
    return this.#socket.read() as Buffer | null // no encoding was set
  }

  #end(header: ProxyHeader): void {
    this.#release()
    const rest = this.#bytes.subarray(header.length)
    if (rest.length > 0) this.#socket.unshift(rest)
    this.#awaiting.whole(header)
  }

  #fail(): void {
    this.#release()
    this.#socket.on('error', () => {}) // it is being destroyed: nobody else listens any more
    this.#socket.destroy()
    this.#awaiting.missing()
  }

  fail(): void {
    this.#fail()
  }

  #release(): void {
    this.#timer.cancel()
    this.#socket.off('readable', this.#onReadable)
    this.#socket.off('end', this.#onGone)
    this.#socket.off('error', this.#onGone)
    this.#socket.off('close', this.#onGone)
  }
}

function fail(taking: Taking): void {
  taking.fail()
}
