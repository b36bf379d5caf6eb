import { createHash } from 'node:crypto'
import {
  type CompiledScheme,
  type CompileOptions,
  HMAC_HASHES,
  type HmacHash,
  type SignedBytes,
} from './compiled.ts'
import type { Encoding } from './decode.ts'
import { Issues, nearest, type SchemeIssue } from './issue.ts'
import { parseItems } from './items.ts'
import { type Place, parsePlace } from './place.ts'
import type { Scheme } from './scheme.ts'
import { NOTHING, parseKey, parseSigned } from './signed.ts'
import { parseTime } from './time.ts'

/** Every key of a scheme. */
export const SCHEME_KEYS = ['alg', 'from', 'split', 'items', 'encoding', 'sign', 'key', 'timestamp']
const LATER_KEYS = ['require', 'each', 'item', 'key_format', 'algs', 'claims', 'max_age']
const ALGS = [...Object.keys(HMAC_HASHES).map(name => `hmac-${name}`), 'token']
const LATER_ALGS = [
  ...['basic', 'jwt', 'ed25519', 'ecdsa-p256-sha256'],
  ...['rsa-sha1', 'rsa-sha256', 'rsa-sha512', 'rsa-pss-sha512'],
  ...['sha1', 'sha256', 'sha384', 'sha512', 'md5'],
]
const ENCODINGS: readonly Encoding[] = ['hex', 'base64', 'base64url', 'base64+hex']

/** Compiles a scheme, or says everything that is wrong with it. Pure: at load, never for a delivery. */
export function compileScheme(
  scheme: Scheme,
  options: CompileOptions = {},
): CompiledScheme | SchemeIssue[] {
  const issues = new Issues()
  checkKeys(scheme, issues)
  const alg = parseAlg(scheme.alg, issues)
  const from = parseFrom(scheme.from, issues)
  const split = scheme.split ?? ''
  if (scheme.split === '') issues.add('split', 1, 'name at least one character, or leave it out')
  const items = { split, ...parseItems(scheme.items ?? ['{sig}'], split, issues) }
  const encoding = parseEncoding(scheme.encoding, issues)
  const sign = parseSign(alg, scheme, items.variables, options, issues)
  const key = parseKey(scheme.key ?? '{secret}', issues)
  const time = scheme.timestamp && parseTime(scheme.timestamp, items.variables, sign, issues)
  if (issues.found.length > 0 || alg === undefined || from === undefined) return issues.found
  const signsBody = sign.body !== undefined
  const credentials = alg === 'token' ? [from.name] : []
  return {
    kind: alg === 'token' ? 'token' : 'hmac',
    decides: signsBody ? 'at_end' : 'at_head',
    signsBody,
    toleranceMs: time?.tolerance,
    credentials: {
      headers: from.source === 'header' ? credentials : [],
      query: from.source === 'query' ? credentials : [],
    },
    fingerprint: fingerprint(scheme),
    from,
    items,
    encoding,
    hash: alg === 'token' ? 'sha256' : alg,
    sign,
    key,
    time,
  }
}

function checkKeys(scheme: Scheme, issues: Issues): void {
  for (const key of Object.keys(scheme)) {
    if (SCHEME_KEYS.includes(key)) continue
    if (LATER_KEYS.includes(key)) issues.later(key, 1, `'${key}'`)
    else issues.add(key, 1, `unknown key '${key}'`, nearest(key, SCHEME_KEYS))
  }
}

function parseAlg(alg: string, issues: Issues): HmacHash | 'token' | undefined {
  if (alg === 'token') return alg
  const hash = alg.startsWith('hmac-') ? alg.slice('hmac-'.length) : ''
  if (isHmacHash(hash)) return hash
  if (LATER_ALGS.includes(alg)) issues.later('alg', 1, `'${alg}'`)
  else {
    const message = `unknown algorithm '${alg}': expected ${ALGS.join(', ')}`
    issues.add('alg', 1, message, nearest(alg, ALGS))
  }
  return undefined
}

function isHmacHash(name: string): name is HmacHash {
  return Object.hasOwn(HMAC_HASHES, name)
}

function parseFrom(from: unknown, issues: Issues): Place | undefined {
  if (typeof from === 'string') return parsePlace(from, 'from', 1, issues)
  issues.later('from', 1, 'a list of places')
  return undefined
}

function parseEncoding(encoding: Encoding = 'hex', issues: Issues): Encoding {
  if (!ENCODINGS.includes(encoding)) {
    const message = `unknown encoding '${encoding}': expected ${ENCODINGS.join(', ')}`
    issues.add('encoding', 1, message, nearest(encoding, ENCODINGS))
  }
  return encoding
}

/** What is signed. A token signs nothing: keys that would promise more are refused rather than ignored. */
function parseSign(
  alg: HmacHash | 'token' | undefined,
  { sign, encoding, timestamp }: Scheme,
  variables: readonly string[],
  options: CompileOptions,
  issues: Issues,
): SignedBytes {
  if (alg === 'token') {
    if (sign !== undefined) issues.add('sign', 1, 'a token signs nothing: leave this out')
    if (encoding !== undefined) issues.add('encoding', 1, 'a token is not decoded: leave this out')
    if (timestamp !== undefined) issues.add('timestamp', 1, 'a token signs no time: leave this out')
    return NOTHING
  }
  if (sign !== undefined) return parseSigned(sign, variables, options, issues)
  if (alg !== undefined) issues.add('sign', 1, "an HMAC needs what is signed, such as '{body}'")
  return NOTHING
}

/** The same for equal schemes in every process. Tolerance stays out: replay memory outlives a change of it. */
function fingerprint(scheme: Scheme): string {
  const { alg, from, split, items, encoding, sign, key, timestamp } = scheme
  const fields = [alg, from, split, items, encoding, sign, key, timestamp?.from, timestamp?.unit]
  const text = JSON.stringify(fields.map(field => field ?? null))
  return createHash('sha256').update(text).digest('base64url').slice(0, 12)
}
