import { createPublicKey, type KeyObject } from 'node:crypto'
import { REPEATED } from '../head.ts'
import type { JwtAlg } from '../verify/alg.ts'
import { Body } from '../verify/body.ts'
import type { CompiledScheme, SignedBytes } from '../verify/compiled.ts'
import { EACH } from '../verify/drawn.ts'
import type { JsonFields } from '../verify/json.ts'
import { keyBytes } from '../verify/key.ts'
import { makeHash, makeMac } from '../verify/making.ts'
import { withSecret } from '../verify/plain-hash.ts'
import { fits } from '../verify/public-key.ts'
import { Reading } from '../verify/reading.ts'
import type { Scheme } from '../verify/scheme.ts'
import type { Part } from '../verify/template.ts'
import { carryInForm, detachedSignature } from './code.ts'
import { Draft, isObject, objectOf, type Request, setField } from './draft.ts'
import { type Bound, fill, type Moment, readingOf } from './fill.ts'
import { encoded, writeItems } from './items.ts'
import { seal } from './seal.ts'
import { claimsOf, type TokenKey, writeToken } from './token.ts'

/** How a sender signs, and with what. */
export interface Signer {
  readonly scheme: Scheme
  readonly compiled: CompiledScheme
  /** The secret that is shared with it; undefined where a private key signs. */
  readonly secret: Uint8Array | undefined
  /** The private half of its key; undefined where a secret signs. */
  readonly privateKey: KeyObject | undefined
}

/** Why a request cannot be signed: a sentence for the operator. */
export interface SignProblem {
  readonly problem: string
}

/**
 * Signs a request as its sender would: the inverse of the scheme. Ids, nonces and times that it reads and the request
 * lacks are put in; a signature that stands in the body is written into it, and JSON is then written anew.
 */
export function signRequest(
  signer: Signer,
  request: Request,
  moment: Moment,
): Request | SignProblem {
  const { compiled } = signer
  const lacking = lackingKey(signer)
  if (lacking !== undefined) return { problem: lacking }
  const draft = new Draft(request)
  const bound = fill(compiled, draft, moment)
  const problem = write(signer, draft, bound, moment)
  if (problem !== undefined) return { problem }
  if (compiled.code === 'dropbox-sign') carryInForm(draft)
  return draft.request
}

function lackingKey(signer: Signer): string | undefined {
  const { compiled, secret, privateKey } = signer
  if (compiled.proves === 'secret') {
    return secret === undefined ? 'no secret of the provider can be used' : undefined
  }
  if (privateKey === undefined) return 'this sender signs with a private key: give one of yours'
  const fitting =
    compiled.jwt === undefined ? isFor(privateKey, compiled) : tokenAlgs(signer).length > 0
  const type = privateKey.asymmetricKeyType ?? 'unknown'
  return fitting
    ? undefined
    : `the private key is of type ${type}, which the scheme does not sign with`
}

function isFor(key: KeyObject, { signature }: CompiledScheme): boolean {
  return signature !== undefined && fits(createPublicKey(key), signature)
}

/** The algorithms of a token that the key can sign with. */
function tokenAlgs({ compiled: { jwt }, privateKey }: Signer): readonly JwtAlg[] {
  return (jwt?.algs ?? []).filter(({ signature }) => {
    if (signature === undefined || privateKey === undefined) return signature === undefined
    return fits(createPublicKey(privateKey), signature)
  })
}

/** Puts the signature into the draft, or says why it cannot. */
function write(signer: Signer, draft: Draft, bound: Bound, moment: Moment): string | undefined {
  if (signer.scheme.each !== undefined) return writeEach(signer, signer.scheme.each, draft, bound)
  const { compiled, privateKey } = signer
  if (compiled.code === 'truelayer' && privateKey !== undefined) {
    draft.addHeader('tl-signature', detachedSignature(tokenAlgs(signer)[0], draft, privateKey))
    return undefined
  }
  const reading = readingOf(compiled, draft, bound)
  const text =
    compiled.jwt === undefined
      ? signatureText(signer, reading, draft.body)
      : tokenText(signer, reading, draft, moment)
  if (typeof text !== 'string') return text.problem
  return place(compiled, writeItems(compiled.items, text, bound), draft)
}

function place({ from }: CompiledScheme, value: string, draft: Draft): string | undefined {
  const [{ source, name } = { source: 'body', name: '' }] = from
  switch (source) {
    case 'header':
      draft.addHeader(name, value)
      return undefined
    case 'query':
      draft.addQuery(name, value)
      return undefined
    case 'form':
      draft.setForm(name, value)
      return undefined
    case 'json':
      return draft.setJson(name.split('.'), value) ? undefined : NO_OBJECT
    case 'body':
      draft.body = Buffer.from(value, 'latin1')
      return undefined
  }
}

const NO_OBJECT = 'the signature of this sender stands in its JSON, and the body is no JSON object'

