import type { Kind } from './alg.ts'
import type { SignedBytes } from './compiled.ts'
import { digestOf } from './filters.ts'
import type { Issues } from './issue.ts'
import type { Scope } from './names.ts'
import { SNS_FIELDS } from './sns.ts'
import { needsBody, type Part, parseTemplate, sameSource } from './template.ts'

/** What a token signs, and what stands in for a template that cannot be read. */
export const NOTHING: SignedBytes = { before: [], body: undefined, after: [] }

/** Reads `sign`: parts around at most one body. */
export function parseSigned(text: string, kind: Kind, scope: Scope, issues: Issues): SignedBytes {
  const known = issues.found.length
  const parts = parseTemplate(text, 'sign', scope, issues)
  checkSecret(parts, kind, issues)
  const [body, ...more] = parts.filter(part => part.source === 'body')
  for (const { column } of more) issues.add('sign', column, '{body} can stand here only once')
  const fixed = (part: Part) => part.source === 'text' || part.source === 'secret'
  if (issues.found.length === known && parts.every(fixed)) {
    const message = "nothing of the delivery is signed: name at least one source, such as '{body}'"
    issues.add('sign', 1, message)
  }
  const index = body === undefined ? parts.length : parts.indexOf(body)
  return { before: parts.slice(0, index), body: body?.filters, after: parts.slice(index + 1) }
}

/** A plain hash proves nothing without the secret; everything else has it elsewhere. */
function checkSecret(parts: readonly Part[], kind: Kind, issues: Issues): void {
  const secrets = parts.filter(part => part.source === 'secret')
  if (kind === 'hash') {
    if (secrets.length > 0) return
    issues.add('sign', 1, 'a plain hash without {secret}: anybody could sign')
    return
  }
  const message =
    kind === 'hmac'
      ? "an HMAC takes its secret as the key: write {secret} in 'key'"
      : 'a public key proves the sender: there is no secret to sign'
  for (const { column } of secrets) issues.add('sign', column, message)
}

/** Reads `key`: text and the secret, nothing that a sender could choose. */
export function parseKey(text: string, scope: Scope, issues: Issues): Part[] {
  const known = issues.found.length
  const parts = parseTemplate(text, 'key', { ...scope, variables: [] }, issues)
  for (const { source, column } of parts) {
    if (source === 'text' || source === 'secret') continue
    issues.add('key', column, 'a key is made of the secret alone, never of what a sender wrote')
  }
  if (issues.found.length === known && !parts.some(part => part.source === 'secret')) {
    issues.add('key', 1, 'the key does not use {secret}: anybody could sign with it')
  }
  return parts
}

/** Whether a change of the body would show: bytes, digest, or every field of a form or of an SNS message. */
export function coversBody({ before, body, after }: SignedBytes): boolean {
  const whole = ({ source }: Part) => source === 'sorted-form' || source === 'sns'
  return body !== undefined || before.some(whole) || after.some(whole)
}

/** Whether the bytes can be fed while the body arrives: nothing of it is parsed, and at most a digest taken. */
export function streams({ before, body = [], after }: SignedBytes): boolean {
  const [first] = body
  if (before.some(needsBody) || after.some(needsBody)) return false
  return first === undefined || digestOf(first) !== undefined
}

/**
 * Whether a change of the part would break the signature. What a header lists as signed is known with the delivery
 * alone; `Reading` then looks for it there.
 */
export function covers(sign: SignedBytes, part: Part): boolean {
  const parts = [...sign.before, ...sign.after]
  const sources = new Set(parts.map(({ source }) => source))
  if (part.source === 'text' || parts.some(one => sameSource(one, part))) return true
  switch (part.source) {
    case 'body':
    case 'form':
    case 'json':
    case 'sorted-form':
    case 'sns':
      if (sign.body !== undefined) return true
      if (part.source === 'json') return sources.has('sns') && SNS_FIELDS.includes(part.name)
      return part.source === 'form' && sources.has('sorted-form')
    case 'query':
      return ['url', 'target', 'sorted-query'].some(source => sources.has(source as Part['source']))
    case 'header':
      return sources.has('signed-headers')
    default:
      return false
  }
}
