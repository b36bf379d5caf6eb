import { CLEAN, type RejectReason, type Verdict } from '../reasons.ts'
import { type Millis, parseMillis } from '../units.ts'
import { CONFIGURED } from '../verify/names.ts'
import type { Scheme } from '../verify/scheme.ts'
import { type Delivery, deliveryOf } from './delivery.ts'
import { findSpelling, type Spelling } from './spelling.ts'
import type { Vector } from './vector.ts'

/** A delivery with one thing changed, and what has to come of it. */
export interface Mutation {
  readonly name: string
  readonly delivery: Delivery
  /** `refused`: for whatever reason. */
  readonly expect: typeof CLEAN | 'refused' | RejectReason
}

const SECOND: Millis = 1000
const TEN_YEARS: Millis = 3653 * 86_400 * SECOND
/** More items than any value may hold. */
const MANY = 33
const [MARK, OTHER] = ['MARK', 'MARC']

/** Whether a verdict is what was expected. */
export function meets(verdict: Verdict, { expect }: Mutation): boolean {
  return expect === 'refused' ? verdict !== CLEAN : verdict === expect
}

/** The genuine delivery first; then everything that may be done to it. */
export function* mutations(vector: Vector, scheme: Scheme): Generator<Mutation> {
  const genuine = deliveryOf(vector)
  yield { name: 'genuine', delivery: genuine, expect: CLEAN }
  if (vector.secret !== '') {
    const delivery = { ...genuine, secret: anotherSecret(vector.secret) }
    yield { name: 'another secret', delivery, expect: 'refused' }
  }
  yield* times(vector, scheme, genuine)
  if (vector.signature === undefined) return
  yield* agreed(scheme, genuine)
  yield* headers(genuine)
  yield* bodies(vector, genuine)
  yield* paths(scheme, genuine)
  yield* fields(scheme, genuine)
  const signature = Buffer.from(vector.signature, 'base64')
  const spelling = findSpelling(genuine, signature)
  if (spelling !== undefined) yield* signatures(scheme, signature, spelling, genuine)
}

/** One character of it is another of its kind, so that it still decodes. */
function anotherSecret(secret: string): string {
  const at = secret.length >> 1
  const char = secret.charAt(at)
  const next = /[fFzZ9]/.test(char)
    ? String.fromCharCode(char.charCodeAt(0) - 1)
    : String.fromCharCode(char.charCodeAt(0) + 1)
  const other = /[A-Za-z0-9]/.test(char) ? next : 'a'
  return secret.slice(0, at) + other + secret.slice(at + 1)
}

/** What was agreed on beside the secret is another. */
function* agreed(scheme: Scheme, genuine: Delivery): Generator<Mutation> {
  const { values } = genuine
  for (const name of CONFIGURED.filter(one => values[one] !== undefined)) {
    const delivery = { ...genuine, values: { ...values, [name]: `${values[name]}x` } }
    yield { name: `another ${name}`, delivery, expect: 'refused' }
  }
  if (!/\{url[|}]/.test(JSON.stringify(scheme))) return
  const delivery = { ...genuine, publicUrl: 'https://hooks.example.net' }
  yield { name: 'another public_url', delivery, expect: 'refused' }
}

function* headers(genuine: Delivery): Generator<Mutation> {
  for (const header of genuine.headers) {
    const [name] = header
    const twice = { ...genuine, headers: [...genuine.headers, header] }
    yield { name: `${name} twice`, delivery: twice, expect: 'refused' }
    const absent = { ...genuine, headers: genuine.headers.filter(one => one !== header) }
    yield { name: `${name} absent`, delivery: absent, expect: 'refused' }
  }
}

function* times(vector: Vector, scheme: Scheme, genuine: Delivery): Generator<Mutation> {
  const at = (now: Millis): Delivery => ({ ...genuine, now })
  const { now } = genuine
  const { timestamp } = scheme
  const limit = parseMillis(vector.tolerance ?? '')
  const token =
    scheme.alg === 'jwt' && scheme.code !== 'truelayer' ? tokenTimes(genuine) : undefined
  if (limit !== undefined) {
    yield { name: 'to the last instant', delivery: at(now + limit - SECOND), expect: CLEAN }
    yield { name: 'stale', delivery: at(now + limit + SECOND), expect: 'timestamp_stale' }
  } else if (vector.tolerance === undefined && timestamp === undefined) {
    const stale = scheme.max_age !== undefined || token?.ends === true
    yield {
      name: 'ten years later',
      delivery: at(now + TEN_YEARS),
      expect: stale ? 'timestamp_stale' : CLEAN,
    }
  }
  if (limit !== undefined && timestamp !== undefined) {
    yield { name: 'from the first instant', delivery: at(now - limit + SECOND), expect: CLEAN }
    yield { name: 'future', delivery: at(now - limit - SECOND), expect: 'timestamp_future' }
  } else if (timestamp === undefined) {
    const future = token?.begins === true
    yield {
      name: 'ten years ago',
      delivery: at(now - TEN_YEARS),
      expect: future ? 'timestamp_future' : CLEAN,
    }
  }
}

/** Whether a token says when it ends, and when it began. */
function tokenTimes({ headers, body }: Delivery): { begins: boolean; ends: boolean } {
  const text = [...headers.map(([, value]) => value), body.toString('latin1')].join('\n')
  const payload = /[\w-]+\.(?<payload>[\w-]{8,})\.[\w-]+/.exec(text)?.groups?.payload ?? ''
  const claims = Buffer.from(payload, 'base64url').toString()
  return { begins: /"(?:iat|nbf)":\d/.test(claims), ends: /"exp":\d/.test(claims) }
}

