import { nearest } from '../spelling.ts'
import type { Issues } from './issue.ts'

/** `hash` has the secret in what is signed; `signature` is proven by a public key. */
export type Kind = 'hmac' | 'hash' | 'signature' | 'jwt' | 'token' | 'basic'

/** Bytes of a digest by the name node:crypto knows. */
export const HASHES = {
  sha1: 20,
  sha256: 32,
  sha384: 48,
  sha512: 64,
  md5: 16,
  'sha3-256': 32,
} as const
export type HashName = keyof typeof HASHES

/** An elliptic curve as node:crypto calls it. */
export interface Curve {
  readonly name: string
  /** Of a coordinate, and of each half of a signature. */
  readonly bytes: number
  /** How many points the group has, in hexadecimal: a signature holds with its second half taken from that too. */
  readonly order: string
}

/** How a public key verifies a signature. */
export interface SignatureAlg {
  readonly key: 'rsa' | 'ec' | 'ed25519'
  /** For node:crypto; undefined where the algorithm brings its own. */
  readonly hash: 'sha1' | 'sha256' | 'sha384' | 'sha512' | undefined
  readonly curve: Curve | undefined
  /** Whether an RSA signature is padded as PSS, and how long its salt is; `auto` takes any. */
  readonly pss: 'auto' | 'digest' | undefined
}

/** @see FIPS 186-5 and SP 800-186, 3.2.1 */
const P256: Curve = {
  name: 'prime256v1',
  bytes: 32,
  order: 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
}
const P384: Curve = {
  name: 'secp384r1',
  bytes: 48,
  order:
    'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
}
const P521: Curve = {
  name: 'secp521r1',
  bytes: 66,
  order:
    '01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
}
const ED25519: SignatureAlg = { key: 'ed25519', hash: undefined, curve: undefined, pss: undefined }

function rsa(hash: SignatureAlg['hash'], pss?: SignatureAlg['pss']): SignatureAlg {
  return { key: 'rsa', hash, curve: undefined, pss }
}

function ec(hash: SignatureAlg['hash'], curve: Curve): SignatureAlg {
  return { key: 'ec', hash, curve, pss: undefined }
}

/** Signatures over a template. */
const SIGNATURES: Readonly<Record<string, SignatureAlg>> = {
  ed25519: ED25519,
  'ecdsa-p256-sha256': ec('sha256', P256),
  'rsa-sha1': rsa('sha1'),
  'rsa-sha256': rsa('sha256'),
  'rsa-sha512': rsa('sha512'),
  'rsa-pss-sha512': rsa('sha512', 'auto'),
}

/** How a JWT is signed: a MAC with a shared secret, or a signature. @see RFC 7518, 3.1, and RFC 8037, 3.1 */
export type JwtAlg = { readonly name: string } & (
  | { readonly mac: HashName; readonly signature?: undefined }
  | { readonly mac?: undefined; readonly signature: SignatureAlg }
)

/** Every algorithm of a JWT. `none` is not among them. */
export const JWT_ALGS: readonly JwtAlg[] = [
  { name: 'HS256', mac: 'sha256' },
  { name: 'HS384', mac: 'sha384' },
  { name: 'HS512', mac: 'sha512' },
  { name: 'RS256', signature: rsa('sha256') },
  { name: 'RS384', signature: rsa('sha384') },
  { name: 'RS512', signature: rsa('sha512') },
  { name: 'PS256', signature: rsa('sha256', 'digest') },
  { name: 'PS384', signature: rsa('sha384', 'digest') },
  { name: 'PS512', signature: rsa('sha512', 'digest') },
  { name: 'ES256', signature: ec('sha256', P256) },
  { name: 'ES384', signature: ec('sha384', P384) },
  { name: 'ES512', signature: ec('sha512', P521) },
  { name: 'EdDSA', signature: ED25519 },
]

/** Every `alg`. */
export const ALGS: readonly string[] = [
  ...Object.keys(HASHES).map(name => `hmac-${name}`),
  ...Object.keys(HASHES),
  ...Object.keys(SIGNATURES),
  'jwt',
  'token',
  'basic',
]

/** What `alg` says. */
export interface Alg {
  readonly kind: Kind
  readonly hash?: HashName | undefined
  readonly signature?: SignatureAlg | undefined
}

/** Reads `alg`. */
export function parseAlg(alg: string, issues: Issues): Alg | undefined {
  if (alg === 'jwt' || alg === 'token' || alg === 'basic') return { kind: alg }
  const signature = Object.hasOwn(SIGNATURES, alg) ? SIGNATURES[alg] : undefined
  if (signature !== undefined) return { kind: 'signature', signature }
  const name = alg.startsWith('hmac-') ? alg.slice('hmac-'.length) : alg
  if (isHash(name)) return { kind: name === alg ? 'hash' : 'hmac', hash: name }
  const message = `unknown algorithm '${alg}': expected ${ALGS.join(', ')}`
  issues.add('alg', 1, message, nearest(alg, ALGS))
  return undefined
}

function isHash(name: string): name is HashName {
  return Object.hasOwn(HASHES, name)
}
