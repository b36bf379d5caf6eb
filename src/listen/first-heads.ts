import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../clock.ts'
import { Watch, type Watched } from '../exchange/open.ts'
import type { Millis } from '../units.ts'

const kFirst: unique symbol = Symbol('first head')
type Shaken = Socket & { [kFirst]?: FirstHead | undefined }
type Listener = (this: Server, socket: Socket) => void

/**
 * Connections whose handshake is over and whose first request head is not whole yet. node:http has one with its first byte:
 * its parser takes 10 KiB, and whoever says nothing needs none. The deadline of a first head counts from the handshake, whoever has it.
 *
 * @see docs/decisions/silent-connections.md
 */
export class FirstHeads {
  readonly #clock: Pick<Clock, 'now'>
  readonly #shell: Shell

  /**
   * Takes the place of what a server does with a connection whose handshake is over.
   *
   * @param within how long a first head may take
   */
  constructor(server: Server, clock: Pick<Clock, 'now'>, within: Millis) {
    const listeners = server.listeners('secureConnection') as Listener[]
    server.removeAllListeners('secureConnection')
    this.#clock = clock
    this.#shell = { server, listeners, within, waiting: new Watch() }
  }

  /** How many are waited for. */
  get count(): number {
    return this.#shell.waiting.count
  }

  /** A handshake is over. */
  expect(socket: Shaken): void {
    const first = new FirstHead(socket, this.#clock.now(), this.#shell)
    socket[kFirst] = first
    this.#shell.waiting.add(first)
    socket.on('data', onFirstData)
    socket.on('error', onError)
    socket.on('close', forgetFirst)
  }

  /** Looks at their deadlines. */
  sweep(now: Millis): void {
    this.#shell.waiting.sweep(now)
  }

  /** Ends all that have said nothing: node:http knows nothing of them. */
  endSilent(): void {
    this.#shell.waiting.each(first => first.silent && first.socket.destroy())
  }
}

/** What node:http does with a connection, kept until there is something to do. */
interface Shell {
  readonly server: Server
  readonly listeners: readonly Listener[]
  readonly within: Millis
  readonly waiting: Watch<FirstHead>
}

/** A first head that is waited for. No closure and no timer is made for one: at thousands of new connections a second that counts. */
class FirstHead implements Watched {
  place = -1
  silent = true
  readonly socket: Socket
  readonly shell: Shell
  readonly #since: Millis

  constructor(socket: Socket, since: Millis, shell: Shell) {
    this.socket = socket
    this.shell = shell
    this.#since = since
  }

  /** As node:http ends one whose head is late. */
  checkDeadlines(now: Millis): void {
    if (now - this.#since < this.shell.within) return
    forgetFirst.call(this.socket)
    const late = Object.assign(new Error('no head came in time'), {
      code: 'ERR_HTTP_REQUEST_TIMEOUT',
    })
    this.shell.server.emit('clientError', late, this.socket)
  }
}

/** Its head is whole, or it is closed. */
export function forgetFirst(this: Shaken): void {
  const first = this[kFirst]
  if (first === undefined) return
  this[kFirst] = undefined
  first.shell.waiting.delete(first)
}

function onFirstData(this: Shaken, chunk: Buffer): void {
  const first = this[kFirst]
  if (first === undefined) return // it is being ended
  first.silent = false
  this.removeListener('data', onFirstData)
  this.removeListener('error', onError)
  const { server, listeners } = first.shell
  for (const listener of listeners) listener.call(server, this)
  this.emit('data', chunk) // it was read before node:http listened
}

function onError(this: Socket): void {
  this.destroy()
}
