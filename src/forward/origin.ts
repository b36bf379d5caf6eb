import { connect, isIP, type Socket, type TcpNetConnectOpts } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Bytes, Millis } from '../units.ts'

/** An idle connection is looked after by the system, so that one whose other end is lost is not kept. */
const KEEP_ALIVE: Millis = 60_000
/** Room for what is read at once; all connections read into the same, one after the other. */
const READ: Bytes = 64 * 1024

/** Where the upstream is, and how it is connected to. */
export class Origin {
  /** Value of `Host`. */
  readonly authority: string
  readonly #host: string
  readonly #port: number
  readonly #tls: boolean
  readonly #room = Buffer.allocUnsafeSlow(READ)
  /** Resumes what was negotiated before. */
  #session: Buffer | undefined

  /** @param url such as `http://127.0.0.1:3000` */
  constructor(url: string) {
    const { protocol, host, hostname, port } = new URL(url)
    this.#tls = protocol === 'https:'
    this.authority = host
    this.#host = hostname.replace(/^\[|\]$/g, '')
    this.#port = port === '' ? (this.#tls ? 443 : 80) : Number(port)
  }

  /** Name of the event that says that a connection can be written to. */
  get ready(): 'connect' | 'secureConnect' {
    return this.#tls ? 'secureConnect' : 'connect'
  }

  /**
   * Begins to connect.
   *
   * @param read is given what came; it holds what it holds only until `read` returns
   */
  connect(read: (bytes: Buffer) => void): Socket {
    const to: TcpNetConnectOpts = {
      host: this.#host,
      port: this.#port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE,
      onread: {
        buffer: this.#room,
        callback: length => {
          read(this.#room.subarray(0, length))
          return true
        },
      },
    }
    return this.#tls ? this.#secure(to) : connect(to)
  }

  #secure(to: TcpNetConnectOpts): Socket {
    const socket = connectTls({
      ...to,
      ...(isIP(this.#host) === 0 && { servername: this.#host }),
      ...(this.#session && { session: this.#session }),
      ALPNProtocols: ['http/1.1'],
    })
    socket.on('session', session => {
      this.#session = session
    })
    return socket
  }
}
