import { createServer, type Server, type ServerOptions } from 'node:https'
import { Fault } from '../errors.ts'
import type { Millis } from '../units.ts'
import type { Authorities } from './authorities.ts'
import { asking, choose, type Served, TERMS } from './certificates.ts'

/** What handshakes are made with. */
export interface Credentials {
  /** The first is for every name that no other has. */
  readonly served: readonly Served[]
  /** Who may sign the certificates of senders. */
  readonly authorities: Authorities
}

/** A server whose certificates can be changed while it serves. */
export interface TlsServer {
  readonly server: Server
  /** Makes handshakes with others from now on. Tickets from before are no longer taken. */
  use(credentials: Credentials): void
  /** Makes and takes tickets under this key alone. */
  seal(ticketKeys: Uint8Array): void
}

/** Makes the server that ends TLS. */
export function createTlsServer(
  credentials: Credentials,
  options: ServerOptions & { readonly handshakeTimeout: Millis },
): TlsServer {
  let { served } = credentials
  const server = createServer({
    ...options,
    ...primary(credentials),
    ALPNProtocols: ['http/1.1'],
    // whoever shows none, or a wrong one, may be the sender of a provider that asks for none
    requestCert: credentials.authorities.some,
    rejectUnauthorized: false,
    // asked for with each handshake, so only where there is a choice
    ...(served.length > 1 && {
      SNICallback: (
        name: string,
        done: (error: Error | null, context?: Served['context']) => void,
      ) => done(null, choose(served, name)?.context),
    }),
  })
  return {
    server,
    use(others) {
      server.setSecureContext(primary(others)) // with ticket keys of its own
      served = others.served
    },
    seal(ticketKeys) {
      server.setTicketKeys(Buffer.from(ticketKeys))
    },
  }
}

function primary({ served: [first], authorities }: Credentials) {
  if (first === undefined) throw new Fault('certificate', 'no certificate to serve')
  return { ...first.certificate, ...TERMS, ...asking(authorities.texts) }
}
