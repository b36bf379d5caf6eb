import type { Socket } from 'node:net'
import type { Clock, Timer } from '../clock.ts'
import type { Millis } from '../units.ts'

/**
 * Connections that have not said a word since their handshake. node:http takes 12 KB for each connection that it reads from,
 * a fifth of all that one costs, so it is handed one when there is something to read.
 */
export class Silent {
  readonly #clock: Clock
  readonly #deadline: Millis
  readonly #sockets = new Set<Socket>()

  /** @param deadline how long they may say nothing */
  constructor(clock: Clock, deadline: Millis) {
    this.#clock = clock
    this.#deadline = deadline
  }

  /** @param spoken told once, when the first bytes wait to be read */
  await(socket: Socket, spoken: () => void): void {
    this.#sockets.add(socket)
    new Waiting(socket, this.#clock.after(this.#deadline, destroy, socket), said => {
      this.#sockets.delete(socket)
      if (said) spoken()
    })
  }

  /** Ends them all. */
  close(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}

class Waiting {
  readonly #socket: Socket
  readonly #timer: Timer
  readonly #over: (said: boolean) => void
  readonly #onReadable = () => this.#read()
  readonly #onClose = () => this.#end(false)

  constructor(socket: Socket, timer: Timer, over: (said: boolean) => void) {
    this.#socket = socket
    this.#timer = timer
    this.#over = over
    socket.on('readable', this.#onReadable)
    socket.on('close', this.#onClose)
    socket.on('error', gone)
  }

  #read(): void {
    if (this.#socket.readableLength > 0) this.#end(true) // not when its sender has said that nothing will come
  }

  #end(said: boolean): void {
    this.#timer.cancel()
    this.#socket.off('readable', this.#onReadable)
    this.#socket.off('close', this.#onClose)
    if (said) this.#socket.off('error', gone)
    this.#over(said)
  }
}

function destroy(socket: Socket): void {
  socket.destroy()
}

/** Its end follows: there is nobody to answer. */
function gone(): void {}
