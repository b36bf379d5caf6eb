import { get } from 'node:http'
import { Fault } from '../errors.ts'
import { readReference, type SecretSources } from '../secrets/resolve.ts'
import type { Bytes, Millis } from '../units.ts'

/** Where a running instance is asked unless `--admin` says otherwise. */
export const USUAL_ADMIN = 'http://127.0.0.1:9090'

const PATIENCE: Millis = 10_000
/** Its metrics are far from this. */
const MOST: Bytes = 16 * 1024 ** 2

/** What one series of the metrics says. */
export interface Reading {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/**
 * Reads the metrics of a running instance. Throws a fault where it does not answer as one.
 *
 * @param token reference of the token that its `admin_auth` wants; undefined where it wants none
 */
export async function metricsOf(
  admin: string,
  token: string | undefined,
  sources: SecretSources,
): Promise<readonly Reading[]> {
  const url = URL.canParse(admin) ? new URL('/metrics', admin) : undefined
  if (url?.protocol !== 'http:')
    throw new Fault('usage', `--admin: '${admin}' is no URL such as ${USUAL_ADMIN}`)
  const { status, body } = await ask(url, token === undefined ? undefined : tokenOf(token, sources))
  if (status === 401)
    throw new Fault('admin', `${admin} wants a token: --token env:NAME or file:PATH`)
  if (status !== 200)
    throw new Fault('admin', `${admin} answered ${status}: is that the admin listener?`)
  return readings(body)
}

/** Reads the text format of Prometheus, as far as `hookwarden run` writes it. */
function readings(text: string): readonly Reading[] {
  return text.split('\n').flatMap(line => {
    const sample = /^(?<name>[a-z_:]+)(?:\{(?<labels>.*)\})? (?<value>\S+)$/i.exec(line)?.groups
    if (sample?.name === undefined) return []
    const pairs = (sample.labels ?? '').matchAll(/(?<key>\w+)="(?<text>(?:[^"\\]|\\.)*)"/g)
    const labels = [...pairs].map(({ groups }) => [groups?.key ?? '', groups?.text ?? ''])
    return [{ name: sample.name, labels: Object.fromEntries(labels), value: Number(sample.value) }]
  })
}

function tokenOf(reference: string, sources: SecretSources): string {
  const found = readReference(reference, sources)
  if ('problem' in found) throw new Fault('usage', `--token: ${found.problem}`)
  return Buffer.from(found.bytes).toString()
}

function ask(
  url: URL,
  token: string | undefined,
): Promise<{ readonly status: number; readonly body: string }> {
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` }
  return new Promise((resolve, reject) => {
    const failed = (why: string): void => reject(new Fault('admin', `${url.origin}: ${why}`))
    const request = get(url, { timeout: PATIENCE, headers, agent: false }, answer => {
      let body = ''
      answer.setEncoding('utf8').on('data', (text: string) => {
        body += text
        if (body.length > MOST) request.destroy(new Error('it says too much'))
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
      answer.on('error', error => failed(error.message))
    })
    request.on('timeout', () => request.destroy(new Error('no answer in time')))
    request.on('error', error => failed(error.message))
  })
}
