import { createHash } from 'node:crypto'
import { type Millis, parseMillis } from '../units.ts'
import type { Encoding } from './decode.ts'
import { type Filter, hashOf } from './filters.ts'
import { Issues, nearest, type SchemeIssue } from './issue.ts'
import { type ItemRules, parseItems } from './items.ts'
import type { Scheme, SchemeTime } from './scheme.ts'
import { type Part, type Place, parsePlace, parseTemplate, type Source } from './template.ts'
import type { Verifier } from './verifier.ts'

/** A scheme ready to be bound to keys: every template parsed, every name resolved. */
export interface CompiledScheme {
  readonly kind: 'hmac' | 'token'
  readonly decides: Verifier['decides']
  /** Whether the signature covers the body, so that replay memory can rest on it. */
  readonly signsBody: boolean
  /** How far a signed time may be off, both ways; undefined where none is signed. */
  readonly toleranceMs: Millis | undefined
  /** Where a token travels in clear, so that forwarding can strip it: headers in lower case, query parameters. */
  readonly credentials: { readonly headers: readonly string[]; readonly query: readonly string[] }
  /** The same for equal schemes in every process; tolerance does not enter. */
  readonly fingerprint: string
  /** Where the signature is. */
  readonly from: Place
  readonly items: ItemRules
  readonly encoding: Encoding
  /** For node:crypto; of no meaning for a token. */
  readonly hash: HmacHash
  readonly sign: SignedBytes
  readonly key: readonly Part[]
  readonly time: SignedTime | undefined
}

/** What is signed: parts of the head around at most one body. */
export interface SignedBytes {
  readonly before: readonly HeadPart[]
  /** Undefined where the body is not signed; else what is done to it, nothing or a hash first. */
  readonly body: readonly Filter[] | undefined
  readonly after: readonly HeadPart[]
}

/** A part that the head alone decides. */
export type HeadPart = Part & { readonly source: Exclude<Source, 'body' | 'secret'> }

export interface SignedTime {
  readonly from: readonly HeadPart[]
  readonly unit: SchemeTime['unit']
  readonly tolerance: Millis
}

/** What a scheme cannot know of itself. */
export interface CompileOptions {
  /** What senders call, such as `https://hooks.example.com`; needed by `{url}`. */
  readonly publicUrl?: string | undefined
}

/** Bytes of a digest by the name node:crypto knows. */
export const HMAC_HASHES = {
  sha1: 20,
  sha256: 32,
  sha384: 48,
  sha512: 64,
  md5: 16,
  'sha3-256': 32,
} as const
export type HmacHash = keyof typeof HMAC_HASHES

const KEYS = ['alg', 'from', 'split', 'items', 'encoding', 'sign', 'key', 'timestamp']
const LATER_KEYS = ['require', 'each', 'item', 'key_format', 'algs', 'claims', 'max_age']
const LATER_ALGS =
  /^(?:basic|jwt|ed25519|ecdsa-p256-sha256|rsa-sha(?:1|256|512)|rsa-pss-sha512|sha1|sha256|sha384|sha512|md5)$/
const ENCODINGS: readonly Encoding[] = ['hex', 'base64', 'base64url', 'base64+hex']
const UNITS: readonly SchemeTime['unit'][] = ['s', 'ms', 'iso', 'http']

