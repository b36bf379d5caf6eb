import { createHash } from 'node:crypto'
import { nearest } from '../spelling.ts'
import { type Alg, type Kind, parseAlg } from './alg.ts'
import type { CompiledScheme, CompileOptions, SignedBytes } from './compiled.ts'
import type { Encoding } from './decode.ts'
import { type Drawn, digestsOf, jsonOf, parseEach } from './drawn.ts'
import { Issues, type SchemeIssue } from './issue.ts'
import { parseItems } from './items.ts'
import { parseJwt } from './jwt-rules.ts'
import type { Scope } from './names.ts'
import { inHead, type Place, parsePlace } from './place.ts'
import { parseRequire } from './require.ts'
import type { Scheme } from './scheme.ts'
import { coversBody, NOTHING, parseKey, parseSigned, streams } from './signed.ts'
import { checkTaken } from './taken.ts'
import { parseTime } from './time.ts'

const ENCODINGS: readonly Encoding[] = ['hex', 'base64', 'base64url', 'base64+hex']
const KEY_FORMATS: readonly CompiledScheme['keyFormat'][] = ['pem', 'hex', 'base64', 'base64url']

/** More schemes than any map has. */
const MOST_KNOWN = 1000
const known = new Map<string, CompiledScheme>()

/**
 * Compiles a scheme, or says everything that is wrong with it. Pure: at load, never for a delivery. Many providers of a map
 * share few schemes, and each is compiled at every check and at every reload: what it came to is kept.
 */
export function compileScheme(
  scheme: Scheme,
  options: CompileOptions = {},
): CompiledScheme | SchemeIssue[] {
  const key = JSON.stringify([scheme, options.publicUrl, options.values])
  const before = known.get(key)
  if (before !== undefined) return before
  const compiled = compile(scheme, options)
  if (Array.isArray(compiled)) return compiled
  if (known.size === MOST_KNOWN) known.clear()
  known.set(key, compiled)
  return compiled
}

function compile(scheme: Scheme, options: CompileOptions): CompiledScheme | SchemeIssue[] {
  const issues = new Issues()
  const alg = parseAlg(scheme.alg, issues)
  checkTaken(scheme, alg?.kind, issues)
  const from = parseFrom(scheme.from, alg?.kind, issues)
  const values = options.values ?? {}
  if (scheme.split === '') issues.add('split', 1, 'name at least one character, or leave it out')
  const items = parseItems(scheme.items ?? ['{sig}'], scheme.split ?? '', values, issues)
  const { variables } = items
  const scope: Scope = { variables, values, publicUrl: options.publicUrl?.replace(/\/$/, '') }
  const claimInBody = !from.every(inHead)
  const sign = parseSign(alg?.kind, scheme, scope, issues)
  const time = scheme.timestamp && parseTime(scheme.timestamp, scope, sign, claimInBody, issues)
  const require = parseRequire(scheme.require ?? [], scope, sign, claimInBody, issues)
  const jwt = alg?.kind === 'jwt' ? parseJwt(scheme, scope, claimInBody, issues) : undefined
  const encoding = parseWord('encoding', scheme.encoding ?? 'hex', ENCODINGS, issues)
  const keyFormat = parseWord('key_format', scheme.key_format ?? 'pem', KEY_FORMATS, issues)
  const key = parseKey(scheme.key ?? '{secret}', scope, issues)
  const username = parseUsername(alg?.kind, values.username, issues)
  const drawn = { sign, time, require, jwt, from }
  const batches = alg?.kind !== 'jwt' && alg?.kind !== 'basic'
  const each = batches ? parseEach(scheme, drawn, issues) : undefined
  if (issues.found.length > 0 || alg === undefined) return issues.found
  const { kind, hash = 'sha256', signature } = alg
  const pinned = require.some(({ left, right }) => [...left, ...right].some(isBody))
  const claimed = jwt?.claims.some(({ is }) => is.some(isBody)) ?? false
  return {
    kind,
    decides: ofWholeBody(scheme) ? 'over_whole_body' : decides(alg, each !== undefined, drawn),
    proves:
      signature !== undefined || jwt?.algs.some(one => one.signature) ? 'public_key' : 'secret',
    signsBody:
      scheme.code === 'truelayer' ||
      (each === undefined && (coversBody(sign) || pinned || claimed || from.some(isBody))),
    timed: time !== undefined || jwt?.maxAge !== undefined,
    toleranceMs: time?.tolerance ?? jwt?.maxAge,
    credentials: credentials(kind, from),
    fingerprint: fingerprint(scheme),
    from,
    items,
    encoding,
    hash,
    signature,
    keyFormat,
    sign,
    key,
    time,
    require,
    digests: digestsOf(drawn),
    json: each === undefined ? jsonOf(drawn) : undefined,
    each,
    jwt,
    username,
    code: scheme.code,
  }
}

