import type { KeyObject } from 'node:crypto'
import type { JwtAlg } from '../verify/alg.ts'
import type { Draft } from './draft.ts'
import { seal } from './seal.ts'

const BOUNDARY = 'hookwarden-f1e8c0b2a9d4'

/** Puts the JSON into the form that Dropbox Sign sends it in. */
export function carryInForm(draft: Draft): void {
  const opening = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="json"\r\n\r\n`
  draft.body = Buffer.concat([
    Buffer.from(opening),
    draft.body,
    Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
  ])
  draft.setHeader('Content-Type', `multipart/form-data; boundary=${BOUNDARY}`)
}

/** A signature of TrueLayer over method, path and body, with no header in it. @see RFC 7515, appendix F */
export function detachedSignature(
  alg: JwtAlg | undefined,
  { method, head, body }: Draft,
  key: KeyObject,
): string {
  if (alg?.signature === undefined)
    throw new TypeError('its scheme names an algorithm of a public key')
  const fields = { alg: alg.name, tl_version: '2', tl_headers: '' }
  const header = Buffer.from(JSON.stringify(fields)).toString('base64url')
  const lines = Buffer.from(`${method} ${head.path}\n`, 'latin1')
  const payload = Buffer.concat([lines, body]).toString('base64url')
  const signature = seal(alg.signature, key, Buffer.from(`${header}.${payload}`), 'ieee-p1363')
  return `${header}..${Buffer.from(signature).toString('base64url')}`
}
