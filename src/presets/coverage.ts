import type { Scheme } from '../verify/scheme.ts'
import type { Preset } from './preset.ts'

/** What a clean verdict says of a delivery, and what it leaves open. */
export interface Coverage {
  /**
   * `whole`: every byte; `form`: every field of a form; `fields`: those named; `checksum`: a sum that a forger can
   * match with another body; `none`: anything may stand in it.
   */
  readonly body: 'whole' | 'form' | 'fields' | 'checksum' | 'none'
  /** Fields of the body that are signed where it is not signed as a whole. */
  readonly fields: readonly string[]
  /** Whether the signature says when: only then does an old delivery become stale. */
  readonly time: boolean
  /** Whether the id of the delivery is signed; undefined where it has none that is known. */
  readonly deliveryId: boolean | undefined
}

/** Amazon's list for a notification. @see "Verifying the signatures of Amazon SNS messages" */
const SNS = ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']

/** What the signature of a preset covers, computed from its scheme. */
export function coverageOf({ scheme, deliveryId }: Preset): Coverage {
  const signed = signedText(scheme)
  const fields = signed.includes('{sns}')
    ? SNS
    : [...signed.matchAll(/\{(?:json|form):([^}|]+)/g)].map(([, name = '']) => name)
  const body = bodyOf(scheme, signed, fields)
  return {
    body,
    fields: body === 'fields' ? [...new Set(fields)] : [],
    time: scheme.timestamp !== undefined || scheme.max_age !== undefined || isToken(scheme),
    deliveryId: deliveryId === undefined ? undefined : coversId(deliveryId, signed, body, fields),
  }
}

/** Whether the proof is a token with times of its own. */
function isToken({ alg, code }: Scheme): boolean {
  return alg === 'jwt' && code !== 'truelayer'
}

/** Every template that the proof rests on. */
function signedText({ alg, sign = '', claims = {}, require = [] }: Scheme): string {
  if (alg === 'token' || alg === 'basic') return ''
  const claimed = Object.values(claims).map(claim => (typeof claim === 'string' ? claim : claim.is))
  return [sign, ...claimed, ...require.flat()].join('\n')
}

function bodyOf(scheme: Scheme, signed: string, fields: readonly string[]): Coverage['body'] {
  if (scheme.from === 'body' || scheme.code === 'truelayer' || /\{body[}|]/.test(signed)) {
    return signed.includes('{body|crc32}') ? 'checksum' : 'whole'
  }
  if (signed.includes('{sorted-form')) return 'form'
  return fields.length > 0 ? 'fields' : 'none'
}

function coversId(
  place: string,
  signed: string,
  body: Coverage['body'],
  fields: readonly string[],
): boolean {
  const [source = '', name = ''] = place.split(':')
  if (source === 'claim') return true
  if (source === 'header') return signed.toLowerCase().includes(`{header:${name.toLowerCase()}}`)
  return body === 'whole' || (body === 'form' && source === 'form') || fields.includes(name)
}