/** What its step in code has to see at once. */
function ofWholeBody({ code }: Scheme): boolean {
  return code === 'truelayer' || code === 'dropbox-sign'
}

function isBody({ source }: { readonly source: string }): boolean {
  return source === 'body'
}

function parseFrom(from: Scheme['from'], kind: Kind | undefined, issues: Issues): Place[] {
  if (typeof from !== 'string' && from.length === 0)
    issues.add('from', 1, 'name at least one place')
  const list = typeof from === 'string' ? [from] : from
  return list.flatMap((text, index) => {
    const key = typeof from === 'string' ? 'from' : `from[${index}]`
    const place = parsePlace(text, key, 1, issues)
    if (place?.source === 'body' && kind !== 'jwt') {
      issues.add(key, 1, 'only a JWT can be the body itself')
    }
    return place === undefined ? [] : [place]
  })
}

function parseWord<T extends string>(key: string, word: T, known: readonly T[], issues: Issues): T {
  if (!known.includes(word)) {
    const what = key.replace('_', ' ')
    const message = `unknown ${what} '${word}': expected ${known.join(', ')}`
    issues.add(key, 1, message, nearest(word, known))
  }
  return word
}

function parseSign(
  kind: Kind | undefined,
  { sign }: Scheme,
  scope: Scope,
  issues: Issues,
): SignedBytes {
  if (kind === 'jwt' || kind === 'token' || kind === 'basic') return NOTHING
  if (sign !== undefined) return parseSigned(sign, kind ?? 'hmac', scope, issues)
  const what = { hmac: 'an HMAC', hash: 'a hash', signature: 'a signature' }
  if (kind !== undefined) {
    issues.add('sign', 1, `${what[kind]} needs what is signed, such as '{body}'`)
  }
  return NOTHING
}

/** @see RFC 7617, 2: the first colon ends the name */
function parseUsername(kind: Kind | undefined, name: string | undefined, issues: Issues): string {
  if (kind !== 'basic') return ''
  if (name === undefined) {
    issues.add('alg', 1, "basic needs 'username' in the entry of the provider")
  } else if (/[:\p{Cc}]/u.test(name)) {
    issues.add('alg', 1, "the 'username' of basic holds no colon and no control character")
  }
  return name ?? ''
}

/** What decides when: bytes that stream are fed as they come, what has to be parsed waits for the whole body. */
function decides(
  { kind, signature }: Alg,
  each: boolean,
  { from, sign, time, require, jwt }: Drawn,
): CompiledScheme['decides'] {
  if (!from.every(inHead) || each || !streams(sign)) return 'over_whole_body'
  const late =
    sign.body !== undefined ||
    time?.inBody === true ||
    require.some(({ inBody }) => inBody) ||
    jwt?.claims.some(({ inBody }) => inBody) === true
  if (!late) return 'at_head'
  // node:crypto takes the message of Ed25519 in one piece; a digest of the body makes it a short one
  const oneShot = signature?.key === 'ed25519' && sign.body?.length === 0
  return oneShot || kind === 'token' || kind === 'basic' ? 'over_whole_body' : 'at_end'
}

/** A token is as good as its secret to whoever reads it. */
function credentials(kind: Kind, from: readonly Place[]): CompiledScheme['credentials'] {
  const named = (source: Place['source']) =>
    kind === 'token' || kind === 'basic'
      ? from.filter(place => place.source === source).map(({ name }) => name)
      : []
  return { headers: named('header'), query: named('query') }
}

/** The same for equal schemes in every process. Tolerance stays out: replay memory outlives a change of it. */
function fingerprint(scheme: Scheme): string {
  const { alg, from, split, items, encoding, sign, key, timestamp } = scheme
  const { require, each, item, algs, claims } = scheme
  const fields = [alg, from, split, items, encoding, sign, key, timestamp?.from, timestamp?.unit]
  const text = JSON.stringify(
    [...fields, require, each, item, algs, claims].map(field => field ?? null),
  )
  return createHash('sha256').update(text).digest('base64url').slice(0, 12)
}
