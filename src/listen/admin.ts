import type { AddressInfo } from 'node:net'
import fastify, { type FastifyReply } from 'fastify'
import { parseAddress } from '../admit/address.ts'
import { Fault } from '../errors.ts'
import { BARE } from './bare-fastify.ts'

/** What the admin listener shows. */
export interface AdminOptions {
  readonly endpoint: { readonly host: string; readonly port: number }
  metrics(): Promise<string>
  readonly contentType: string
  readiness(): Readiness
  /** A page for a person; undefined where there is none at this path. */
  page(path: string): Promise<Page | undefined>
}

/** What a browser shows. */
export interface Page {
  readonly html: string
  /** What the browser may do with it, as Content-Security-Policy. */
  readonly policy: string
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

/** With every page: nobody keeps it, frames it or learns where its reader came from. */
const SHOWN = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const

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
  const show = async ({ url }: { url: string }, reply: FastifyReply) => {
    const page = await options.page(url.split('?', 1)[0] ?? '')
    if (page === undefined) return reply.callNotFound()
    reply.headers({ ...SHOWN, 'Content-Security-Policy': page.policy })
    return page.html
  }
  app.get('/', show)
  app.get('/docs/*', show)
  app.setNotFoundHandler(async (_, reply) => {
    reply.code(404)
    return { error: 'not_found', paths: ['/', '/metrics', '/healthz', '/readyz'] }
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
