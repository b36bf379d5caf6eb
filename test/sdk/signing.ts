import { generateKeyPairSync, hash } from 'node:crypto'
import { load } from './package.ts'

/** What an SDK is asked to sign. */
interface Unsigned {
  readonly body: string
  readonly secret: string
  /** What is called, whole. */
  readonly url: string
  /** Wall clock, milliseconds since 1970. */
  readonly now: number
}

type Headers = readonly (readonly [name: string, value: string])[]

/** A provider's SDK that can sign as the provider does. */
export interface Signing {
  /** Its package on npm. */
  readonly sdk: string
  readonly preset: string
  /** Of the form that the provider hands out. */
  readonly secret: string
  /** Further keys of the provider's entry. */
  readonly values?: Readonly<Record<string, string>>
  /** JSON unless said. */
  readonly form?: true
  /** Signs with the SDK alone; `url` where the signature needs another, `body` where it stands in it. */
  readonly sign: (unsigned: Unsigned) => Promise<{ headers: Headers; url?: string; body?: string }>
}

const SECRET = 'a-secret-of-thirty-two-characters'
const WHSEC = `whsec_${Buffer.alloc(32, 'k').toString('base64')}`
/** The part of the package that signs. */
const TWILIO = 'twilio/lib/webhooks/webhooks.js'
const seconds = (now: number) => Math.floor(now / 1000)

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-521' })
const TRUELAYER_KEYS = {
  keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES512', use: 'sig' }],
}

