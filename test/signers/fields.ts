import { createHash } from 'node:crypto'
import { ANY, clock, hmac, type Sender } from './sender.ts'

interface AdyenItem {
  readonly amount: { readonly value: number; readonly currency: string }
  readonly additionalData: Record<string, string>
  readonly [field: string]: unknown
}

/** The eight fields that Adyen signs, empty where one is absent. */
function adyenFields(item: AdyenItem): string {
  const { pspReference, originalReference, merchantAccountCode, merchantReference } = item
  return [
    pspReference,
    originalReference ?? '',
    merchantAccountCode,
    merchantReference,
    item.amount.value,
    item.amount.currency,
    item.eventCode,
    item.success,
  ].join(':')
}

function adyenItem(reference: string, original?: string) {
  return {
    NotificationRequestItem: {
      additionalData: {},
      amount: { currency: 'EUR', value: 1130 },
      eventCode: 'AUTHORISATION',
      merchantAccountCode: 'TestMerchant',
      merchantReference: reference,
      ...(original === undefined ? {} : { originalReference: original }),
      pspReference: '7914073381342284',
      success: 'true',
    },
  }
}

/** F11 of the catalog: signatures among the fields of the body. */
export const FIELDS: Readonly<Record<string, Sender>> = {
  adyen: {
    secret: '44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056',
    compose: text =>
      JSON.stringify({ live: 'false', notificationItems: [adyenItem(text), adyenItem('b', 'a')] }),
    sign: ({ body, secret, seal }) => {
      const message = JSON.parse(body.toString())
      const key = Buffer.from(secret, 'hex')
      const items = message.notificationItems.map(
        (one: { NotificationRequestItem: AdyenItem }) => one.NotificationRequestItem,
      ) as AdyenItem[]
      for (const [i, item] of items.entries()) {
        const mac = hmac('sha256', key, adyenFields(item))
        const last = i === items.length - 1
        item.additionalData.hmacSignature = (last ? seal(mac) : mac).toString('base64')
      }
      return { headers: [], body: Buffer.from(JSON.stringify(message)) }
    },
  },
  'dropbox-sign': {
    secret: ANY,
    compose: (text, now) =>
      JSON.stringify({
        event: { event_time: clock(now, 's'), event_type: 'signature_request_sent' },
        signature_request: { title: text },
      }),
    sign: ({ body, secret, seal }) => {
      const message = JSON.parse(body.toString())
      const { event_time: time, event_type: type } = message.event
      message.event.event_hash = seal(hmac('sha256', secret, time, type)).toString('hex')
      const boundary = '------------------------d74496d66958873e'
      const part = `Content-Disposition: form-data; name="json"\r\n\r\n${JSON.stringify(message)}`
      return {
        headers: [['Content-Type', `multipart/form-data; boundary=${boundary}`]],
        body: Buffer.from(`--${boundary}\r\n${part}\r\n--${boundary}--\r\n`),
      }
    },
  },
  mailgun: {
    secret: ANY,
    compose: (text, now) =>
      JSON.stringify({
        signature: { timestamp: clock(now, 's'), token: 'a8ce0edb2dd8301dee6c2405235584e45aa' },
        'event-data': { text },
      }),
    sign: ({ body, secret, seal }) => {
      const message = JSON.parse(body.toString())
      const { timestamp, token } = message.signature
      message.signature.signature = seal(hmac('sha256', secret, timestamp, token)).toString('hex')
      return { headers: [], body: Buffer.from(JSON.stringify(message)) }
    },
  },
  braintree: {
    secret: ANY,
    values: { key_id: 'public_key_1' },
    compose: text => new URLSearchParams({ bt_payload: `${text}\n` }).toString(),
    sign: ({ body, secret, values, seal }) => {
      const fields = new URLSearchParams(body.toString())
      const key = createHash('sha1').update(secret).digest()
      const mac = seal(hmac('sha1', key, fields.get('bt_payload') ?? '')).toString('hex')
      fields.set('bt_signature', `another_key|${'0'.repeat(40)}&${values.key_id}|${mac}`)
      return { headers: [], body: Buffer.from(fields.toString()) }
    },
  },
  opennode: {
    secret: ANY,
    compose: text => new URLSearchParams({ id: `charge-${text}`, status: 'paid' }).toString(),
    sign: ({ body, secret, seal }) => {
      const fields = new URLSearchParams(body.toString())
      fields.set(
        'hashed_order',
        seal(hmac('sha256', secret, fields.get('id') ?? '')).toString('hex'),
      )
      return { headers: [], body: Buffer.from(fields.toString()) }
    },
  },
}
