import { createHmac } from 'node:crypto'

/** @see "Deliver webhooks through HTTPS", Shopify developer documentation */
export function sign(body: Uint8Array, secret: string, _now: number): [string, string][] {
  const mac = createHmac('sha256', secret).update(body).digest('base64')
  return [['X-Shopify-Hmac-Sha256', mac]]
}
