import { createSecretKey } from 'node:crypto'
import { load } from './package.ts'

/** A delivery that an independent signer of `test/signers` made. */
interface Delivery {
  readonly body: string
  readonly secret: string
  readonly publicKey: string
  /** What is called, whole. */
  readonly url: string
  /** Wall clock, milliseconds since 1970. */
  readonly now: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
}

/** A provider's SDK that can only verify. */
interface Verifying {
  /** Its package on npm. */
  readonly sdk: string
  readonly preset: string
  /** Whether the SDK takes it. Some throw what they refuse, which counts as a no. */
  readonly accepts: (delivery: Delivery) => Promise<unknown>
}

/** One row for each SDK that signs nothing: what it accepts must be what the proxy accepts. */
export const VERIFYING: readonly Verifying[] = [
  {
    sdk: '@slack/bolt',
    preset: 'slack',
    async accepts({ body, secret, now, headers }) {
      const { default: bolt } = await load('@slack/bolt')
      const signingSecret = secret
      return bolt.isValidSlackRequest({ signingSecret, body, headers, nowMilliseconds: now })
    },
  },
  {
    sdk: 'square',
    preset: 'square',
    async accepts({ body, secret, url, headers }) {
      const { WebhooksHelper } = await load('square')
      return WebhooksHelper.verifySignature({
        requestBody: body,
        signatureHeader: headers['x-square-hmacsha256-signature'],
        signatureKey: secret,
        notificationUrl: url,
      })
    },
  },
  {
    sdk: '@line/bot-sdk',
    preset: 'line',
    async accepts({ body, secret, headers }) {
      const { validateSignature } = await load('@line/bot-sdk')
      return validateSignature(body, secret, headers['x-line-signature'])
    },
  },
  {
    sdk: 'razorpay',
    preset: 'razorpay',
    async accepts({ body, secret, headers }) {
      const { default: Razorpay } = await load('razorpay')
      return Razorpay.validateWebhookSignature(body, headers['x-razorpay-signature'], secret)
    },
  },
  {
    sdk: '@mux/mux-node',
    preset: 'mux',
    async accepts({ body, secret, headers }) {
      const { default: Mux } = await load('@mux/mux-node')
      const { webhooks } = new Mux({ tokenId: 'id', tokenSecret: 'secret' })
      await webhooks.verifySignature(body, headers, secret)
      return true
    },
  },
  {
    sdk: 'discord-interactions',
    preset: 'discord',
    async accepts({ body, publicKey, headers }) {
      const { verifyKey } = await load('discord-interactions')
      const signature = headers['x-signature-ed25519']
      return verifyKey(body, signature, headers['x-signature-timestamp'], publicKey)
    },
  },
  {
    sdk: '@sendgrid/eventwebhook',
    preset: 'sendgrid',
    async accepts({ body, publicKey, headers }) {
      const { EventWebhook, EventWebhookHeader } = await load('@sendgrid/eventwebhook')
      const sdk = new EventWebhook()
      const [signature, time] = [EventWebhookHeader.SIGNATURE(), EventWebhookHeader.TIMESTAMP()]
      return sdk.verifySignature(
        sdk.convertPublicKeyToECDSA(publicKey),
        body,
        headers[signature.toLowerCase()],
        headers[time.toLowerCase()],
      )
    },
  },
  {
    sdk: '@upstash/qstash',
    preset: 'qstash',
    async accepts({ body, secret, url, headers }) {
      const { Receiver } = await load('@upstash/qstash')
      const receiver = new Receiver({ currentSigningKey: secret, nextSigningKey: secret })
      return receiver.verify({ signature: headers['upstash-signature'], body, url })
    },
  },
  {
    sdk: 'messagebird',
    preset: 'messagebird',
    async accepts({ body, secret, url, headers }) {
      const { default: jwt } = await load('messagebird/lib/webhook-signature-jwt.js')
      const key = createSecretKey(Buffer.from(secret))
      return jwt.verify(url, Buffer.from(body), headers['messagebird-signature-jwt'], key)
    },
  },
]