/** Compiles a scheme, or says everything that is wrong with it. Pure: at load, never for a delivery. */
export function compileScheme(
  scheme: Scheme,
  options: CompileOptions = {},
): CompiledScheme | SchemeIssue[] {
  const issues = new Issues()
  checkKeys(scheme, issues)
  const alg = algorithm(scheme.alg, issues)
  const kind = alg === 'token' ? 'token' : 'hmac'
  if (kind === 'token') checkToken(scheme, issues)
  const from = placeOf(scheme.from, issues)
  const split = scheme.split ?? ''
  if (scheme.split === '') issues.add('split', 1, 'name at least one character, or leave it out')
  const items = { split, ...parseItems(scheme.items ?? ['{sig}'], split, issues) }
  const sign =
    kind === 'token' ? NOTHING : signedBytes(scheme.sign, items.variables, options, issues)
  const key = keyParts(scheme.key ?? '{secret}', issues)
  const time = signedTime(scheme.timestamp, items.variables, sign, issues)
  const encoding = oneOf(scheme.encoding ?? 'hex', ENCODINGS, 'encoding', issues)
  if (issues.found.length > 0 || alg === undefined || from === undefined) return issues.found
  const signsBody = sign.body !== undefined
  return {
    kind,
    decides: signsBody ? 'at_end' : 'at_head',
    signsBody,
    toleranceMs: time?.tolerance,
    credentials: {
      headers: kind === 'token' && from.source === 'header' ? [from.name] : [],
      query: kind === 'token' && from.source === 'query' ? [from.name] : [],
    },
    fingerprint: fingerprint(scheme),
    from,
    items,
    encoding: encoding ?? 'hex',
    hash: alg === 'token' ? 'sha256' : alg,
    sign,
    key,
    time,
  }
}

const NOTHING: SignedBytes = { before: [], body: undefined, after: [] }

function checkKeys(scheme: Scheme, issues: Issues): void {
  for (const key of Object.keys(scheme)) {
    if (KEYS.includes(key)) continue
    if (LATER_KEYS.includes(key)) issues.later(key, 1, `'${key}'`)
    else issues.add(key, 1, `unknown key '${key}'`, nearest(key, KEYS))
  }
}

function algorithm(alg: string, issues: Issues): HmacHash | 'token' | undefined {
  if (alg === 'token') return alg
  const hash = alg.startsWith('hmac-') ? alg.slice('hmac-'.length) : ''
  if (isHmacHash(hash)) return hash
  if (LATER_ALGS.test(alg)) issues.later('alg', 1, `'${alg}'`)
  else {
    const known = [...Object.keys(HMAC_HASHES).map(name => `hmac-${name}`), 'token']
    issues.add(
      'alg',
      1,
      `unknown algorithm '${alg}': expected ${known.join(', ')}`,
      nearest(alg, known),
    )
  }
  return undefined
}

function isHmacHash(name: string): name is HmacHash {
  return Object.hasOwn(HMAC_HASHES, name)
}

/** A token is compared as it is: keys that would promise more are refused rather than ignored. */
function checkToken({ sign, encoding, timestamp }: Scheme, issues: Issues): void {
  if (sign !== undefined) issues.add('sign', 1, 'a token signs nothing: leave this out')
  if (encoding !== undefined)
    issues.add('encoding', 1, 'a token is compared as it is: leave this out')
  if (timestamp !== undefined) issues.add('timestamp', 1, 'a token signs no time: leave this out')
}

function placeOf(from: unknown, issues: Issues): Place | undefined {
  if (typeof from === 'string') return parsePlace(from, 'from', 1, issues)
  issues.later('from', 1, 'a list of places')
  return undefined
}

function signedBytes(
  text: string | undefined,
  variables: readonly string[],
  options: CompileOptions,
  issues: Issues,
): SignedBytes {
  if (text === undefined) {
    issues.add('sign', 1, "an HMAC needs what is signed, such as '{body}'")
    return NOTHING
  }
  const before = issues.found.length
  const parts = parseTemplate(text, 'sign', variables, issues).map(part =>
    withBase(part, options, issues),
  )
  for (const part of parts) {
    if (part.source === 'secret') {
      issues.add(
        'sign',
        part.column,
        "an HMAC takes its secret as the key: write {secret} in 'key'",
      )
    }
  }
  const bodies = parts.filter(part => part.source === 'body')
  for (const extra of bodies.slice(1)) {
    issues.add('sign', extra.column, '{body} can stand in a signed string once')
  }
  const [body] = bodies
  if (body !== undefined && body.filters.length > 0 && hashOf(body.filters[0]) === undefined) {
    // only a hash runs over a body while it arrives
    issues.later('sign', body.column, `{body|${body.filters[0]?.name}}, other than a hash first,`)
  }
  if (issues.found.length === before && !parts.some(part => part.source !== 'text')) {
    issues.add(
      'sign',
      1,
      "nothing of the delivery is signed: name at least one source, such as '{body}'",
    )
  }
  const index = body === undefined ? parts.length : parts.indexOf(body)
  return {
    before: parts.slice(0, index).filter(isHeadPart),
    body: body?.filters,
    after: parts.slice(index + 1).filter(isHeadPart),
  }
}

