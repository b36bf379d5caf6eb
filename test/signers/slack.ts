import { createHmac } from 'node:crypto'

/** @see "Verifying requests from Slack", Slack Developer Docs */
export function sign(body: Uint8Array, secret: string, now: number): [string, string][] {
  const time = String(Math.floor(now / 1000))
  const mac = createHmac('sha256', secret).update(`v0:${time}:`).update(body).digest('hex')
  return [
    ['X-Slack-Request-Timestamp', time],
    ['X-Slack-Signature', `v0=${mac}`],
  ]
}
