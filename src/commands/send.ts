import { request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { Fault } from '../errors.ts'
import type { Request } from '../sign/draft.ts'
import type { Bytes, Millis } from '../units.ts'

/** Longer than any sender waits. */
const PATIENCE: Millis = 70_000
/** More of an answer is not shown. */
const MOST: Bytes = 64 * 1024

/** How to reach a listener. */
export interface Target {
  /** Such as `https://127.0.0.1:8443`. */
  readonly origin: string
  /** Whether any certificate will do. */
  readonly insecure: boolean
  /** PEM of whoever signed the listener's certificate, where the machine does not know it. */
  readonly ca: Uint8Array | undefined
}

/** What was answered. */
export interface Answer {
  readonly status: number
  readonly message: string
  /** Name, value, name, value, …: as received. */
  readonly raw: readonly string[]
  /** The first 64 KiB of it. */
  readonly body: Buffer
}

/** Sends a request as it is and gives the answer. Throws a fault where there is none. */
export function send(request: Request, { origin, insecure, ca }: Target): Promise<Answer> {
  const { method, target, headers, body } = request
  const url = new URL(origin)
  const options = {
    method,
    // given as it stands: a URL would normalise what was signed
    path: target,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? undefined : url.port,
    headers: [...headersWith(headers, url.host, body), ...headers].flat(),
    timeout: PATIENCE,
  }
  return new Promise((resolve, reject) => {
    const failed = (error: Error) =>
      reject(new Fault('unanswered', `${origin}: ${error.message}${hint(error)}`, { cause: error }))
    const call =
      url.protocol === 'http:'
        ? requestPlain(options)
        : requestTls({
            ...options,
            rejectUnauthorized: !insecure,
            ...(ca === undefined ? {} : { ca: Buffer.from(ca) }),
          })
    call.on('timeout', () => call.destroy(new Error('no answer in time')))
    call.on('error', failed)
    call.on('response', answer => {
      const chunks: Buffer[] = []
      let size = 0
      answer.on('data', (chunk: Buffer) => {
        if (size < MOST) chunks.push(chunk)
        size += chunk.length
      })
      answer.on('error', failed)
      answer.on('end', () => {
        const { statusCode: status = 0, statusMessage: message = '', rawHeaders: raw } = answer
        resolve({ status, message, raw, body: Buffer.concat(chunks).subarray(0, MOST) })
      })
    })
    call.end(body)
  })
}

/** What every request has, unless it was given. */
function headersWith(
  given: Request['headers'],
  host: string,
  { length }: Uint8Array,
): [string, string][] {
  const has = (name: string) => given.some(([one]) => one.toLowerCase() === name)
  return [
    ...(has('host') ? [] : [['Host', host] as [string, string]]),
    ...(has('content-length') ? [] : [['Content-Length', String(length)] as [string, string]]),
  ]
}

function hint(error: Error): string {
  const code = 'code' in error ? String(error.code) : ''
  const untrusted = /CERT|SELF_SIGNED|UNABLE_TO_/.test(code)
  return untrusted ? ' (a development certificate? `--ca FILE` or `--insecure`)' : ''
}
