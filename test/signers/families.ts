import { constants, createHash, createHmac, type KeyObject, sign } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** What a sender signs, by name; `time` is in seconds since 1970. */
export type Signed = Readonly<Record<string, string>>

/** One request. */
export interface Delivery {
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
  readonly target?: string
}

/**
 * How the senders of one family sign, written from the page of one of them. A proof is made of what is signed and put
 * beside it, so that a test can change what is signed and keep the proof.
 */
export interface Family {
  /** A scheme of the collection. */
  readonly scheme: string
  /** What is signed and may be any text, beside `time` where the sender signs one. */
  readonly texts: readonly string[]
  readonly timed: boolean
  prove(signed: Signed, secret: string, key: KeyObject): string
  compose(signed: Signed, proof: string): Delivery
}

const URL = 'https://hooks.example.com'
const at = ({ time }: Signed) => time ?? ''
const millis = (signed: Signed) => `${at(signed)}000`
const iso = (signed: Signed) => new Date(Number(at(signed)) * 1000).toISOString()
const hash = (name: string, text: string) => createHash(name).update(text)
const mac = (name: string, key: string | Buffer, text: string) => createHmac(name, key).update(text)
const escaped = (text: string | undefined) => encodeURIComponent(text ?? '')

/** A JWT in compact form. @see RFC 7515, 7.1 */
function jwt(header: object, payload: object, signature: (input: string) => Buffer): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const input = `${part(header)}.${part(payload)}`
  return `${input}.${signature(input).toString('base64url')}`
}

/** @see "Handle V2 webhooks", Box Developer Documentation */
const box: Family = {
  scheme: 'box',
  texts: ['body'],
  timed: true,
  prove: (signed, secret) => mac('sha256', secret, signed.body + iso(signed)).digest('base64'),
  compose: (signed, proof) => ({
    headers: [
      ['BOX-DELIVERY-TIMESTAMP', iso(signed)],
      ['BOX-SIGNATURE-SECONDARY', proof],
    ],
    body: signed.body ?? '',
  }),
}

/** @see "Verifying notification signatures", Cloudinary documentation */
const cloudinary: Family = {
  scheme: 'cloudinary',
  texts: ['body'],
  timed: true,
  prove: (signed, secret) => hash('sha1', signed.body + at(signed) + secret).digest('hex'),
  compose: (signed, proof) => ({
    headers: [
      ['X-Cld-Timestamp', at(signed)],
      ['X-Cld-Signature', proof],
    ],
    body: signed.body ?? '',
  }),
}

/** @see "Event subscription guide", Lark Developer Documentation */
const lark: Family = {
  scheme: 'lark',
  texts: ['nonce', 'body'],
  timed: true,
  prove: (signed, secret) =>
    hash('sha256', `${at(signed)}${escaped(signed.nonce)}n${secret}${signed.body}`).digest('hex'),
  compose: (signed, proof) => ({
    headers: [
      ['X-Lark-Request-Timestamp', at(signed)],
      ['X-Lark-Request-Nonce', `${escaped(signed.nonce)}n`],
      ['X-Lark-Signature', proof],
    ],
    body: signed.body ?? '',
  }),
}

/** @see "Validating requests are coming from Twilio", Twilio Docs */
const twilio: Family = {
  scheme: 'twilio',
  texts: ['query', 'From', 'Body'],
  timed: false,
  prove: ({ query, From, Body }, secret) =>
    mac('sha1', secret, `${URL}/in/x?q=${escaped(query)}Body${Body}From${From}`).digest('base64'),
  compose: ({ query, From, Body }, proof) => ({
    headers: [['X-Twilio-Signature', proof]],
    target: `/in/x?q=${escaped(query)}`,
    body: `From=${escaped(From)}&Body=${escaped(Body).replaceAll('%20', '+')}`,
  }),
}

/** The digest of the body is signed by way of the URL. @see the same page, "Validation with JSON" */
const twilioJson: Family = {
  scheme: 'twilio-json',
  texts: ['body', 'of'],
  timed: false,
  prove: ({ of = '' }, secret) =>
    mac('sha1', secret, `${URL}/in/x?bodySHA256=${hash('sha256', of).digest('hex')}`).digest(
      'base64',
    ),
  compose: ({ of = '', body = '' }, proof) => ({
    headers: [['X-Twilio-Signature', proof]],
    target: `/in/x?bodySHA256=${hash('sha256', of).digest('hex')}`,
    body,
  }),
}