/** The signature of one template, in the words of the scheme. */
function signatureText(signer: Signer, reading: Reading, body: Uint8Array): string | SignProblem {
  const { compiled, secret, privateKey } = signer
  const { kind, hash, encoding, signature } = compiled
  const key = secret === undefined ? '' : keyBytes(compiled, secret)
  if (typeof key === 'string' && secret !== undefined) return { problem: key }
  const bytes = Buffer.from(key)
  if (kind === 'token') return bytes.toString('latin1')
  if (kind === 'basic') return `Basic ${bytes.toString('base64')}`
  const mixed = kind === 'hash' && secret !== undefined
  const message = messageOf(
    mixed ? withSecret(compiled.sign, secret) : compiled.sign,
    reading,
    body,
  )
  if ('problem' in message) return message
  if (kind === 'hmac') return encoded(makeMac(hash, bytes, message), encoding)
  if (kind === 'hash') return encoded(makeHash(hash, message), encoding)
  if (signature === undefined || privateKey === undefined) return { problem: 'no private key' }
  return encoded(seal(signature, privateKey, message, 'der'), encoding)
}

/** The signed bytes; a sentence where something that is signed is not there. */
function messageOf(
  { before, body, after }: SignedBytes,
  reading: Reading,
  bytes: Uint8Array,
): Uint8Array | SignProblem {
  const parts = [...before, ...after]
  const absent = parts.find(part => reading.render([part], 'signature_missing', true) === undefined)
  if (absent !== undefined)
    return { problem: `${nameOf(absent)} is signed, and the request has none` }
  if (!reading.hasAnyField(parts))
    return { problem: 'the body has none of the fields that are signed' }
  const [first = '', last = ''] = [before, after].map(side =>
    reading.render(side, 'signature_missing', true),
  )
  const middle = body === undefined ? '' : new Body([bytes]).through(body)
  return Buffer.from(first + (middle ?? '') + last, 'latin1')
}

function nameOf({ source, name }: Part): string {
  return name === '' ? `{${source}}` : `{${source}:${name}}`
}

function tokenText(
  signer: Signer,
  reading: Reading,
  draft: Draft,
  moment: Moment,
): string | SignProblem {
  const { compiled, secret, privateKey } = signer
  const { jwt, from } = compiled
  const [alg] = tokenAlgs(signer)
  if (jwt === undefined || alg === undefined) return { problem: 'the scheme allows no algorithm' }
  const claims = claimsOf(jwt, reading, draft.body.length > 0, moment)
  if (claims === undefined)
    return { problem: 'a claim is made of something that the request has not' }
  const inBody = from.some(({ source }) => source === 'body')
  const data = inBody ? { data: Buffer.from(draft.body).toString() } : {}
  const key = tokenKey(compiled, secret, privateKey)
  return 'problem' in key ? key : writeToken(alg, { ...data, ...claims }, key)
}

function tokenKey(
  compiled: CompiledScheme,
  secret: Uint8Array | undefined,
  privateKey: KeyObject | undefined,
): TokenKey | SignProblem {
  if (privateKey !== undefined) return { privateKey }
  const key = keyBytes(compiled, secret ?? new Uint8Array())
  return typeof key === 'string' ? { problem: key } : { secret: key }
}

/** Signs every element of a batch for itself. */
function writeEach(signer: Signer, each: string, draft: Draft, bound: Bound): string | undefined {
  const { compiled, scheme } = signer
  const root = objectOf(draft.body)
  if (root === undefined) return NO_OBJECT
  // fields are read of what will be sent: numbers may be written otherwise than in the sample
  const body = Buffer.from(JSON.stringify(root))
  const fields = elementsOf(compiled, body)
  const elements = elementObjects(root, each, scheme.item)
  const [{ name } = { name: '' }] = compiled.from
  if (fields === undefined || elements.length !== fields.length || elements.length === 0) {
    return `the body has no list '${each}' of objects that could be signed`
  }
  for (const [i, one] of fields.entries()) {
    const reading = new Reading(draft.head, bound, { body: new Body([body]), fields: one })
    const text = signatureText(signer, reading, body)
    if (typeof text !== 'string') return text.problem
    const value = writeItems(compiled.items, text, bound)
    if (!setField(elements[i] ?? {}, name.split('.'), value)) return NO_OBJECT
  }
  draft.body = Buffer.from(JSON.stringify(root))
  return undefined
}

function elementsOf({ each }: CompiledScheme, bytes: Uint8Array): JsonFields[] | undefined {
  const whole = each && new Body([bytes]).json(each.array)
  if (each === undefined || whole === undefined || whole === REPEATED) return undefined
  const elements = [...whole.elements(EACH, each.fields)]
  const sound = elements.filter(one => one !== REPEATED)
  return sound.length === elements.length ? sound : undefined
}

/** The object of each element that is signed. */
function elementObjects(
  root: Record<string, unknown>,
  each: string,
  item: string | undefined,
): Record<string, unknown>[] {
  const list = below(root, each.split('.'))
  const objects = Array.isArray(list) ? list : []
  return objects.map(one => below(one, item?.split('.') ?? [])).filter(isObject)
}

function below(value: unknown, steps: readonly string[]): unknown {
  return steps.reduce<unknown>(
    (at, step) => (isObject(at) && Object.hasOwn(at, step) ? at[step] : undefined),
    value,
  )
}