function* bodies({ covers }: Vector, genuine: Delivery): Generator<Mutation> {
  const text = genuine.body.toString('latin1')
  if (covers === undefined || !text.includes(MARK)) return
  const delivery = { ...genuine, body: Buffer.from(text.replaceAll(MARK, OTHER), 'latin1') }
  yield { name: 'another body', delivery, expect: covers ? 'refused' : CLEAN }
}

function* paths(scheme: Scheme, genuine: Delivery): Generator<Mutation> {
  const signed =
    /\{(?:url|target|path)[|}]/.test(JSON.stringify(scheme)) ||
    scheme.code === 'atlassian-connect' ||
    scheme.code === 'truelayer'
  const delivery = { ...genuine, target: genuine.target.replace('/', '/x') }
  yield { name: 'another path', delivery, expect: signed ? 'refused' : CLEAN }
}

/** A field that counts and comes twice, which two readers could take two ways. */
function* fields({ from, each, code }: Scheme, genuine: Delivery): Generator<Mutation> {
  if (typeof from !== 'string' || each !== undefined || code !== undefined) return
  const [source = '', path = ''] = from.split(':')
  const [name = ''] = path.split('.')
  const text = genuine.body.toString('latin1')
  const bodies: Readonly<Record<string, string>> = {
    json: text.replace('{', `{${JSON.stringify(name)}:{},`),
    form: `${text}&${name}=x`,
  }
  const body = Object.hasOwn(bodies, source) ? bodies[source] : undefined
  if (body !== undefined) {
    const delivery = { ...genuine, body: Buffer.from(body, 'latin1') }
    yield { name: `${name} twice`, delivery, expect: 'refused' }
  }
  if (source !== 'query') return
  const delivery = { ...genuine, target: `${genuine.target}&${name}=x` }
  yield { name: `${name} twice`, delivery, expect: 'refused' }
}

function* signatures(
  scheme: Scheme,
  signature: Buffer,
  { text, kind, spell, put }: Spelling,
  genuine: Delivery,
): Generator<Mutation> {
  for (const at of new Set([0, signature.length >> 1, signature.length - 1])) {
    const delivery = put(spell(flipped(signature, at)))
    yield { name: `a bit of byte ${at} flipped`, delivery, expect: 'refused' }
  }
  const swapped = put(caseSwapped(text))
  const letters = /[A-Za-z]/.test(text)
  if (letters)
    yield { name: 'the other case', delivery: swapped, expect: kind === 'hex' ? CLEAN : 'refused' }
  const half = text.length >> 1
  const changed: readonly (readonly [string, string])[] = [
    ['a blank inside', `${text.slice(0, half)} ${text.slice(half)}`],
    ['a character too many', `${text}A`],
    ['a character too few', text.slice(0, -1)],
    ['junk behind it', `${text}!!`],
    ['empty', ''],
    ...spareBits(text, kind),
  ]
  for (const [name, other] of changed) yield { name, delivery: put(other), expect: 'refused' }
  yield* several(scheme, text, spell(flipped(signature, 0)), genuine)
}

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}

function caseSwapped(text: string): string {
  return text.replace(/[A-Za-z]/g, char =>
    char === char.toLowerCase() ? char.toUpperCase() : char.toLowerCase(),
  )
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** base64 that a lenient decoder takes for the same: padding left out, bits after the last byte. */
function spareBits(text: string, kind: Spelling['kind']): [string, string][] {
  if (kind === 'hex' || kind === 'shown') return []
  const bare = text.replace(/=+$/, '')
  const digits = kind === 'base64url' ? DIGITS.replace('+/', '-_') : DIGITS
  const last = digits.indexOf(bare.charAt(bare.length - 1))
  const found: [string, string][] = []
  if (kind !== 'base64url' && bare !== text) found.push(['padding left out', bare])
  if (bare.length % 4 !== 0) {
    const other = digits.charAt(last | 1)
    if (other !== bare.charAt(bare.length - 1)) {
      found.push(['bits after the last byte', bare.slice(0, -1) + other + text.slice(bare.length)])
    }
  }
  return found
}

/** Several signatures in one header: for whoever may send them the right one may come second, for others never. */
function* several(
  { split, alg, code }: Scheme,
  text: string,
  wrong: string,
  genuine: Delivery,
): Generator<Mutation> {
  const index = genuine.headers.findIndex(([, value]) => value.includes(text))
  const value = genuine.headers[index]?.[1]
  if (value === undefined || alg === 'jwt' || alg === 'basic' || code !== undefined) return
  const mark = split?.charAt(0) ?? ','
  const items = split === undefined ? [value] : value.split(mark)
  const at = items.findIndex(item => item.includes(text))
  const forged = items.map((item, i) => (i === at ? item.replace(text, wrong) : item))
  const second = [...forged.slice(0, at + 1), ...items.slice(at)].join(mark)
  const crowd = Array.from({ length: MANY }, () => forged[at] ?? '')
  const many = [...items.slice(0, at), ...crowd, ...items.slice(at)].join(mark)
  const put = (other: string): Delivery => ({
    ...genuine,
    headers: genuine.headers.map(([name, old], i) => [name, i === index ? other : old]),
  })
  const expect = split === undefined ? 'refused' : CLEAN
  yield { name: 'the right signature second', delivery: put(second), expect }
  yield { name: 'too many signatures', delivery: put(many), expect: 'refused' }
}
