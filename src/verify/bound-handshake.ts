import { createHash, timingSafeEqual } from 'node:crypto'
import { type Head, REPEATED } from '../head.ts'
import type { RejectReason } from '../reasons.ts'
import type { Bytes } from '../units.ts'
import { Body } from './body.ts'
import { GRAMMARS, type Handshake, isAtHead } from './handshake.ts'
import { jsonTree } from './json.ts'
import { queryValue } from './query.ts'
import { confirmationUrl } from './sns-urls.ts'
import { type Errand, fixed, isShowable, macOf, type Told, told } from './told.ts'

/** What a request that is a challenge comes to. */
type Heard = Told | RejectReason | undefined

/** The same where the sender is known: it may be sent on an errand for its answer. */
type Asked = Heard | Errand

/** What the handshakes of an entry are answered with. */
export interface HandshakeKeys {
  /** The key that MACs are made with; undefined where a public key proves the sender. */
  readonly mac: Uint8Array | undefined
  /** The entry's `verify_token`. */
  readonly token: Uint8Array | undefined
  /** The entry's `topic_arn`. */
  readonly topic?: string | undefined
}

/** The handshakes of one provider with its keys. Values in, answer out. */
export class BoundHandshake {
  readonly #atHead: readonly { readonly method: string; ask(head: Head): Heard }[]
  readonly #inBody: readonly BodyQuestion[]

  constructor(handshakes: readonly Handshake[], keys: HandshakeKeys) {
    const token = keys.token && digest(keys.token)
    this.#atHead = handshakes
      .filter(isAtHead)
      .map(one => ({ method: one.method, ask: head => askedAtHead(one, head, keys.mac, token) }))
    this.#inBody = handshakes.filter(isQuestion).map(one => new BodyQuestion(one, keys))
  }

  /** The answer, or why it is refused; undefined for what is no challenge. */
  atHead(head: Head): Heard {
    for (const { method, ask } of this.#atHead) {
      const heard = method === head.method ? ask(head) : undefined
      if (heard !== undefined) return heard
    }
    return undefined
  }

  /** The same of a delivery that was proven. */
  inBody(held: readonly Uint8Array[]): Asked {
    for (const question of this.#inBody) {
      const heard = question.ask(held)
      if (heard !== undefined) return heard
    }
    return undefined
  }
}

/** Whether one of them signs what the caller chose, so that its provider takes nothing but JSON. */
export function signsForAnybody(handshakes: readonly Handshake[]): boolean {
  return handshakes.some(({ kind }) => kind === 'mac-query')
}

function askedAtHead(
  one: Extract<Handshake, { readonly method: string }>,
  head: Head,
  mac: Uint8Array | undefined,
  token: Uint8Array | undefined,
): Heard {
  switch (one.kind) {
    case 'status':
      return fixed(200)
    case 'echo-header': {
      const value = head.only(one.value.toLowerCase())
      return typeof value === 'string' && isShowable(value) ? told(one.answer, value) : undefined
    }
    case 'echo-query': {
      const value = queryValue(head.query, one.value)
      if (typeof value !== 'string' || !isShowable(value)) return undefined
      for (const [name, is] of Object.entries(one.where ?? {}))
        if (queryValue(head.query, name) !== is) return undefined
      if (one.token === undefined) return told(one.answer, value)
      const shown = queryValue(head.query, one.token)
      const same =
        token !== undefined && typeof shown === 'string' && timingSafeEqual(digest(shown), token)
      return same ? told(one.answer, value) : 'token_mismatch'
    }
    case 'mac-query': {
      const value = queryValue(head.query, one.value)
      if (mac === undefined || typeof value !== 'string') return undefined
      if (!GRAMMARS[one.mac.grammar].test(value)) return undefined
      return told(one.answer, value, macOf(one.mac, mac, value))
    }
  }
}

/** Of one length whatever is shown, so that comparing tells nothing of it. */
function digest(value: string | Uint8Array): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'latin1') : value
  return createHash('sha256').update(bytes).digest()
}

/** No challenge is longer: most deliveries are never looked at. */
const LONGEST: Bytes = 8 * 1024

/** What can stand there: a sealed one is read before anything verified, by a verifier of its own. */
type Question = Exclude<Handshake, { readonly method: string } | { readonly kind: 'sealed-body' }>

function isQuestion(one: Handshake): one is Question {
  return !isAtHead(one) && one.kind !== 'sealed-body'
}

/** A challenge that stands in a JSON body. */
class BodyQuestion {
  readonly #one: Question
  readonly #keys: HandshakeKeys
  /** Text that such a body has to hold: looking for it costs next to nothing. */
  readonly #mark: string
  readonly #tree: ReturnType<typeof jsonTree>

  constructor(one: Question, keys: HandshakeKeys) {
    this.#one = one
    this.#keys = keys
    const value = one.kind === 'fixed-body' ? [] : [one.value]
    const names = [...Object.keys(one.where), ...(one.without === undefined ? [] : [one.without])]
    this.#mark = Object.values(one.where)[0] ?? value[0] ?? ''
    this.#tree = jsonTree([...names, ...value].map(path => ({ path, steps: path.split('.') })))
  }

  ask(held: readonly Uint8Array[]): Asked {
    const body = new Body(held)
    if (body.size > LONGEST || !body.latin1.includes(this.#mark)) return undefined
    const fields = body.json(this.#tree)
    if (fields === undefined || fields === REPEATED) return undefined
    const one = this.#one
    for (const [path, is] of Object.entries(one.where))
      if (fields.text(path) !== is) return undefined
    if (one.without !== undefined && fields.has(one.without)) return undefined
    if (one.kind === 'fixed-body') return fixed(one.status, one.body)
    const value = fields.text(one.value)
    if (value === undefined && Object.keys(one.where).length === 0) return undefined
    const { mac, topic = '' } = this.#keys
    if (one.kind === 'confirm-body') {
      const visit = typeof value === 'string' ? confirmationUrl(value, topic) : undefined
      return visit === undefined ? 'malformed_body' : { visit, answer: fixed(200) }
    }
    if (typeof value !== 'string' || !isShowable(value)) return 'malformed_body'
    if (one.kind === 'echo-body') return told(one.answer, value)
    if (mac === undefined || !GRAMMARS[one.mac.grammar].test(value)) return 'malformed_body'
    return told(one.answer, value, macOf(one.mac, mac, value))
  }
}
