import assert from 'node:assert/strict'
import { AtlassianConnectVerifier } from './atlassian-connect.ts'
import type { CompiledScheme } from './compiled.ts'
import { DropboxSignVerifier } from './dropbox-sign.ts'
import { HmacVerifier } from './hmac.ts'
import { MAX_ITEMS } from './items.ts'
import { JwtVerifier } from './jwt.ts'
import { publicKey, secretKey } from './jwt-keys.ts'
import { keyBytes } from './key.ts'
import { macMethod } from './mac.ts'
import { hashMethod } from './plain-hash.ts'
import type { Method } from './prover.ts'
import { publicKeys } from './public-key.ts'
import { signatureMethod } from './signature.ts'
import { StreamVerifier } from './stream.ts'
import { TokenVerifier, tokenMethod } from './token.ts'
import { TrueLayerVerifier } from './truelayer.ts'
import type { Key, Verifier } from './verifier.ts'
import { WholeVerifier } from './whole.ts'

/**
 * Binds a scheme to the secrets of a provider, or to its public key. Without any key nothing verifies.
 *
 * @param keys those for which `keyProblem` found nothing: any other is a bug and throws
 */
export function bindVerifier(compiled: CompiledScheme, keys: readonly Key[]): Verifier {
  switch (compiled.code) {
    case 'atlassian-connect':
      return new AtlassianConnectVerifier(bindScheme(compiled, keys))
    case 'dropbox-sign':
      return new DropboxSignVerifier(bindScheme(compiled, keys))
    case 'truelayer':
      return trueLayer(compiled, keys)
    case 'aws-sns': // its certificate is a key like any other, wherever it came from
    case undefined:
      return bindScheme(compiled, keys)
  }
}

function trueLayer(compiled: CompiledScheme, keys: readonly Key[]): Verifier {
  const [alg] = compiled.jwt?.algs ?? []
  assert(alg !== undefined, 'its scheme names one')
  return new TrueLayerVerifier(compiled, alg, jwtPublicKeys(compiled, keys))
}

/** What the templates say, without any step in code. */
function bindScheme(compiled: CompiledScheme, keys: readonly Key[]): Verifier {
  if (compiled.jwt !== undefined) {
    const own = compiled.proves === 'secret' ? jwtSecrets : jwtPublicKeys
    return new JwtVerifier(compiled, compiled.jwt, own(compiled, keys))
  }
  if (isPlainMac(compiled)) return new HmacVerifier(compiled, derived(compiled, keys))
  const method = methodOf(compiled, keys)
  if (compiled.decides === 'over_whole_body') return new WholeVerifier(compiled, method)
  const shown = compiled.kind === 'token' || compiled.kind === 'basic'
  return shown ? new TokenVerifier(compiled, method) : new StreamVerifier(compiled, method)
}

/** What most senders do: its verifier does nothing that only others need. */
function isPlainMac({ kind, decides, from, require, time }: CompiledScheme): boolean {
  const streams = kind === 'hmac' && decides !== 'over_whole_body'
  return streams && from.length === 1 && require.length === 0 && time?.inBody !== true
}

function methodOf(compiled: CompiledScheme, keys: readonly Key[]): Method {
  switch (compiled.kind) {
    case 'hmac':
      return macMethod(compiled, derived(compiled, keys))
    case 'hash':
      return hashMethod(compiled, keys)
    case 'token':
    case 'basic':
      return tokenMethod(compiled, derived(compiled, keys))
    case 'signature':
      return ofSignature(compiled, keys)
    case 'jwt':
      assert.fail('a JWT has a verifier of its own')
  }
}

/** The keys with the bytes that the scheme's key template makes of their secrets. */
function derived(compiled: CompiledScheme, keys: readonly Key[]): Key[] {
  return keys.map(key => {
    const bytes = keyBytes(compiled, key.bytes)
    assert(typeof bytes !== 'string' && bytes.length > 0, 'keyProblem comes first')
    return { ...key, bytes }
  })
}

function ofSignature(compiled: CompiledScheme, keys: readonly Key[]): Method {
  const { signature } = compiled
  assert(signature !== undefined, 'the kind says so')
  const methods = keys.flatMap(key =>
    read(compiled, key).map(one => signatureMethod(compiled, signature, one, key)),
  )
  const [first = NO_KEY] = methods
  return { ...first, provers: methods.flatMap(({ provers }) => provers) }
}

/** Every claim is well formed, and none holds. */
const NO_KEY: Method = {
  provers: [],
  most: MAX_ITEMS,
  mismatch: 'signature_mismatch',
  decode: candidate => Buffer.from(candidate, 'latin1'),
}

function jwtSecrets(compiled: CompiledScheme, keys: readonly Key[]) {
  return derived(compiled, keys).map(secretKey)
}

function jwtPublicKeys(compiled: CompiledScheme, keys: readonly Key[]) {
  return keys.flatMap(key => read(compiled, key).map(one => publicKey(one, key)))
}

function read(compiled: CompiledScheme, key: Key) {
  const keys = publicKeys(compiled, key.bytes, key.form === 'set')
  assert(typeof keys !== 'string', 'keyProblem comes first')
  return keys
}