/** @see "Callback request signing", Sinch developer documentation */
const sinchVoice: Family = {
  scheme: 'sinch-voice',
  texts: ['body'],
  timed: true,
  prove: (signed, secret) => {
    const digest = hash('md5', signed.body ?? '').digest('base64')
    const text = `POST\n${digest}\napplication/json\nx-timestamp:${iso(signed)}\n/in/x`
    return mac('sha256', Buffer.from(secret, 'base64'), text).digest('base64')
  },
  compose: (signed, proof) => ({
    headers: [
      ['Content-Type', 'application/json'],
      ['x-timestamp', iso(signed)],
      ['Authorization', `application key-1:${proof}`],
    ],
    body: signed.body ?? '',
  }),
}

/** @see "Request Verification", Contentful Docs */
const contentful: Family = {
  scheme: 'contentful',
  texts: ['topic', 'body'],
  timed: true,
  prove: (signed, secret) => {
    const names = 'x-contentful-signed-headers,x-contentful-timestamp,x-contentful-topic'
    const topic = `t${escaped(signed.topic)}`
    const headers = `x-contentful-signed-headers:${names};x-contentful-timestamp:${millis(signed)};x-contentful-topic:${topic}`
    return mac('sha256', secret, `POST\n/in/x\n${headers}\n${signed.body}`).digest('hex')
  },
  compose: (signed, proof) => ({
    headers: [
      ['X-Contentful-Topic', `t${escaped(signed.topic)}`],
      ['X-Contentful-Timestamp', millis(signed)],
      [
        'X-Contentful-Signed-Headers',
        'x-contentful-signed-headers,x-contentful-timestamp,x-contentful-topic',
      ],
      ['X-Contentful-Signature', proof],
    ],
    body: signed.body ?? '',
  }),
}

/** @see "Verifying HTTP Requests", MessageBird API reference */
const messagebirdLegacy: Family = {
  scheme: 'messagebird-legacy',
  texts: ['status', 'body'],
  timed: true,
  prove: (signed, secret) => {
    const head = `${at(signed)}\nid=7&status=${escaped(signed.status)}\n`
    const digest = hash('sha256', signed.body ?? '').digest()
    return createHmac('sha256', secret).update(head).update(digest).digest('base64')
  },
  compose: (signed, proof) => ({
    headers: [
      ['messagebird-request-timestamp', at(signed)],
      ['messagebird-signature', proof],
    ],
    target: `/in/x?status=${escaped(signed.status)}&id=7`,
    body: signed.body ?? '',
  }),
}

/** The time is a field of the signed body. @see "Webhooks", Linear Developers */
const linear: Family = {
  scheme: 'linear',
  texts: ['action'],
  timed: true,
  prove: (signed, secret) => mac('sha256', secret, linearBody(signed)).digest('hex'),
  compose: (signed, proof) => ({
    headers: [['Linear-Signature', proof]],
    body: linearBody(signed),
  }),
}
const linearBody = (signed: Signed) =>
  JSON.stringify({ action: signed.action, webhookTimestamp: Number(millis(signed)) })

/** @see "Securing webhooks", Mailgun documentation */
const mailgun: Family = {
  scheme: 'mailgun',
  texts: ['token'],
  timed: true,
  prove: (signed, secret) => mac('sha256', secret, `${at(signed)}${signed.token}`).digest('hex'),
  compose: (signed, proof) => ({
    headers: [],
    body: JSON.stringify({
      signature: { timestamp: at(signed), token: signed.token, signature: proof },
      'event-data': { event: 'opened' },
    }),
  }),
}

