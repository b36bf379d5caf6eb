import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'

/** What all contenders share. */
export interface Site {
  readonly folder: string
  readonly certFile: string
  readonly keyFile: string
  /** Certificate and key in one file. */
  readonly bothFile: string
  readonly secret: string
  readonly upstream: string
  readonly upstreamPort: number
}

/** Flow that every delivery of the bench is for. */
export const FLOW = '0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11'
export const PATH = `/webhooks/flows/${FLOW}`

/** A folder that goes with this process, with a certificate (ECDSA P-256) and a secret in it. */
export async function makeSite(): Promise<Omit<Site, 'upstream' | 'upstreamPort'>> {
  const folder = mkdtempSync(join(tmpdir(), 'hookwarden-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
  })
  const certFile = join(folder, 'tls.crt')
  const keyFile = join(folder, 'tls.key')
  const bothFile = join(folder, 'both.pem')
  writeFileSync(certFile, cert)
  writeFileSync(keyFile, key)
  writeFileSync(bothFile, `${cert}\n${key}`)
  return { folder, certFile, keyFile, bothFile, secret: randomBytes(24).toString('hex') }
}

/** What a contender of the bench is told by its environment. */
export function environment(site: Site): Record<string, string> {
  return {
    NODE_ENV: 'production',
    NODE_NO_WARNINGS: '1',
    BENCH_CERT: site.certFile,
    BENCH_KEY: site.keyFile,
    BENCH_SECRET: site.secret,
    BENCH_UPSTREAM: site.upstream,
  }
}

/** A port of loopback that nobody listens on right now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0))
    })
  })
}
