import { request } from 'node:https'
import type { Bytes } from '../units.ts'

/** What a host answered. */
export interface Got {
  readonly status: number
  readonly body: Buffer
}

/** How far to go for an answer. */
export interface Limits {
  /** Of the body. */
  readonly most: Bytes
  /** Ends it whole: name, connection, head and body. */
  readonly signal: AbortSignal
}

/** Fetches a URL once. Rejects where no whole answer came. */
export type Get = (url: string, limits: Limits) => Promise<Got>

/** Another place to connect to than the URL says, for tests: names are still checked against the URL's. */
export interface Elsewhere {
  readonly host: string
  readonly port: number
  /** PEM of whom to believe. */
  readonly ca: string
}

/**
 * Fetches over TLS with the certificates of authorities that Node knows. Redirects are not followed: whoever is asked
 * does not choose who is asked next. Nothing is sent but the request.
 */
export function getter(elsewhere?: Elsewhere): Get {
  return (url, { most, signal }) =>
    new Promise((resolve, reject) => {
      const { host, hostname, pathname, search } = new URL(url)
      const call = request({
        host: elsewhere?.host ?? hostname,
        port: elsewhere?.port ?? 443,
        servername: hostname,
        path: pathname + search,
        headers: { host, accept: '*/*', 'user-agent': 'hookwarden' },
        agent: false,
        signal,
        ...(elsewhere && { ca: elsewhere.ca }),
      })
      call.on('error', reject)
      let answered = false
      call.on('close', () => {
        if (!answered) reject(new Error('the connection closed')) // all that comes of a 101
      })
      call.on('response', answer => {
        answered = true
        const chunks: Buffer[] = []
        let size = 0
        answer.on('error', reject)
        answer.on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size <= most) return void chunks.push(chunk)
          reject(new Error(`it is longer than ${most} bytes`)) // here: its end may be read already
          call.destroy()
        })
        answer.on('end', () => {
          const { statusCode: status = 0 } = answer
          resolve({ status, body: Buffer.concat(chunks) })
        })
      })
      call.end()
    })
}
