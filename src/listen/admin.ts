import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import { parseAddress } from '../admit/address.ts'
import { Fault } from '../errors.ts'
import { BARE } from './bare-fastify.ts'

/** What the admin listener shows. */
export interface AdminOptions {
  readonly endpoint: { readonly host: string; readonly port: number }
  metrics(): Promise<string>
  readonly contentType: string
  readiness(): Readiness
}

/** Whether new work is welcome, and how each provider is. */
interface Readiness {
  readonly ready: boolean
  readonly state: 'serving' | 'draining'
  readonly providers: Readonly<Record<string, string>>
}

export interface Admin {
  readonly port: number
  close(): Promise<void>
}

/** Opens the admin listener: metrics, liveness, readiness. It never faces the public. */
export async function openAdmin(options: AdminOptions): Promise<Admin> {
  const app = fastify({ ...BARE, exposeHeadRoutes: true, forceCloseConnections: true })
  app.addHook('onRequest', async (request, reply) => {
    if (isOurs(request.headers.host ?? '', options.endpoint.host)) return
    await reply.code(421).send({ error: 'host' }) // a page elsewhere that rebinds its name to loopback
  })
  app.get('/metrics', async (_, reply) => {
    reply.header('Content-Type', options.contentType)
    return options.metrics()
  })
  app.get('/healthz', async () => ({ status: 'alive' }))
  app.get('/readyz', async (_, reply) => {
    const readiness = options.readiness()
    reply.code(readiness.ready ? 200 : 503)
    return readiness
  })
  app.setNotFoundHandler(async (_, reply) => {
    reply.code(404)
    return { error: 'not_found', paths: ['/metrics', '/healthz', '/readyz'] }
  })
  const { host, port } = options.endpoint
  try {
    await app.listen({ host, port, listenTextResolver: () => '' })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const why = code === 'EADDRINUSE' ? 'the port is in use' : code
    throw new Fault('listen', `cannot listen on ${host}:${port} (admin): ${why}`, { cause: error })
  }
  return {
    port: (app.server.address() as AddressInfo).port,
    close: () => app.close(),
  }
}

/** Names that no other site can give itself: addresses, localhost, and the one it listens on. */
function isOurs(header: string, own: string): boolean {
  const name = header.replace(/:\d{1,5}$/, '').toLowerCase()
  return (
    name === 'localhost' ||
    name === own ||
    parseAddress(name.replace(/^\[(.*)\]$/, '$1')) !== undefined
  )
}
