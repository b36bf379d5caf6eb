import { createHmac, randomUUID } from 'node:crypto'

/** @see "Verifying webhooks manually", Svix Docs */
export function sign(body: Uint8Array, secret: string, now: number): [string, string][] {
  const id = `msg_${randomUUID()}`
  const time = String(Math.floor(now / 1000))
  const mac = createHmac('sha256', Buffer.from(secret.replace(/^whsec_/, ''), 'base64'))
  const v1 = mac.update(`${id}.${time}.`).update(body).digest('base64')
  const named = { 'svix-id': id, 'svix-timestamp': time, 'svix-signature': `v1,${v1}` }
  return Object.entries(named)
}
