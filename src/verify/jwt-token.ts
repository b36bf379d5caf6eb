import { REPEATED } from '../head.ts'
import { decodeUpTo } from './decode.ts'
import { type JsonFields, readJson } from './json.ts'
import type { JsonTree } from './json-scanner.ts'
import { treeOf } from './jwt-rules.ts'
import { utf8 } from './utf8.ts'

/** A token in its parts, nothing of it proven. */
export interface Token {
  readonly alg: string
  /** How it names its key; undefined where it does not. */
  readonly kid: string | undefined
  readonly payload: JsonFields
  /** The bytes that are signed. */
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}

const HEADER = treeOf(['alg', 'kid', 'crit'])

/**
 * Takes a token apart. Undefined where it is none: not three parts in base64url without padding, a header or payload
 * that is no JSON object in UTF-8 or has a field of ours twice, or a header that demands an extension (`crit`), as we
 * know none.
 *
 * @param payload what is read of the payload
 * @see RFC 7515, 3.1, 4.1.11 and 5.2; RFC 7519, 7.2
 */
export function readToken(text: string, payload: JsonTree): Token | undefined {
  const first = text.indexOf('.')
  const second = text.indexOf('.', first + 1)
  if (first === -1 || second === -1 || text.includes('.', second + 1)) return undefined
  const header = fieldsOf(text.slice(0, first), HEADER)
  const alg = header?.text('alg')
  const kid = header?.text('kid')
  if (header === undefined || typeof alg !== 'string' || !header.isString('alg')) return undefined
  if (kid === REPEATED || header.has('crit')) return undefined
  const fields = fieldsOf(text.slice(first + 1, second), payload)
  const signature = part(text.slice(second + 1))
  if (fields === undefined || signature === undefined) return undefined
  const signed = Buffer.from(text.slice(0, second), 'latin1')
  return { alg, kid, payload: fields, signed, signature }
}

function fieldsOf(text: string, tree: JsonTree): JsonFields | undefined {
  const bytes = part(text)
  const json = bytes && utf8(bytes)
  const fields = json === undefined ? undefined : readJson(json, tree)
  return fields === REPEATED ? undefined : fields
}

/** One part of a token: its one spelling, without padding. */
function part(text: string): Uint8Array | undefined {
  return text.includes('=') ? undefined : decodeUpTo(text, 'base64url', text.length)
}
