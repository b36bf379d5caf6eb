import type { KeyObject } from 'node:crypto'
import type { Millis } from '../units.ts'
import type { JwtAlg } from '../verify/alg.ts'
import type { JwtRules } from '../verify/compiled.ts'
import { makeMac } from '../verify/making.ts'
import type { Reading } from '../verify/reading.ts'
import type { Moment } from './fill.ts'
import { seal } from './seal.ts'

/** How long a token holds that names no age of its own. */
const LIFE: Millis = 300_000

/** What signs a token. */
export type TokenKey =
  | { readonly secret: Uint8Array; readonly privateKey?: undefined }
  | { readonly secret?: undefined; readonly privateKey: KeyObject }

/**
 * The claims that the scheme demands, with times around now and an id; undefined where a template comes to nothing.
 *
 * @see RFC 7519, 4.1
 */
export function claimsOf(
  { claims }: JwtRules,
  reading: Reading,
  withBody: boolean,
  { now, fresh }: Moment,
): Record<string, unknown> | undefined {
  const iat = Math.floor(now / 1000)
  const made: Record<string, unknown> = { iat, nbf: iat, exp: iat + LIFE / 1000, jti: fresh() }
  for (const { name, is, whenBody } of claims) {
    if (whenBody && !withBody) continue
    const value = reading.render(is, 'signature_missing')
    if (value === undefined) return undefined
    made[name] = Buffer.from(value, 'latin1').toString()
  }
  return made
}

/** A token with these claims. @see RFC 7515, 3.1 */
export function writeToken(alg: JwtAlg, claims: object, key: TokenKey): string {
  const head = `${part({ alg: alg.name, typ: 'JWT' })}.${part(claims)}`
  return `${head}.${Buffer.from(signatureOf(alg, Buffer.from(head), key)).toString('base64url')}`
}

function signatureOf(alg: JwtAlg, head: Uint8Array, { secret, privateKey }: TokenKey): Uint8Array {
  if (alg.signature !== undefined && privateKey !== undefined) {
    return seal(alg.signature, privateKey, head, 'ieee-p1363')
  }
  if (alg.mac !== undefined && secret !== undefined) return makeMac(alg.mac, secret, head)
  throw new TypeError('a secret for a MAC, a private key for a signature')
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
