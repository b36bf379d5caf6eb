import { createPublicKey, type JsonWebKeyInput, type KeyObject } from 'node:crypto'
import { HASHES, type JwtAlg, type SignatureAlg } from './alg.ts'
import type { CompiledScheme } from './compiled.ts'
import { utf8 } from './utf8.ts'

/** A public key ready to verify. */
export interface PublicKey {
  readonly object: KeyObject
  /** How a JWT names it; undefined where its set does not say. */
  readonly kid: string | undefined
  /** The one algorithm it is for; undefined where its set does not say. */
  readonly alg: string | undefined
}

/** Shorter RSA keys can be factored. @see NIST SP 800-131A, 3 */
const SHORTEST_RSA = 2048
/** A token that names no key is tried with all of them. */
const MOST_KEYS = 16

/**
 * The keys that a scheme's public key, or set of keys, comes to; a sentence for the operator where it comes to none.
 *
 * @param set whether the bytes are a set of keys. @see RFC 7517
 */
export function publicKeys(
  { signature, jwt, keyFormat }: CompiledScheme,
  bytes: Uint8Array,
  set: boolean,
): PublicKey[] | string {
  if (bytes.length === 0) return 'the public key is empty'
  const algs = jwt?.algs ?? (signature === undefined ? [] : [{ name: '', signature }])
  const read = set ? readSet(bytes) : readKey(bytes, keyFormat)
  if (typeof read === 'string') return read
  const problems = read.map(key => misfit(key, algs))
  const fitting = read.filter((_, index) => problems[index] === undefined)
  if (fitting.length > MOST_KEYS)
    return `more than ${MOST_KEYS} keys: each is tried for a token that names none`
  if (fitting.length > 0) return fitting
  return (set ? undefined : problems[0]) ?? 'the set has no key that fits the algorithms'
}

function readKey(bytes: Uint8Array, format: CompiledScheme['keyFormat']): PublicKey[] | string {
  const text = utf8(bytes)?.trim()
  if (text === undefined) return 'the public key is no text'
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    return 'this is a private key: give the public one, and treat this one as leaked'
  }
  const object = imported(() => (format === 'pem' ? fromPem(text) : fromBytes(text, format)))
  if (object !== undefined) return [{ object, kid: undefined, alg: undefined }]
  return format === 'pem'
    ? 'the public key is no PEM of a public key or certificate'
    : `the public key is no raw Ed25519 key and no DER in ${format}`
}

/** Some senders show the base64 of a PEM without the lines around it. */
function fromPem(text: string): KeyObject {
  return text.startsWith('-----BEGIN ') ? createPublicKey(text) : fromBytes(text, 'base64')
}

/** `whpk_` is how Standard Webhooks marks a public key. */
function fromBytes(text: string, format: 'hex' | 'base64' | 'base64url'): KeyObject {
  const bare = text.replace(/^whpk_/, '').replaceAll(/\s/g, '')
  const bytes =
    format === 'hex' ? Uint8Array.fromHex(bare) : Uint8Array.fromBase64(bare, { alphabet: format })
  if (bytes.length !== 32) {
    return createPublicKey({ key: Buffer.from(bytes), format: 'der', type: 'spki' })
  }
  const x = Buffer.from(bytes).toString('base64url')
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
}

function readSet(bytes: Uint8Array): PublicKey[] | string {
  let parsed: unknown
  try {
    parsed = JSON.parse(utf8(bytes) ?? '')
  } catch {
    return 'the set of keys is no JSON'
  }
  const keys = keyed(parsed)?.keys
  if (!Array.isArray(keys)) return "the set of keys has no list 'keys'"
  const list: readonly unknown[] = keys
  if (list.some(one => 'd' in (keyed(one) ?? {}) || keyed(one)?.kty === 'oct')) {
    return 'the set holds a private or secret key: give the public ones, and treat that one as leaked'
  }
  return list.flatMap(one => {
    const jwk = keyed(one)
    if (jwk === undefined || (jwk.use !== undefined && jwk.use !== 'sig')) return []
    const object = imported(() =>
      createPublicKey({ key: jwk as JsonWebKeyInput['key'], format: 'jwk' }),
    )
    return object === undefined ? [] : [{ object, kid: text(jwk.kid), alg: text(jwk.alg) }]
  })
}

function keyed(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? { ...value } : undefined
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function imported(read: () => KeyObject | undefined): KeyObject | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** Why a key can verify none of the algorithms. */
function misfit(
  { object, alg }: PublicKey,
  algs: readonly Pick<JwtAlg, 'name' | 'signature'>[],
): string | undefined {
  const open = algs.filter(({ name }) => alg === undefined || alg === name || name === '')
  if (open.some(({ signature }) => signature !== undefined && fits(object, signature))) {
    return undefined
  }
  const bits = object.asymmetricKeyDetails?.modulusLength
  if (bits !== undefined && bits < SHORTEST_RSA) {
    return `the public key has ${bits} bits, fewer than ${SHORTEST_RSA}: it can be broken`
  }
  return `the public key is of type ${object.asymmetricKeyType ?? 'unknown'}, which the scheme does not verify with`
}

/** Whether a key is one of the algorithm's, and says of itself nothing else. */
export function fits(object: KeyObject, { key, curve, pss, hash }: SignatureAlg): boolean {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = object
  switch (key) {
    case 'rsa':
      return (
        (type === 'rsa' || (type === 'rsa-pss' && pss !== undefined && allows(object, hash))) &&
        (details?.modulusLength ?? 0) >= SHORTEST_RSA
      )
    case 'ec':
      return type === 'ec' && details?.namedCurve === curve?.name
    case 'ed25519':
      return type === 'ed25519'
  }
}

/** Whether an RSA-PSS key that is bound to a hash is bound to this one, with a salt that is no longer than it. @see RFC 8017, A.2.3 */
function allows({ asymmetricKeyDetails: details }: KeyObject, hash: SignatureAlg['hash']): boolean {
  if (hash === undefined) return false
  if (details?.hashAlgorithm === undefined) return true
  const { hashAlgorithm, mgf1HashAlgorithm, saltLength = 0 } = details
  return hashAlgorithm === hash && mgf1HashAlgorithm === hash && saltLength <= HASHES[hash]
}
