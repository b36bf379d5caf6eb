import type { JsonFields } from './json.ts'

const NOTIFICATION = ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']
const CONFIRMATION = [
  'Message',
  'MessageId',
  'SubscribeURL',
  'Timestamp',
  'Token',
  'TopicArn',
  'Type',
]

/** What a message signs, by its type. */
const SIGNED: ReadonlyMap<string, readonly string[]> = new Map([
  ['Notification', NOTIFICATION],
  ['SubscriptionConfirmation', CONFIRMATION],
  ['UnsubscribeConfirmation', CONFIRMATION],
])

/** Every field that a message of any type signs. */
export const SNS_FIELDS: readonly string[] = [...new Set([...NOTIFICATION, ...CONFIRMATION])]

/**
 * The text that a message of Amazon SNS signs, as UTF-8 bytes in latin-1 text; undefined where a field is missing or no
 * text. The subject alone may be absent.
 *
 * @see "Verifying the signatures of Amazon SNS messages", Amazon SNS Developer Guide
 */
export function snsText(fields: JsonFields): string | undefined {
  const type = fields.text('Type')
  const names = typeof type === 'string' ? SIGNED.get(type) : undefined
  let text = ''
  for (const name of names ?? []) {
    const value = fields.text(name)
    if (value === undefined && name === 'Subject') continue
    if (typeof value !== 'string' || !fields.isString(name)) return undefined
    text += `${name}\n${value}\n`
  }
  return text === '' ? undefined : text
}
