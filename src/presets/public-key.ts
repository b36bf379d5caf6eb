import type { Preset } from './preset.ts'

/** How Amazon SNS asks whether a subscription is wanted. */
const CONFIRMATION: Preset['handshake'] = [
  { kind: 'confirm-body', where: { Type: 'SubscriptionConfirmation' }, value: 'SubscribeURL' },
]
const FETCHED = [
  '`public_key` is the certificate at `cert_url`; Amazon renews it, and then both change. With `cert_url: fetch` and no `public_key`, Hookwarden fetches the certificate that a message names, from `sns.<region of topic_arn>.amazonaws.com` alone, and remembers it for at most a day. Port 443 of that host has to be reachable.',
  'A confirmation that Hookwarden does not answer is forwarded like any message. It can be confirmed by API: `ConfirmSubscription` with its `Token`.',
] as const

/** Senders that sign with a private key of theirs. */
export const PUBLIC_KEY = {
  'aws-sns': {
    title: 'Amazon SNS',
    scheme: {
      alg: 'rsa-sha256',
      from: 'json:Signature',
      encoding: 'base64',
      sign: '{sns}',
      require: [
        ['{json:SigningCertURL}', '{cert_url}'],
        ['{json:TopicArn}', '{topic_arn}'],
      ],
    },
    page: {
      url: 'https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message-verify-message-signature.html',
    },
    evidence: 'sdk',
    read: 'sns-validator 0.3.5',
    deliveryId: 'json:MessageId',
    challenge:
      '`SubscriptionConfirmation`, a signed POST: its `SubscribeURL` has to be called once',
    handshake: CONFIRMATION,
    caveats: ['Set `SignatureVersion` of the topic to 2; version 1 is `aws-sns-v1`.', ...FETCHED],
  },
  'aws-sns-v1': {
    title: 'Amazon SNS, version 1',
    scheme: {
      alg: 'rsa-sha1',
      from: 'json:Signature',
      encoding: 'base64',
      sign: '{sns}',
      require: [
        ['{json:SigningCertURL}', '{cert_url}'],
        ['{json:TopicArn}', '{topic_arn}'],
      ],
    },
    page: {
      url: 'https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message-verify-message-signature.html',
    },
    evidence: 'sdk',
    read: 'sns-validator 0.3.5',
    deliveryId: 'json:MessageId',
    challenge:
      '`SubscriptionConfirmation`, a signed POST: its `SubscribeURL` has to be called once',
    handshake: CONFIRMATION,
    caveats: [
      'RSA with SHA-1: set `SignatureVersion` of the topic to 2 and use `aws-sns`.',
      ...FETCHED,
    ],
  },
  circle: {
    title: 'Circle',
    scheme: {
      alg: 'ecdsa-p256-sha256',
      from: 'header:X-Circle-Signature',
      key_format: 'base64',
      encoding: 'base64',
      sign: '{body}',
    },
    page: { url: 'https://developers.circle.com/api-reference/verify-webhook-signatures' },
    evidence: 'docs',
    challenge: 'a HEAD, answered with 200',
    handshake: [{ kind: 'status', method: 'HEAD' }],
    failure: {
      does: 'CPN repeats up to 11 times in production, after 1 second at first and 11 hours at last; 6 times in testing.',
      url: 'https://developers.circle.com/cpn/references/webhook-retries',
    },
    caveats: [
      'The public key is fetched by API, by the key id of the subscription.',
      'Published addresses (CPN): 35.169.154.32, 3.90.127.28, 3.230.111.7, 54.88.227.75 (`allow_ips`).',
    ],
  },
  discord: {
    title: 'Discord',
    scheme: {
      alg: 'ed25519',
      from: 'header:X-Signature-Ed25519',
      key_format: 'hex',
      sign: '{header:X-Signature-Timestamp}{body}',
      timestamp: { from: '{header:X-Signature-Timestamp}', unit: 's', tolerance: '300s' },
    },
    page: { url: 'https://docs.discord.com/developers/interactions/overview' },
    evidence: 'sdk',
    read: 'discord-interactions 4.4.0',
    timeout: 3_000,
    setup:
      'Developer Portal > the application > General Information > Public Key; Webhooks or Interactions Endpoint URL',
    challenge: 'a signed PING, and badly signed requests at any time, which must be 401',
    handshake: [
      {
        kind: 'fixed-body',
        where: { type: '1' },
        without: 'event',
        status: 200,
        body: '{"type":1}',
      },
      { kind: 'fixed-body', where: { type: '0' }, without: 'event', status: 204, body: '' },
    ],
  },
  fal: {
    title: 'fal.ai',
    scheme: {
      alg: 'ed25519',
      from: 'header:x-fal-webhook-signature',
      key_format: 'base64url',
      sign: '{header:x-fal-webhook-request-id}\\n{header:x-fal-webhook-user-id}\\n{header:x-fal-webhook-timestamp}\\n{body|sha256|hex}',
      timestamp: { from: '{header:x-fal-webhook-timestamp}', unit: 's', tolerance: '300s' },
    },
    page: { url: 'https://docs.fal.ai/model-endpoints/webhooks' },
    evidence: 'source',
    deliveryId: 'header:x-fal-webhook-request-id',
    caveats: ['`public_key` is `x` of a key in their JWKS; they may change it.'],
  },
  fireblocks: {
    title: 'Fireblocks',
    scheme: {
      alg: 'rsa-sha512',
      from: 'header:Fireblocks-Signature',
      encoding: 'base64',
      sign: '{body}',
    },
    page: { url: 'https://developers.fireblocks.com/reference/validating-webhooks' },
    evidence: 'secondhand',
    caveats: ['Version 2 (`Fireblocks-Webhook-Signature`) is a detached JWS and is not covered.'],
  },
  'integrated-finance': {
    title: 'Integrated Finance',
    scheme: {
      alg: 'ed25519',
      from: 'header:X-Webhook-Signature',
      encoding: 'base64',
      sign: '{body|sha512|base64}|{header:X-Webhook-Event-Id}|{header:X-Webhook-Event-Timestamp}|{header:X-Webhook-Request-Id}|{header:X-Webhook-Request-Timestamp}|{header:X-Webhook-Key-Version}',
      timestamp: { from: '{header:X-Webhook-Request-Timestamp}', unit: 'iso', tolerance: '300s' },
    },
    page: { url: 'https://developer.integrated.finance/docs/webhook-authentication' },
    evidence: 'docs',
    deliveryId: 'header:X-Webhook-Event-Id',
    caveats: [
      'The digest in `X-Webhook-Content-Digest` is not trusted: it is computed from the body.',
    ],
  },
  paypal: {
    title: 'PayPal',
    scheme: {
      alg: 'rsa-sha256',
      from: 'header:paypal-transmission-sig',
      encoding: 'base64',
      sign: '{header:paypal-transmission-id}|{header:paypal-transmission-time}|{webhook_id}|{body|crc32}',
      timestamp: { from: '{header:paypal-transmission-time}', unit: 'iso', tolerance: '300s' },
      require: [['{header:paypal-cert-url}', '{cert_url}']],
    },
    page: { url: 'https://developer.paypal.com/api/rest/webhooks/rest/' },
    evidence: 'secondhand',
    deliveryId: 'header:paypal-transmission-id',
    setup:
      'Developer Dashboard > Apps & Credentials > the app > Webhooks; the id of the webhook is `webhook_id`',
    caveats: [
      'The body is covered by a CRC32, which is no protection by itself: a forger could find another body with the same sum. Fetch what matters from their API.',
      '`public_key` is the key of the certificate at `cert_url`.',
    ],
  },
  sendgrid: {
    title: 'SendGrid',
    scheme: {
      alg: 'ecdsa-p256-sha256',
      from: 'header:X-Twilio-Email-Event-Webhook-Signature',
      key_format: 'base64',
      encoding: 'base64',
      sign: '{header:X-Twilio-Email-Event-Webhook-Timestamp}{body}',
      timestamp: {
        from: '{header:X-Twilio-Email-Event-Webhook-Timestamp}',
        unit: 's',
        tolerance: '300s',
      },
    },
    page: {
      url: 'https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features',
    },
    evidence: 'sdk',
    read: '@sendgrid/eventwebhook 8.0.0',
    deliveryId: 'json:0.sg_event_id',
    setup: 'Settings > Mail Settings > Event Webhooks > Signed Event Webhook > Verification Key',
  },
  'standard-webhooks-asymmetric': {
    title: 'Standard Webhooks, asymmetric',
    scheme: {
      alg: 'ed25519',
      from: 'header:webhook-signature',
      split: ' ',
      items: ['v1a,{sig}'],
      key_format: 'base64',
      encoding: 'base64',
      sign: '{header:webhook-id}.{header:webhook-timestamp}.{body}',
      timestamp: { from: '{header:webhook-timestamp}', unit: 's', tolerance: '300s' },
    },
    page: {
      url: 'https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md',
    },
    evidence: 'docs',
    deliveryId: 'header:webhook-id',
    caveats: ['The key is what follows `whpk_`: write it without.'],
  },
  telnyx: {
    title: 'Telnyx',
    scheme: {
      alg: 'ed25519',
      from: 'header:telnyx-signature-ed25519',
      key_format: 'base64',
      encoding: 'base64',
      sign: '{header:telnyx-timestamp}|{body}',
      timestamp: { from: '{header:telnyx-timestamp}', unit: 's', tolerance: '300s' },
    },
    page: { url: 'https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks' },
    evidence: 'sdk',
    read: 'telnyx 7.24.0',
    setup: 'Mission Control Portal > Account > Keys & Credentials > Public Key',
  },
  tokenio: {
    title: 'Token.io',
    scheme: {
      alg: 'ed25519',
      from: 'header:token-signature',
      key_format: 'base64url',
      encoding: 'base64url',
      sign: '{body}',
    },
    page: { url: 'https://docs.token.io/products/tpp/integration-considerations/webhooks' },
    evidence: 'secondhand',
  },
  utila: {
    title: 'Utila',
    scheme: {
      alg: 'rsa-pss-sha512',
      from: 'header:x-utila-signature',
      encoding: 'base64',
      sign: '{body}',
    },
    page: { url: 'https://docs.utila.io/reference/webhooks' },
    evidence: 'secondhand',
  },
  'wechat-pay': {
    title: 'WeChat Pay',
    scheme: {
      alg: 'rsa-sha256',
      from: 'header:Wechatpay-Signature',
      encoding: 'base64',
      sign: '{header:Wechatpay-Timestamp}\\n{header:Wechatpay-Nonce}\\n{body}\\n',
      timestamp: { from: '{header:Wechatpay-Timestamp}', unit: 's', tolerance: '300s' },
    },
    page: { url: 'https://pay.weixin.qq.com/doc/global/v3/en/4012357149' },
    evidence: 'secondhand',
    caveats: ['The key belongs to a serial number (`Wechatpay-Serial`) and changes with it.'],
  },
} as const satisfies Readonly<Record<string, Preset>>
