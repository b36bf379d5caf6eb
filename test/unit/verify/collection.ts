import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { bindVerifier } from '../../../src/verify/bind.ts'
import type { CompiledScheme, CompileOptions } from '../../../src/verify/compiled.ts'
import { keyProblem } from '../../../src/verify/key.ts'
import type { Scheme } from '../../../src/verify/scheme.ts'
import type { Key, Verifier } from '../../../src/verify/verifier.ts'
import { compiled, key } from './support.ts'

/** Every scheme of the collection by its sender's name. */
export const COLLECTION: Readonly<Record<string, Scheme>> = parse(
  readFileSync('test/fixtures/schemes.yaml', 'utf8'),
)

/** What the entries of these tests give. */
export const ENTRY: CompileOptions = {
  publicUrl: 'https://hooks.example.com',
  values: {
    key_id: 'key-1',
    webhook_id: 'webhook-1',
    cert_url: 'https://api.paypal.com/cert-1',
    topic_arn: 'arn:aws:sns:eu-west-1:123456789012:t',
    username: 'user-1',
  },
}

/** A secret that every scheme can take: text, hexadecimal digits and base64 in one. */
export const SECRET = '0123456789abcdef'.repeat(4)

interface Pair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

const PAIRS: Readonly<Record<'rsa' | 'ec' | 'ed25519', Pair>> = {
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ec: generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
  ed25519: generateKeyPairSync('ed25519'),
}

/** A key of the kind that a scheme verifies with; any where it takes a secret. */
export function pairOf({ signature, jwt }: CompiledScheme): Pair {
  return PAIRS[signature?.key ?? jwt?.algs[0]?.signature?.key ?? 'ed25519']
}

/** The public key as the scheme says it is written. */
export function written(scheme: CompiledScheme): Buffer {
  const { publicKey } = pairOf(scheme)
  if (scheme.keyFormat === 'pem') {
    return Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }))
  }
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
  return Buffer.from(raw.toString(scheme.keyFormat))
}

/** A scheme of the collection with a key that it takes. */
export function sample(name: string): { scheme: CompiledScheme; verifier: Verifier } {
  const found = COLLECTION[name]
  assert(found, name)
  const scheme = compiled(found, ENTRY)
  const bytes: Key = scheme.proves === 'secret' ? key(SECRET) : key(written(scheme))
  assert.equal(keyProblem(scheme, bytes.bytes), undefined, name)
  return { scheme, verifier: bindVerifier(scheme, [bytes]) }
}
