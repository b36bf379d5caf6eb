import { createServer, type Server, type ServerOptions } from 'node:https'
import type { SecureContext } from 'node:tls'
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
  /** Who may sign the certificates of senders now. */
  readonly authorities: Authorities
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
  let current = credentials
  const server = createServer({
    ...options,
    ...primary(credentials),
    ALPNProtocols: ['http/1.1'],
    // whoever shows none, or a wrong one, may be the sender of a provider that asks for none
    requestCert: credentials.authorities.some,
    rejectUnauthorized: false,
    // there may be a choice later, and asking costs a handshake nothing that could be measured
    SNICallback: (name: string, done: (error: Error | null, context?: SecureContext) => void) =>
      done(null, choice(current.served, name)),
  })
  return {
    server,
    get authorities() {
      return current.authorities
    },
    use(others) {
      server.setSecureContext(primary(others)) // with ticket keys of its own
      askSenders(server, others.authorities)
      current = others
    },
    seal(ticketKeys) {
      server.setTicketKeys(Buffer.from(ticketKeys))
    },
  }
}

/** Undefined, which is the server's own, where there is none to choose from. */
function choice(served: readonly Served[], name: string): SecureContext | undefined {
  return served.length > 1 ? choose(served, name)?.context : undefined
}

/** Whether senders are asked for a certificate from the next handshake on: Node reads it from the server each time. */
function askSenders(server: Server & { requestCert?: boolean }, authorities: Authorities): void {
  server.requestCert = authorities.some
}

function primary({ served: [first], authorities }: Credentials) {
  if (first === undefined) throw new Fault('certificate', 'no certificate to serve')
  return { ...first.certificate, ...TERMS, ...asking(authorities.texts) }
}
