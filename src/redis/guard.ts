import type { Duplex } from 'node:stream'
import type { Redis as Client } from 'ioredis'

/** What makes the client's sockets. */
interface Connector {
  connect(told: unknown): Promise<Duplex>
}

/**
 * Listens for every error of the client's sockets. The client itself listens for the first alone, and a second one that nobody
 * hears ends the process: TLS has one more to tell where a server sends an alert after its certificate was refused.
 */
export function guardSockets(client: Client): void {
  const { connector } = client as unknown as { readonly connector: Connector }
  const connect = connector.connect.bind(connector)
  connector.connect = async told => {
    const stream = await connect(told)
    stream.on('error', () => stream.destroy())
    return stream
  }
}
