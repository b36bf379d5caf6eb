import { createHmac, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Server } from 'node:net'

/** What the driver tells a contender, by its environment. */
const { BENCH_CERT = '', BENCH_KEY = '', BENCH_SECRET = '', BENCH_UPSTREAM = '' } = process.env

export const UPSTREAM = BENCH_UPSTREAM
export const SECRET = BENCH_SECRET
/** Automatisch takes no more. */
export const MAX_BODY = 1024 ** 2
export const SIGNATURE = 'x-hub-signature-256'
/** Connections to the upstream, the same for all. */
export const CONNECTIONS = 32

export function tls(): { readonly cert: Buffer; readonly key: Buffer } {
  return { cert: readFileSync(BENCH_CERT), key: readFileSync(BENCH_KEY) }
}

/** The check as a Node user would write it, over a whole body. */
export function isGenuine(claim: unknown, body: Uint8Array): boolean {
  if (typeof claim !== 'string') return false
  const given = Buffer.from(claim)
  const right = Buffer.from(`sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`)
  return given.length === right.length && timingSafeEqual(given, right)
}

/** Listens on a free port of loopback and tells the driver which. */
export function announce(server: Server): void {
  server.listen(0, '127.0.0.1', () => ready(server))
}

export function ready(server: Server): void {
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('not listening')
  process.stdout.write(`${JSON.stringify({ port: address.port })}\n`)
}