/** @see "Verify HMAC signatures", Adyen Docs */
const adyen: Family = {
  scheme: 'adyen',
  texts: ['pspReference', 'merchantReference'],
  timed: false,
  prove: ({ pspReference, merchantReference }, secret) => {
    const fields = [
      pspReference,
      '',
      'Account',
      merchantReference,
      '1130',
      'EUR',
      'CAPTURE',
      'true',
    ]
    return mac('sha256', Buffer.from(secret, 'hex'), fields.join(':')).digest('base64')
  },
  compose: ({ pspReference, merchantReference }, hmacSignature) => ({
    headers: [],
    body: JSON.stringify({
      live: 'false',
      notificationItems: [
        {
          NotificationRequestItem: {
            additionalData: { hmacSignature },
            amount: { currency: 'EUR', value: 1130 },
            eventCode: 'CAPTURE',
            merchantAccountCode: 'Account',
            merchantReference,
            pspReference,
            success: 'true',
          },
        },
      ],
    }),
  }),
}

/** @see "Parse", Braintree developer documentation */
const braintree: Family = {
  scheme: 'braintree',
  texts: ['payload'],
  timed: false,
  prove: ({ payload }, secret) =>
    mac('sha1', createHash('sha1').update(secret).digest(), `p${payload}`).digest('hex'),
  compose: ({ payload }, proof) => ({
    headers: [],
    body: `bt_signature=${escaped(`other|${'0'.repeat(40)}&key-1|${proof}`)}&bt_payload=p${escaped(payload)}`,
  }),
}

/** @see "Validating security request headers", Discord Developer Documentation */
const discord: Family = {
  scheme: 'discord',
  texts: ['body'],
  timed: true,
  prove: (signed, _, key) => sign(null, Buffer.from(at(signed) + signed.body), key).toString('hex'),
  compose: (signed, proof) => ({
    headers: [
      ['X-Signature-Timestamp', at(signed)],
      ['X-Signature-Ed25519', proof],
    ],
    body: signed.body ?? '',
  }),
}

/** @see "Event Webhook security features", Twilio SendGrid Docs */
const sendgrid: Family = {
  scheme: 'sendgrid',
  texts: ['body'],
  timed: true,
  prove: (signed, _, key) =>
    sign('sha256', Buffer.from(at(signed) + signed.body), key).toString('base64'),
  compose: (signed, proof) => ({
    headers: [
      ['X-Twilio-Email-Event-Webhook-Timestamp', at(signed)],
      ['X-Twilio-Email-Event-Webhook-Signature', proof],
    ],
    body: signed.body ?? '',
  }),
}

/** @see "Verifying signatures", WeChat Pay documentation */
const wechatPay: Family = {
  scheme: 'wechat-pay',
  texts: ['nonce', 'body'],
  timed: true,
  prove: (signed, _, key) => {
    const text = `${at(signed)}\nn${escaped(signed.nonce)}\n${signed.body}\n`
    return sign('sha256', Buffer.from(text), key).toString('base64')
  },
  compose: (signed, proof) => ({
    headers: [
      ['Wechatpay-Timestamp', at(signed)],
      ['Wechatpay-Nonce', `n${escaped(signed.nonce)}`],
      ['Wechatpay-Signature', proof],
    ],
    body: signed.body ?? '',
  }),
}

/** @see "Webhooks", Utila API reference */
const utila: Family = {
  scheme: 'utila',
  texts: ['body'],
  timed: false,
  prove: ({ body = '' }, _, key) => {
    const padding = constants.RSA_PKCS1_PSS_PADDING
    return sign('sha512', Buffer.from(body), { key, padding, saltLength: 64 }).toString('base64')
  },
  compose: ({ body = '' }, proof) => ({ headers: [['x-utila-signature', proof]], body }),
}

/** @see "Integrate webhooks", PayPal Developer */
const paypal: Family = {
  scheme: 'paypal',
  texts: ['id', 'body'],
  timed: true,
  prove: (signed, _, key) => {
    const sum = crc32(signed.body ?? '')
    const text = `i${escaped(signed.id)}|${iso(signed)}|webhook-1|${sum}`
    return sign('sha256', Buffer.from(text), key).toString('base64')
  },
  compose: (signed, proof) => ({
    headers: [
      ['Paypal-Transmission-Id', `i${escaped(signed.id)}`],
      ['Paypal-Transmission-Time', iso(signed)],
      ['Paypal-Cert-Url', 'https://api.paypal.com/cert-1'],
      ['Paypal-Transmission-Sig', proof],
    ],
    body: signed.body ?? '',
  }),
}