function isHeadPart(part: Part): part is HeadPart {
  return part.source !== 'body' && part.source !== 'secret'
}

/** Gives `{url}` the configured base that the target is appended to. */
function withBase(part: Part, { publicUrl }: CompileOptions, issues: Issues): Part {
  if (part.source !== 'url') return part
  if (publicUrl === undefined) {
    issues.add('sign', part.column, "{url} needs 'public_url': what senders call, as they sign it")
    return part
  }
  return { ...part, name: publicUrl.replace(/\/$/, '') }
}

function keyParts(text: string, issues: Issues): Part[] {
  const parts = parseTemplate(text, 'key', [], issues)
  for (const part of parts) {
    if (part.source === 'text' || part.source === 'secret') continue
    issues.add(
      'key',
      part.column,
      'a key is made of the secret alone, never of what a sender wrote',
    )
  }
  if (!parts.some(part => part.source === 'secret') && !issues.found.some(i => i.key === 'key')) {
    issues.add('key', 1, 'the key does not use {secret}: anybody could sign with it')
  }
  return parts
}

function signedTime(
  time: SchemeTime | undefined,
  variables: readonly string[],
  sign: SignedBytes,
  issues: Issues,
): SignedTime | undefined {
  if (time === undefined) return undefined
  for (const key of Object.keys(time)) {
    if (TIME_KEYS.includes(key)) continue
    issues.add(`timestamp.${key}`, 1, `unknown key '${key}'`, nearest(key, TIME_KEYS))
  }
  const unit = oneOf(time.unit, UNITS, 'timestamp.unit', issues)
  const tolerance = parseMillis(time.tolerance)
  if (tolerance === undefined || tolerance === 0) {
    issues.add(
      'timestamp.tolerance',
      1,
      `'${time.tolerance}' is no duration: expected such as '300s' or '5m'`,
    )
  }
  const from: HeadPart[] = []
  const signed = [...sign.before, ...sign.after]
  const before = issues.found.length
  for (const part of parseTemplate(time.from ?? '{ts}', 'timestamp.from', variables, issues)) {
    if (isHeadPart(part) && DATED.has(part.source)) from.push(part)
    else
      issues.add(
        'timestamp.from',
        part.column,
        'a time comes from a header, the query or a variable',
      )
    if (
      part.source === 'text' ||
      signed.some(s => s.source === part.source && s.name === part.name)
    )
      continue
    if (sign !== NOTHING && DATED.has(part.source)) {
      // an unsigned time could be made fresh by whoever repeats an old delivery
      issues.add(
        'timestamp.from',
        part.column,
        "this time is not part of 'sign', so it proves nothing",
      )
    }
  }
  if (issues.found.length === before && !from.some(part => part.source !== 'text')) {
    issues.add('timestamp.from', 1, 'a time comes from a header, the query or a variable')
  }
  return unit === undefined || tolerance === undefined ? undefined : { from, unit, tolerance }
}

const TIME_KEYS = ['from', 'unit', 'tolerance']
const DATED: ReadonlySet<Source> = new Set(['text', 'header', 'query', 'variable'])

function oneOf<T extends string>(
  value: T,
  known: readonly T[],
  key: string,
  issues: Issues,
): T | undefined {
  if (known.includes(value)) return value
  issues.add(
    key,
    1,
    `unknown value '${value}': expected ${known.join(', ')}`,
    nearest(value, known),
  )
  return undefined
}

function fingerprint(scheme: Scheme): string {
  const { alg, from, split, items, encoding, sign, key, timestamp } = scheme
  const fields = [alg, from, split, items, encoding, sign, key, timestamp?.from, timestamp?.unit]
  const text = JSON.stringify(fields.map(field => field ?? null))
  return createHash('sha256').update(text).digest('base64url').slice(0, 12)
}
