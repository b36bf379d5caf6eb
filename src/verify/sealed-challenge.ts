import { createDecipheriv, createHash, timingSafeEqual } from 'node:crypto'
import { type Head, REPEATED } from '../head.ts'
import { CLEAN, type RejectReason, type Verdict } from '../reasons.ts'
import type { Bytes, Millis } from '../units.ts'
import { Body } from './body.ts'
import { decodeUpTo } from './decode.ts'
import type { Handshake } from './handshake.ts'
import { jsonTree, readJson } from './json.ts'
import { isShowable, type Told, told } from './told.ts'
import { utf8 } from './utf8.ts'
import type { Check, Proof, Verifier } from './verifier.ts'

/** A challenge of this kind. */
export type SealedBody = Extract<Handshake, { readonly kind: 'sealed-body' }>

/** No challenge is longer. */
const LONGEST: Bytes = 8 * 1024
const BLOCK: Bytes = 16

const treeOf = (names: readonly string[]) => jsonTree(names.map(path => ({ path, steps: [path] })))
const INSIDE = treeOf(['challenge', 'token', 'type'])

/**
 * Answers a challenge that is encrypted with the sender's key and not signed: only what decrypts to JSON of the right
 * type with the entry's `verify_token` in it is one, so whoever is answered knew both. Every other body without a
 * signature is what it would be without this: refused, in the same words whatever was wrong with it.
 *
 * @see "Request URL configuration" and "Encrypt Key", Lark Open Platform
 */
export class SealedChallengeVerifier implements Verifier {
  readonly decides = 'over_whole_body'
  readonly #verifier: Verifier
  readonly #one: SealedBody
  readonly #keys: readonly Buffer[]
  readonly #token: Buffer
  readonly #tree: ReturnType<typeof jsonTree>

  /** @param secrets every live secret, as the sender has them */
  constructor(
    verifier: Verifier,
    one: SealedBody,
    { secrets, token }: { readonly secrets: readonly Uint8Array[]; readonly token: Uint8Array },
  ) {
    this.#verifier = verifier
    this.#one = one
    this.#keys = secrets.map(digest)
    this.#token = digest(token)
    this.#tree = treeOf([one.sealed])
  }

  open(head: Head, now: Millis): Check | RejectReason {
    const opened = this.#verifier.open(head, now)
    if (opened === 'signature_missing' && isShort(head)) return new SealedCheck(this, undefined)
    return typeof opened === 'string' ? opened : new SealedCheck(this, opened)
  }

  /** The answer to a challenge; undefined for whatever is none. */
  answer(held: readonly Uint8Array[]): Told | undefined {
    const body = new Body(held)
    const fields = body.size > LONGEST ? undefined : body.json(this.#tree)
    const sealed =
      fields === undefined || fields === REPEATED ? undefined : fields.text(this.#one.sealed)
    const bytes = typeof sealed === 'string' ? decodeUpTo(sealed, 'base64', LONGEST) : undefined
    if (bytes === undefined || bytes.length < 2 * BLOCK || bytes.length % BLOCK !== 0)
      return undefined
    for (const key of this.#keys) {
      const answer = this.#read(decrypt(bytes, key))
      if (answer !== undefined) return answer
    }
    return undefined
  }

  #read(plain: Uint8Array): Told | undefined {
    const text = utf8(plain)
    const fields = text === undefined ? undefined : readJson(text, INSIDE)
    if (fields === undefined || fields === REPEATED) return undefined
    const [value, token] = [fields.text('challenge'), fields.text('token')]
    if (fields.text('type') !== 'url_verification' || typeof token !== 'string') return undefined
    if (!timingSafeEqual(digest(Buffer.from(token, 'latin1')), this.#token)) return undefined
    return typeof value === 'string' && isShowable(value)
      ? told(this.#one.answer, value)
      : undefined
  }
}

class SealedCheck implements Check {
  readonly unclaimed: true | undefined
  told: Told | undefined
  readonly #verifier: SealedChallengeVerifier
  /** Undefined where nothing is signed. */
  readonly #check: Check | undefined

  constructor(verifier: SealedChallengeVerifier, check: Check | undefined) {
    this.unclaimed = check === undefined ? true : undefined
    this.#verifier = verifier
    this.#check = check
  }

  update(chunk: Uint8Array): void {
    this.#check?.update(chunk)
  }

  final(held: readonly Uint8Array[]): Verdict {
    const verdict = this.#check?.final(held) ?? 'signature_missing'
    const asked = verdict === CLEAN || this.#check === undefined
    this.told = asked ? this.#verifier.answer(held) : undefined
    return this.told === undefined ? verdict : CLEAN
  }

  get proof(): Proof | undefined {
    return this.#check?.proof
  }

  get skew(): Millis | undefined {
    return this.#check?.skew
  }
}

/** Whether so few bytes are announced that they may be read although nothing claims to be proven. */
function isShort(head: Head): boolean {
  const length = head.only('content-length')
  return typeof length === 'string' && Number(length) <= LONGEST
}

/** Padding is cut off where there is any and never complained of: nobody learns whether it was right. */
function decrypt(bytes: Uint8Array, key: Buffer): Uint8Array {
  const decipher = createDecipheriv('aes-256-cbc', key, bytes.subarray(0, BLOCK))
  decipher.setAutoPadding(false)
  const plain = Buffer.concat([decipher.update(bytes.subarray(BLOCK)), decipher.final()])
  const padding = plain.at(-1) ?? 0
  return plain.subarray(0, padding <= BLOCK ? plain.length - padding : plain.length)
}

function digest(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}