/** @see "Verifying the signatures of Amazon SNS messages", Amazon SNS Developer Guide */
const awsSns: Family = {
  scheme: 'aws-sns',
  texts: ['Message', 'MessageId', 'Subject'],
  timed: false,
  prove: ({ Message, MessageId, Subject }, _, key) => {
    const subject = Subject === '' ? '' : `Subject\n${Subject}\n`
    const text = `Message\n${Message}\nMessageId\n${MessageId}\n${subject}Timestamp\n2026-01-01T00:00:00.000Z\nTopicArn\narn:aws:sns:eu-west-1:123456789012:t\nType\nNotification\n`
    return sign('sha256', Buffer.from(text), key).toString('base64')
  },
  compose: ({ Message, MessageId, Subject }, Signature) => ({
    headers: [],
    body: JSON.stringify({
      Type: 'Notification',
      MessageId,
      TopicArn: 'arn:aws:sns:eu-west-1:123456789012:t',
      ...(Subject === '' ? {} : { Subject }),
      Message,
      Timestamp: '2026-01-01T00:00:00.000Z',
      SignatureVersion: '2',
      Signature,
      SigningCertURL: 'https://api.paypal.com/cert-1',
    }),
  }),
}

/** @see "Verifying HTTP Requests", "Signature-JWT", MessageBird API reference */
const messagebird: Family = {
  scheme: 'messagebird',
  texts: ['query', 'body'],
  timed: false,
  prove: ({ query, body = '' }, secret) => {
    const claims = {
      iss: 'MessageBird',
      url_hash: hash('sha256', `${URL}/in/x?q=${escaped(query)}`).digest('hex'),
      ...(body === '' ? {} : { payload_hash: hash('sha256', body).digest('hex') }),
    }
    const header = { alg: 'HS256', typ: 'JWT' }
    return jwt(header, claims, input => mac('sha256', secret, input).digest())
  },
  compose: ({ query, body = '' }, proof) => ({
    headers: [['MessageBird-Signature-JWT', proof]],
    target: `/in/x?q=${escaped(query)}`,
    body,
  }),
}

/** @see "Webhook verification", Plaid Docs */
const plaid: Family = {
  scheme: 'plaid',
  texts: ['body'],
  timed: true,
  prove: (signed, _, key) => {
    const claims = {
      iat: Number(at(signed)),
      request_body_sha256: hash('sha256', signed.body ?? '').digest('hex'),
    }
    return jwt({ alg: 'ES256', kid: 'key-1' }, claims, input =>
      sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }),
    )
  },
  compose: ({ body = '' }, proof) => ({ headers: [['Plaid-Verification', proof]], body }),
}

/** The body is the token. @see "Verify requests received from Wix", Wix developer documentation */
const wix: Family = {
  scheme: 'wix',
  texts: [],
  timed: false,
  prove: (_signed, _secret, key) =>
    jwt({ alg: 'RS256' }, { data: '{}' }, input => sign('sha256', Buffer.from(input), key)),
  compose: (_, body) => ({ headers: [], body }),
}

/** @see "Shared secret", Cisco Meraki webhooks */
const meraki: Family = {
  scheme: 'meraki',
  texts: [],
  timed: false,
  prove: (_, secret) => secret,
  compose: (_, sharedSecret) => ({ headers: [], body: JSON.stringify({ sharedSecret, alert: 1 }) }),
}

/** @see "Webhook settings", Chargebee Docs */
const chargebee: Family = {
  scheme: 'chargebee',
  texts: [],
  timed: false,
  prove: (_, secret) => Buffer.from(`user-1:${secret}`).toString('base64'),
  compose: (_, proof) => ({ headers: [['Authorization', `Basic ${proof}`]], body: '{}' }),
}

export const FAMILIES: readonly Family[] = [
  ...[box, cloudinary, lark, twilio, twilioJson, sinchVoice, contentful, messagebirdLegacy],
  ...[linear, mailgun, adyen, braintree, discord, sendgrid, wechatPay, utila, paypal, awsSns],
  ...[messagebird, plaid, wix, meraki, chargebee],
]
