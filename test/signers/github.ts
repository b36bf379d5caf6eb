import { createHmac } from 'node:crypto'

/** @see "Validating webhook deliveries", GitHub Docs */
export function sign(body: Uint8Array, secret: string, _now: number): [string, string][] {
  const mac = createHmac('sha256', secret).update(body).digest('hex')
  return [['X-Hub-Signature-256', `sha256=${mac}`]]
}
