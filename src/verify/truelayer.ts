import { type Head, REPEATED } from '../head.ts'
import { CLEAN, type RejectReason, type Verdict } from '../reasons.ts'
import type { Millis } from '../units.ts'
import type { JwtAlg } from './alg.ts'
import type { CompiledScheme } from './compiled.ts'
import { decodeUpTo } from './decode.ts'
import { type JsonFields, readJson } from './json.ts'
import type { JwtKey } from './jwt-keys.ts'
import { treeOf } from './jwt-rules.ts'
import { proofOf } from './proof.ts'
import { utf8 } from './utf8.ts'
import type { Check, Proof, Verifier } from './verifier.ts'

const HEADER = treeOf(['alg', 'kid', 'crit', 'tl_version', 'tl_headers'])
const MOST_HEADERS = 32
/** Halves of a P-521 signature. */
const SIGNATURE_BYTES = 132

/** A signature whose payload is the request itself. */
interface Detached {
  readonly header: string
  readonly kid: string | undefined
  readonly signature: Uint8Array
  /** What of the head comes before the body in what is signed. */
  readonly lines: string
}

/**
 * Verifies detached JSON Web Signatures over method, path, a list of headers that the signature names, and the body.
 * `jku` is not followed: the keys are those of the map.
 *
 * @see "Request signing, version 2", TrueLayer, and RFC 7515, appendix F
 */
export class TrueLayerVerifier implements Verifier {
  readonly decides = 'over_whole_body'
  readonly #scheme: CompiledScheme
  readonly #alg: JwtAlg
  readonly #keys: readonly JwtKey[]

  constructor(scheme: CompiledScheme, alg: JwtAlg, keys: readonly JwtKey[]) {
    this.#scheme = scheme
    this.#alg = alg
    this.#keys = keys
  }

  open(head: Head, now: Millis): Check | RejectReason {
    const text = head.only('tl-signature')
    if (text === REPEATED) return 'signature_malformed'
    if (text === undefined || text === '') return 'signature_missing'
    const detached = readDetached(text, this.#alg.name, head)
    if (typeof detached === 'string') return detached
    const live = this.#keys.filter(({ until }) => until === undefined || until >= now)
    return new DetachedCheck(this.#scheme, this.#alg, live, detached)
  }
}

class DetachedCheck implements Check {
  proof: Proof | undefined
  readonly skew = undefined
  readonly #scheme: CompiledScheme
  readonly #alg: JwtAlg
  readonly #keys: readonly JwtKey[]
  readonly #detached: Detached

  constructor(scheme: CompiledScheme, alg: JwtAlg, keys: readonly JwtKey[], detached: Detached) {
    this.#scheme = scheme
    this.#alg = alg
    this.#keys = keys
    this.#detached = detached
  }

  update(): void {}

  final(held: readonly Uint8Array[]): Verdict {
    const { header, kid, lines, signature } = this.#detached
    const payload = Buffer.concat([Buffer.from(lines, 'latin1'), ...held]).toString('base64url')
    const token = {
      alg: this.#alg.name,
      kid,
      payload: NO_CLAIMS,
      signed: Buffer.from(`${header}.${payload}`),
      signature,
    }
    for (const key of this.#keys) {
      const proven = key.proven(token, this.#alg)
      if (proven === undefined) continue
      this.proof = proofOf(this.#scheme, key.place, proven, undefined)
      return CLEAN
    }
    return 'signature_mismatch'
  }
}

/** The payload is no JSON: nothing is read of it. */
const NO_CLAIMS = readJson('{}', treeOf([])) as JsonFields

function readDetached(text: string, alg: string, head: Head): Detached | RejectReason {
  const [header = '', payload, spelt = '', more] = text.split('.')
  if (payload !== '' || more !== undefined) return 'signature_malformed'
  const bytes = decodeUpTo(header, 'base64url', header.length)
  const signature = decodeUpTo(spelt, 'base64url', SIGNATURE_BYTES)
  const json = bytes && utf8(bytes)
  const fields = json === undefined ? undefined : readJson(json, HEADER)
  if (fields === undefined || fields === REPEATED || signature === undefined) {
    return 'signature_malformed'
  }
  const kid = fields.text('kid')
  const sound = fields.text('alg') === alg && fields.text('tl_version') === '2'
  if (!sound || kid === REPEATED || fields.has('crit')) return 'signature_malformed'
  const lines = signedLines(fields, head)
  return typeof lines === 'string' ? lines : { header, kid, signature, lines: lines.text }
}

/** Method and path, then every header that the signature lists, as it spells and orders them. */
function signedLines(fields: JsonFields, head: Head): { readonly text: string } | RejectReason {
  const listed = fields.text('tl_headers')
  if (listed === REPEATED) return 'signature_malformed'
  const names = listed === undefined || listed === '' ? [] : listed.split(',')
  if (names.length > MOST_HEADERS) return 'signature_malformed'
  let text = `${head.method} ${head.path}\n`
  for (const name of names) {
    const value = head.only(name.toLowerCase())
    if (value === REPEATED) return 'signature_malformed'
    if (value === undefined) return 'signature_missing'
    text += `${name}: ${value}\n`
  }
  return { text }
}
