import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createProxyServer } from 'http-proxy'
import type { Clock } from '../clock.ts'
import { Fault } from '../errors.ts'
import type { Bytes, Millis } from '../units.ts'
import { cleanAnswer, cleanRequest, cleanUpgrade } from './clean.ts'
import { type ConsoleRefusal, isWebSocket, refusalOf, refuse, refuseUpgrade } from './refusal.ts'

/** What the console is made of. The rooms that decide about addresses and certificates are not its own. */
export interface ConsoleOptions {
  /** Ends TLS; its requests are the console's alone. */
  readonly server: Server
  readonly at: { readonly host: string; readonly port: number }
  /** Origin of Automatisch. */
  readonly upstream: string
  readonly connections: number
  readonly body: Bytes
  /** Deadline of Automatisch's answer, and of an upgraded connection that is silent. */
  readonly answer: Millis
  readonly idle: Millis
  readonly clock: Clock
  /** Who is at the other end of a connection, in the one spelling of its address; empty where nobody is any more. */
  addressOf(socket: Socket): string
  /** Whether the list has an address. */
  listed(address: string): boolean
  /** Whether a connection shows the certificate that is asked for. */
  shows(socket: Socket): boolean
  /** Whether a request's framing leaves two readers no choice. */
  framed(req: IncomingMessage): boolean
  /** Spends one of an address; false where it has none left. */
  spend(address: string): boolean
  refused(why: ConsoleRefusal, address: string): void
}

/** Automatisch's own pages and API, for the people who work with it. */
export interface Console {
  readonly port: number
  /** Takes no new connection, and ends the idle ones. */
  stopAccepting(): void
  /** Ends every connection, upgraded ones included. */
  close(): void
}

/** Opens it. Throws a fault where it cannot listen. */
export async function openConsole(options: ConsoleOptions): Promise<Console> {
  const { server, upstream, answer, idle } = options
  const sockets = new Set<Socket>()
  const proxy = createProxyServer({
    target: upstream,
    agent: false, // a connection for each request: nothing that is left on one can begin the next
    proxyTimeout: answer,
    upgradeTimeout: answer,
  })
  proxy.on('proxyRes', answered => cleanAnswer(answered.headers))
  proxy.on('proxyReqWs', (asked, _, socket) => {
    socket.once('close', () => asked.destroy())
    asked.once('upgrade', (_answer, upgraded) => {
      // a pipe ends the other side with an end, and not with a reset
      socket.once('close', () => upgraded.destroy())
      upgraded.once('close', () => socket.destroy())
    })
  })
  proxy.on('error', (_, req, to) => {
    if (to === undefined) return
    options.refused('upstream', addressOf(req as IncomingMessage))
    if ('writeHead' in to) refuse(to as ServerResponse, 'upstream')
    else to.destroy()
  })

  function addressOf(req: IncomingMessage | undefined): string {
    return req === undefined ? '' : options.addressOf(req.socket)
  }

  /** Decides before the handshake: whoever is not listed learns nothing, not even the certificate. */
  const own = server.listeners('connection') as ((this: Server, socket: Socket) => void)[]
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    const address = options.addressOf(socket)
    const listed = options.listed(address)
    if (!listed || sockets.size >= options.connections) {
      options.refused(listed ? 'connections' : 'address', address)
      return void socket.destroy()
    }
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    for (const listener of own) listener.call(server, socket)
  })

  function refusal(req: IncomingMessage): ConsoleRefusal | undefined {
    if (!options.shows(req.socket)) return 'certificate'
    if (!options.spend(addressOf(req))) return 'rate'
    return options.framed(req) ? refusalOf(req, options.body) : 'framing'
  }

  server.on('request', (req: IncomingMessage, res: ServerResponse) => {
    const why = refusal(req)
    if (why === undefined) {
      cleanRequest(req, addressOf(req))
      proxy.web(req, res).catch(() => res.destroy()) // a rejection that nobody hears ends the process
      return
    }
    options.refused(why, addressOf(req))
    refuse(res, why)
  })

  server.on('upgrade', (req: IncomingMessage, stream: Duplex, head: Buffer) => {
    const socket = stream as Socket
    socket.on('error', () => socket.destroy())
    const why = refusal(req) ?? (isWebSocket(req, head) ? undefined : 'upgrade')
    if (why !== undefined) {
      options.refused(why, addressOf(req))
      return refuseUpgrade(socket, why)
    }
    cleanUpgrade(req, addressOf(req))
    void proxy.ws(req, socket, {}, head)
    endWhenSilent(socket, idle, options.clock)
  })

  await listen(server, options.at)
  return {
    port: (server.address() as AddressInfo).port,
    stopAccepting() {
      server.close()
      server.closeIdleConnections()
    },
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Ends a connection on which nothing has moved for `idle`, or for twice that at most. */
function endWhenSilent(socket: Socket, idle: Millis, clock: Clock): void {
  let seen = -1
  let timer = clock.after(idle, look, undefined)
  socket.once('close', () => timer.cancel())
  function look(): void {
    const moved = socket.bytesRead + socket.bytesWritten
    if (moved === seen) return void socket.destroy()
    seen = moved
    timer = clock.after(idle, look, undefined)
  }
}

function listen(server: Server, { host, port }: ConsoleOptions['at']): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'the port is in use' : (error.code ?? '')
      reject(
        new Fault('listen', `cannot listen on ${host}:${port} (console): ${why}`, { cause: error }),
      )
    }
    server.once('error', failed)
    server.listen({ host, port }, () => {
      server.off('error', failed)
      server.on('error', () => {}) // of an accept: the system has no room for one more
      resolve()
    })
  })
}
