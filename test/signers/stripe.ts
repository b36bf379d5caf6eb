import { createHmac } from 'node:crypto'

/** @see "Verify webhook signatures manually", Stripe Docs */
export function sign(body: Uint8Array, secret: string, now: number): [string, string][] {
  const t = Math.floor(now / 1000)
  const v1 = createHmac('sha256', secret).update(`${t}.`).update(body).digest('hex')
  return [['Stripe-Signature', `t=${t},v1=${v1},v0=${'0'.repeat(64)}`]]
}
