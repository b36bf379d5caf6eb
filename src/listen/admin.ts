import type { AddressInfo } from 'node:net'
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import { parseAddress } from '../admit/address.ts'
import { Fault } from '../errors.ts'
import { BARE } from './bare-fastify.ts'

/** What the admin listener shows. */
export interface AdminOptions {
  readonly endpoint: { readonly host: string; readonly port: number }
  metrics(): Promise<string>
  readonly contentType: string
  /** Whether an Authorization header lets in; undefined where nothing is asked for. */
  readonly admits: ((authorization: string | undefined) => boolean) | undefined
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

/** What anybody may ask: probes of an orchestrator know no password. `/readyz` tells them its status alone. */
const OPEN: ReadonlySet<string> = new Set(['/healthz', '/readyz'])
const ASKS = 'Basic realm="hookwarden", charset="UTF-8"'
/** Ends of names that exist inside a cluster or a container's network alone. */
const INSIDE = /^[a-z0-9_-]+$|\.(?:internal|svc|cluster\.local)$/

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
  const { admits } = options
  const admitted = ({ headers }: FastifyRequest) =>
    admits === undefined || admits(headers.authorization)
  app.addHook('onRequest', async (request, reply) => {
    const known = admits !== undefined && admitted(request)
    // a page elsewhere that rebinds its name to this address knows no password
    if (!known && !isOurs(request.headers.host ?? '', options.endpoint.host))
      return reply.code(421).send({ error: 'host' })
    if (known || admits === undefined || OPEN.has(request.url)) return undefined
    return reply.code(401).header('WWW-Authenticate', ASKS).send({ error: 'admin_auth' })
  })
  app.get('/metrics', async (_, reply) => {
    reply.header('Content-Type', options.contentType)
    return options.metrics()
  })
  app.get('/healthz', async () => ({ status: 'alive' }))
  app.get('/readyz', async (request, reply) => {
    const readiness = options.readiness()
    reply.code(readiness.ready ? 200 : 503)
    return admitted(request) ? readiness : reply.send()
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

/** Names that no other site can give itself: addresses, localhost, the one it listens on, and those of a private network. */
function isOurs(header: string, own: string): boolean {
  const name = header.replace(/:\d{1,5}$/, '').toLowerCase()
  return (
    name === 'localhost' ||
    name === own ||
    INSIDE.test(name) ||
    parseAddress(name.replace(/^\[(.*)\]$/, '$1')) !== undefined
  )
}
