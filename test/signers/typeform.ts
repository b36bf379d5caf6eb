import { createHmac } from 'node:crypto'

/** @see "Secure your webhooks", Typeform Developer Platform */
export function sign(body: Uint8Array, secret: string, _now: number): [string, string][] {
  const mac = createHmac('sha256', secret).update(body).digest('base64')
  return [['Typeform-Signature', `sha256=${mac}`]]
}
