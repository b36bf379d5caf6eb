import { createHmac } from 'node:crypto'

/** A sender of nobody's preset: the custom scheme of the documentation's example map. */
export function sign(body: Uint8Array, secret: string, now: number): [string, string][] {
  const time = String(Math.floor(now / 1000))
  const mac = createHmac('sha256', secret).update(`${time}.`).update(body).digest('hex')
  return [
    ['X-Acme-Timestamp', time],
    ['X-Acme-Signature', `v1=${mac}`],
  ]
}
