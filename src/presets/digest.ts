import type { Preset } from './preset.ts'

/** Senders that hash secret and body without a key, or MAC a digest of the body. */
export const DIGEST = {
  cloudinary: {
    title: 'Cloudinary',
    scheme: {
      alg: 'sha1',
      from: 'header:X-Cld-Signature',
      sign: '{body}{header:X-Cld-Timestamp}{secret}',
      timestamp: { from: '{header:X-Cld-Timestamp}', unit: 's', tolerance: '7200s' },
    },
    page: { url: 'https://cloudinary.com/documentation/notification_signatures' },
    evidence: 'sdk',
    read: 'cloudinary 2.11.0',
    caveats: [
      'A plain hash with the secret at its end, not an HMAC. SHA-1 unless the account chose SHA-256.',
      'Fresh for two hours, so replay memory is held for four.',
    ],
  },
  'hubspot-v1': {
    title: 'HubSpot, v1',
    scheme: { alg: 'sha256', from: 'header:X-HubSpot-Signature', sign: '{secret}{body}' },
    page: { url: 'https://developers.hubspot.com/docs/faq/v1-request-validation' },
    evidence: 'sdk',
    read: '@hubspot/api-client 13.5.0',
    caveats: ['A plain hash that begins with the secret: use v3 where you can.'],
  },
  'hubspot-v2': {
    title: 'HubSpot, v2',
    scheme: {
      alg: 'sha256',
      from: 'header:X-HubSpot-Signature',
      sign: '{secret}{method}{url}{body}',
    },
    page: { url: 'https://developers.hubspot.com/docs/faq/v2-request-validation' },
    evidence: 'sdk',
    read: '@hubspot/api-client 13.5.0',
    caveats: ['A plain hash that begins with the secret: use v3 where you can.'],
  },
  lark: {
    title: 'Lark (Feishu)',
    scheme: {
      alg: 'sha256',
      from: 'header:X-Lark-Signature',
      sign: '{header:X-Lark-Request-Timestamp}{header:X-Lark-Request-Nonce}{secret}{body}',
      timestamp: { from: '{header:X-Lark-Request-Timestamp}', unit: 's', tolerance: '300s' },
    },
    page: { url: 'https://open.larksuite.com/document/server-docs/event-subscription-guide' },
    evidence: 'sdk',
    read: '@larksuiteoapi/node-sdk 1.74.0',
    challenge: 'a POST of type `url_verification`, encrypted, answered with JSON `{"challenge"}`',
    handshake: [
      {
        kind: 'sealed-body',
        sealed: 'encrypt',
        answer: { json: { challenge: '{value}' } },
      },
    ],
    setup:
      'Developer Console > the app > Events & Callbacks > Encryption Strategy; the Encrypt Key is the secret, the Verification Token is `verify_token`',
    caveats: [
      'What is asked before the app has an Encrypt Key is not answered: set one first.',
      'Events stay encrypted on their way to the flow.',
      'The secret is the Encrypt Key of the app.',
      "Lark's own library signs the JSON again; the bytes as received are verified here.",
    ],
  },
  'messagebird-legacy': {
    title: 'MessageBird, before JWT',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:messagebird-signature',
      encoding: 'base64',
      sign: '{header:messagebird-request-timestamp}\\n{sorted-query}\\n{body|sha256}',
      timestamp: { from: '{header:messagebird-request-timestamp}', unit: 's', tolerance: '100s' },
    },
    page: { url: 'https://developers.messagebird.com/api/#verifying-http-requests' },
    evidence: 'sdk',
    read: 'messagebird 4.0.1',
  },
  quoter: {
    title: 'Quoter',
    scheme: {
      alg: 'md5',
      from: 'form:hash',
      sign: '{secret}{form:timestamp}{form:data}',
      timestamp: { from: '{form:timestamp}', unit: 's', tolerance: '300s' },
    },
    page: {
      url: 'https://help.quoter.com/hc/en-us/articles/32085971955355-Integrate-with-Webhooks',
    },
    evidence: 'secondhand',
    caveats: [
      'A plain MD5 that begins with the secret.',
      'The fields `timestamp` and `data` are signed, nothing else of the form.',
    ],
  },
  'recharge-legacy': {
    title: 'Recharge, before signatures',
    scheme: { alg: 'sha256', from: 'header:X-Recharge-Hmac-Sha256', sign: '{secret}{body}' },
    page: { url: 'https://docs.getrecharge.com/docs/webhooks-overview' },
    evidence: 'secondhand',
    caveats: ['A plain hash that begins with the secret: use `recharge` where you can.'],
  },
  'sinch-voice': {
    title: 'Sinch Voice and Verification',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:Authorization',
      items: ['application {key_id}:{sig}'],
      encoding: 'base64',
      key: '{secret|unbase64}',
      sign: '{method}\\n{body|md5|base64}\\n{header:Content-Type}\\nx-timestamp:{header:x-timestamp}\\n{path}',
      timestamp: { from: '{header:x-timestamp}', unit: 'iso', tolerance: '300s' },
    },
    page: {
      url: 'https://developers.sinch.com/docs/voice/api-reference/authentication/callback-signed-request',
    },
    evidence: 'sdk',
    read: '@sinch/sdk-client 1.5.0',
    caveats: ['`key_id` is the application key, the secret the application secret in base64.'],
  },
  tebex: {
    title: 'Tebex',
    scheme: { alg: 'hmac-sha256', from: 'header:X-Signature', sign: '{body|sha256|hex}' },
    page: { url: 'https://docs.tebex.io/developers/webhooks/overview' },
    evidence: 'secondhand',
    deliveryId: 'json:id',
    challenge: 'a signed POST `validation.webhook`, answered with JSON: its `id`',
    handshake: [
      {
        kind: 'echo-body',
        where: { type: 'validation.webhook' },
        value: 'id',
        answer: { json: { id: '{value}' } },
      },
    ],
    caveats: ['Published addresses: 18.209.80.3, 54.87.231.232 (`allow_ips`).'],
  },
  walmart: {
    title: 'Walmart Marketplace',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:WM_SEC.SIGNATURE',
      encoding: 'base64',
      sign: '{method}\\n{target}\\n{header:WM_SEC.TIMESTAMP}\\n{body|sha256|hex}',
      timestamp: { from: '{header:WM_SEC.TIMESTAMP}', unit: 's', tolerance: '300s' },
    },
    page: { url: 'https://developer.walmart.com/us-marketplace/docs/security-and-authenticity' },
    evidence: 'secondhand',
    caveats: ['The names of its headers hold a dot and `_`: they are verified, and not forwarded.'],
  },
} as const satisfies Readonly<Record<string, Preset>>