/** One row for each SDK with a signing helper. */
export const SIGNING: readonly Signing[] = [
  {
    sdk: 'stripe',
    preset: 'stripe',
    secret: 'whsec_stripe-secret-of-32-characters',
    async sign({ body, secret, now }) {
      const { default: Stripe } = await load('stripe')
      const made = { payload: body, secret, timestamp: seconds(now) }
      const header = new Stripe('sk_test').webhooks.generateTestHeaderString(made)
      return { headers: [['Stripe-Signature', header]] }
    },
  },
  {
    sdk: '@octokit/webhooks-methods',
    preset: 'github',
    secret: SECRET,
    async sign({ body, secret }) {
      const { sign } = await load('@octokit/webhooks-methods')
      return { headers: [['X-Hub-Signature-256', await sign(secret, body)]] }
    },
  },
  {
    sdk: 'twilio',
    preset: 'twilio',
    secret: SECRET,
    form: true,
    async sign({ body, secret, url }) {
      const { getExpectedTwilioSignature } = await load(TWILIO)
      const fields = Object.fromEntries(new URLSearchParams(body))
      return { headers: [['X-Twilio-Signature', getExpectedTwilioSignature(secret, url, fields)]] }
    },
  },
  {
    sdk: 'twilio',
    preset: 'twilio-json',
    secret: SECRET,
    async sign({ body, secret, url }) {
      const webhooks = await load(TWILIO)
      const called = `${url}?bodySHA256=${webhooks.getExpectedBodyHash(body)}`
      const signature = webhooks.getExpectedTwilioSignature(secret, called, {})
      return { headers: [['X-Twilio-Signature', signature]], url: called }
    },
  },
  {
    sdk: 'svix',
    preset: 'svix',
    secret: WHSEC,
    async sign({ body, secret, now }) {
      const { Webhook } = await load('svix')
      return { headers: standard('svix', new Webhook(secret), body, now) }
    },
  },
  {
    sdk: 'standardwebhooks',
    preset: 'standard-webhooks',
    secret: WHSEC,
    async sign({ body, secret, now }) {
      const { Webhook } = await load('standardwebhooks')
      return { headers: standard('webhook', new Webhook(secret), body, now) }
    },
  },
  {
    sdk: '@sanity/webhook',
    preset: 'sanity',
    secret: SECRET,
    async sign({ body, secret, now }) {
      const { SIGNATURE_HEADER_NAME, encodeSignatureHeader } = await load('@sanity/webhook')
      return { headers: [[SIGNATURE_HEADER_NAME, await encodeSignatureHeader(body, now, secret)]] }
    },
  },
  {
    sdk: '@workos-inc/node',
    preset: 'workos',
    secret: SECRET,
    async sign({ body, secret, now }) {
      const { WorkOS } = await load('@workos-inc/node')
      const signature = await new WorkOS('sk_test').webhooks.computeSignature(now, body, secret)
      return { headers: [['WorkOS-Signature', `t=${now}, v1=${signature}`]] }
    },
  },
  {
    sdk: '@contentful/node-apps-toolkit',
    preset: 'contentful',
    secret: 'c'.repeat(64),
    async sign({ body, secret, url, now }) {
      const { signRequest } = await load('@contentful/node-apps-toolkit')
      const topic = { 'x-contentful-topic': 'ContentManagement.Entry.save' }
      const request = { method: 'POST', path: new URL(url).pathname, headers: topic, body }
      const signed: Record<string, string> = signRequest(secret, request, now)
      return { headers: Object.entries({ ...topic, ...signed }) }
    },
  },
  {
    sdk: 'livekit-server-sdk',
    preset: 'livekit',
    secret: SECRET,
    values: { key_id: 'APIKEY1' },
    async sign({ body, secret }) {
      const { AccessToken } = await load('livekit-server-sdk')
      const token = new AccessToken('APIKEY1', secret, { ttl: 300 })
      token.sha256 = hash('sha256', body, 'base64')
      return { headers: [['Authorization', await token.toJwt()]] }
    },
  },
  {
    sdk: 'truelayer-signing',
    preset: 'truelayer',
    secret: '',
    values: { jwks: JSON.stringify(TRUELAYER_KEYS) },
    async sign({ body, url, now }) {
      const { sign } = await load('truelayer-signing')
      const time = { 'X-Tl-Webhook-Timestamp': new Date(now).toISOString() }
      const signature = sign({
        kid: 'k1',
        method: 'POST',
        path: new URL(url).pathname,
        headers: time,
        body,
        privateKeyPem: String(privateKey.export({ format: 'pem', type: 'sec1' })),
      })
      return { headers: [...Object.entries(time), ['Tl-Signature', signature]] }
    },
  },
  {
    sdk: '@hubspot/api-client',
    preset: 'hubspot-v3',
    secret: SECRET,
    async sign({ body, secret, url, now }) {
      const { Signature } = await load('@hubspot/api-client')
      const signed = { clientSecret: secret, requestBody: body, url, timestamp: now }
      const signature = Signature.getSignature('POST', 'v3', signed)
      return {
        headers: [
          ['X-HubSpot-Signature-v3', signature],
          ['X-HubSpot-Request-Timestamp', String(now)],
        ],
      }
    },
  },
  {
    sdk: 'cloudinary',
    preset: 'cloudinary',
    secret: SECRET,
    async sign({ body, secret, now }) {
      const { v2: cloudinary } = await load('cloudinary')
      const time = seconds(now)
      const signature = cloudinary.utils.webhook_signature(body, time, { api_secret: secret })
      return {
        headers: [
          ['X-Cld-Signature', signature],
          ['X-Cld-Timestamp', String(time)],
        ],
      }
    },
  },
  {
    sdk: 'pusher',
    preset: 'pusher',
    secret: SECRET,
    values: { key_id: 'app-key' },
    async sign({ body, secret }) {
      const { default: Pusher } = await load('pusher')
      const signature = new Pusher.Token('app-key', secret).sign(body)
      return {
        headers: [
          ['X-Pusher-Key', 'app-key'],
          ['X-Pusher-Signature', signature],
        ],
      }
    },
  },
  {
    sdk: 'braintree',
    preset: 'braintree',
    secret: SECRET,
    values: { key_id: 'public-key' },
    form: true,
    async sign({ secret }) {
      const { default: braintree } = await load('braintree')
      const gateway = new braintree.BraintreeGateway({
        environment: braintree.Environment.Sandbox,
        merchantId: 'merchant',
        publicKey: 'public-key',
        privateKey: secret,
      })
      const sample = gateway.webhookTesting.sampleNotification('subscription_canceled', 'sub_1')
      return { headers: [], body: new URLSearchParams(sample).toString() }
    },
  },
  {
    sdk: '@adyen/api-library',
    preset: 'adyen',
    secret: '44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056',
    async sign({ secret }) {
      const { hmacValidator } = await load('@adyen/api-library')
      const item = {
        pspReference: 'psp_1',
        originalReference: '',
        merchantAccountCode: 'Merchant',
        merchantReference: 'paid',
        amount: { value: 1130, currency: 'EUR' },
        eventCode: 'AUTHORISATION',
        success: 'true',
      }
      const hmacSignature = new hmacValidator().calculateHmac(item, secret)
      const signed = { ...item, additionalData: { hmacSignature } }
      const notificationItems = [{ NotificationRequestItem: signed }]
      return { headers: [], body: JSON.stringify({ live: 'false', notificationItems }) }
    },
  },
]

/** The three headers of Standard Webhooks, which other senders call by other names. */
function standard(
  prefix: string,
  webhook: { sign(id: string, time: Date, body: string): string },
  body: string,
  now: number,
): Headers {
  return [
    [`${prefix}-id`, 'msg_1'],
    [`${prefix}-timestamp`, String(seconds(now))],
    [`${prefix}-signature`, webhook.sign('msg_1', new Date(now), body)],
  ]
}
