import { createHmac, randomUUID } from 'node:crypto'

/** @see "Standard Webhooks", "Signature scheme" */
export function sign(body: Uint8Array, secret: string, now: number): [string, string][] {
  const id = `msg_${randomUUID()}`
  const time = String(Math.floor(now / 1000))
  const mac = createHmac('sha256', Buffer.from(secret.replace(/^whsec_/, ''), 'base64'))
  const v1 = mac.update(`${id}.${time}.`).update(body).digest('base64')
  const named = { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': `v1,${v1}` }
  return Object.entries(named)
}
