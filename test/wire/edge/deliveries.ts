import { createHmac } from 'node:crypto'
import { SECRETS } from '../../signers/signers.ts'
import { GITHUB, PROVIDERS } from '../stage.ts'

/** The same delivery is sent again and again, by one address. */
export const ROOMY = `defaults: { replay: off, limits: { per_address: 100000/1m } }${PROVIDERS}`

export const BODY = '{"a":1}'

/** What GitHub's signature of a body is. */
export function signatureOf(body: string): string {
  return `sha256=${createHmac('sha256', SECRETS.github ?? '')
    .update(body)
    .digest('hex')}`
}

/** The lines that a delivery of GitHub's has beside those that frame it. */
export function signedLines(body: string): string {
  return `Content-Type: application/json\r\nX-Hub-Signature-256: ${signatureOf(body)}\r\n`
}

/** A genuine delivery, of which one part may be another. */
export function delivery({
  method = 'POST',
  target = GITHUB,
  version = 'HTTP/1.1',
  host = 'Host: localhost\r\n',
  body = BODY,
  lines = '',
  framing = '',
} = {}): string {
  const framed = framing || `Content-Length: ${body.length}\r\n`
  return `${method} ${target} ${version}\r\n${host}${lines || signedLines(body)}${framed}\r\n${body}`
}
