import { type Answer, type Connection, connect } from '../support/sender.ts'

/** Longer unused than this a connection is not trusted: its listener may be closing it just now. */
const STALE = 4_000

/** Kept connections to one listener: each has at most one request under way, and there are as many as needed. */
export class Pool {
  readonly port: number
  /** The longest unused first. */
  readonly #free: { readonly connection: Connection; readonly since: number }[] = []
  readonly #all = new Set<Connection>()

  constructor(port: number) {
    this.port = port
  }

  /** Connections that wait for a request. */
  get free(): number {
    return this.#free.length
  }

  /** Opens connections ahead of time, a few at once, so that no handshake falls into what is measured. */
  async warm(count: number): Promise<void> {
    const opened = await Promise.all(Array.from({ length: count }, () => this.#connect()))
    for (const connection of opened) this.#keep(connection)
  }

  /** Sends one request. Undefined: the connection ended without an answer. */
  async send(bytes: readonly Uint8Array[]): Promise<Answer | undefined> {
    const connection = this.#take() ?? (await this.#connect().catch(() => undefined))
    if (connection === undefined) return undefined
    const answer = connection.answerOrClose()
    void connection.send(bytes)
    const got = await answer
    if (got === undefined || connection.socket.destroyed) connection.destroy()
    else this.#keep(connection)
    return got
  }

  close(): void {
    for (const connection of this.#all) connection.destroy()
  }

  #keep(connection: Connection): void {
    this.#free.push({ connection, since: performance.now() })
  }

  #take(): Connection | undefined {
    for (let next = this.#free.shift(); next !== undefined; next = this.#free.shift()) {
      const { connection, since } = next
      if (connection.socket.writable && performance.now() - since < STALE) return connection
      connection.destroy()
    }
    return undefined
  }

  async #connect(): Promise<Connection> {
    const connection = await connect(this.port)
    this.#all.add(connection)
    void connection.closed.then(() => this.#all.delete(connection))
    return connection
  }
}
