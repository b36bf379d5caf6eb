import type { Head } from '../head.ts'
import { queryValue } from '../verify/query.ts'
import type { Scheme } from '../verify/scheme.ts'
import type { Hypothesis, Scene } from './scene.ts'
import type { Trial } from './trial.ts'

const ENCODINGS = ['hex', 'base64', 'base64url', 'base64+hex'] as const
/** Hashes of one family, of which another may be meant. */
const HASHES = [
  ['hmac-sha256', 'hmac-sha1', 'hmac-sha512', 'hmac-sha384', 'hmac-md5', 'hmac-sha3-256'],
  ['sha256', 'sha1', 'sha512', 'sha384', 'md5'],
  ['rsa-sha256', 'rsa-sha1', 'rsa-sha512', 'rsa-pss-sha512'],
] as const
const JWTS = [
  ['HS256', 'HS384', 'HS512'],
  ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
] as const
/** A word before a signature, with what separates them. */
const PREFIX = /^(?<prefix>[A-Za-z][\w-]{0,23}[=:, ]) ?(?=\S{8})/
/** Values hold many items; a sender writes few prefixes. */
const MOST_PREFIXES = 8

/** Another prefix, encoding or hash than the scheme says. */
export function* supposeScheme(_: Scene, base: Trial): Generator<Hypothesis> {
  const { scheme } = base
  yield* prefixes(base)
  yield* encodings(base)
  yield* hashes(base, scheme)
}

function* prefixes(base: Trial): Generator<Hypothesis> {
  const { scheme, head } = base
  const { items = ['{sig}'] } = scheme
  const pattern = items.find(item => item.includes('{sig}'))
  if (pattern === undefined) return
  const [before = ''] = pattern.split('{sig}')
  const replaced = (other: string): Trial => ({
    ...base,
    scheme: { ...scheme, items: items.map(item => (item === pattern ? other : item)) },
  })
  if (before !== '') {
    const detail = `the signature comes without '${before}' before it`
    yield { code: 'prefix_missing', detail, trial: replaced(pattern.slice(before.length)) }
  }
  for (const prefix of prefixesIn(scheme, head)) {
    if (prefix === before) continue
    const detail = `the signature comes with '${prefix}' before it${before === '' ? '' : `, not '${before}'`}`
    yield { code: 'prefix_unexpected', detail, trial: replaced(`${prefix}{sig}`) }
  }
}

/** The prefixes of the items of the value that holds the signature. */
function prefixesIn(scheme: Scheme, head: Head): ReadonlySet<string> {
  const prefixes = new Set<string>()
  for (const value of valuesOf(scheme, head)) {
    for (const item of itemsOf(value, scheme.split)) {
      const prefix = PREFIX.exec(item.trim())?.[0]
      if (prefix !== undefined && prefixes.size < MOST_PREFIXES) prefixes.add(prefix)
    }
  }
  return prefixes
}

function itemsOf(value: string, split = ''): string[] {
  let items = [value]
  for (const char of split) items = items.flatMap(item => item.split(char))
  return items
}

/** What stands where the signature may be, as far as the head holds it. */
export function valuesOf({ from }: Scheme, head: Head): string[] {
  return (typeof from === 'string' ? [from] : from).flatMap(place => {
    const colon = place.indexOf(':')
    const name = place.slice(colon + 1)
    const source = place.slice(0, Math.max(colon, 0))
    if (source === 'header') return head.all(name.toLowerCase())
    if (source !== 'query') return []
    const value = queryValue(head.query, name)
    return typeof value === 'string' ? [value] : []
  })
}

function* encodings(base: Trial): Generator<Hypothesis> {
  const { scheme } = base
  if (['token', 'basic', 'jwt'].includes(scheme.alg)) return
  const { encoding: own = 'hex' } = scheme
  for (const encoding of ENCODINGS) {
    if (encoding === own) continue
    yield {
      code: 'encoding_mixed_up',
      detail: `the signature is written in ${encoding}, and the scheme says ${own}`,
      trial: { ...base, scheme: { ...scheme, encoding } },
    }
  }
}

function* hashes(base: Trial, scheme: Scheme): Generator<Hypothesis> {
  if (scheme.alg === 'jwt') return yield* jwtHashes(base, scheme)
  const family: readonly string[] = HASHES.find(list => list.some(alg => alg === scheme.alg)) ?? []
  for (const alg of family) {
    if (alg === scheme.alg) continue
    const detail = `signed with ${alg}, and the scheme says ${scheme.alg}`
    yield { code: 'hash_mixed_up', detail, trial: { ...base, scheme: { ...scheme, alg } } }
    const items = renamed(scheme, alg)
    if (items === undefined) continue
    yield { code: 'hash_mixed_up', detail, trial: { ...base, scheme: { ...scheme, alg, items } } }
  }
}

/** Patterns such as `sha256={sig}` with the name of the other hash; undefined where they name none. */
function renamed({ alg, items = [] }: Scheme, other: string): string[] | undefined {
  const [own = '', name = ''] = [alg, other].map(word => word.replace(/^(?:hmac|rsa)-/, ''))
  const changed = items.map(item => item.replaceAll(own, name))
  return changed.some((item, i) => item !== items[i]) ? changed : undefined
}

function* jwtHashes(base: Trial, scheme: Scheme): Generator<Hypothesis> {
  const { algs = [] } = scheme
  const family: readonly string[] =
    JWTS.find(list => list.some(alg => algs.includes(alg))) ?? ([] as const)
  for (const alg of family) {
    if (algs.includes(alg)) continue
    const detail = `the token is signed with ${alg}, and the scheme allows ${algs.join(', ')}`
    yield { code: 'hash_mixed_up', detail, trial: { ...base, scheme: { ...scheme, algs: [alg] } } }
  }
}
