import type { Preset } from './preset.ts'

/** Senders whose signature covers the URL, the method, headers or constants. */
export const URL_SIGNED = {
  contentful: {
    title: 'Contentful',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:X-Contentful-Signature',
      sign: '{method}\\n{path}\\n{signed-headers:x-contentful-signed-headers}\\n{body}',
      timestamp: { from: '{header:x-contentful-timestamp}', unit: 'ms', tolerance: '30s' },
    },
    page: {
      url: 'https://www.contentful.com/developers/docs/extensibility/app-framework/request-verification/',
    },
    evidence: 'sdk',
    read: '@contentful/node-apps-toolkit 3.16.1',
    contentTypes: [
      'application/vnd.contentful.management.v1+json',
      'application/json',
      'application/x-www-form-urlencoded',
    ],
    forwardAs: 'application/json',
    caveats: [
      'Fresh for 30 seconds only: keep the clock right.',
      'Which headers are signed is said by `x-contentful-signed-headers`.',
      'A body of the first content type is forwarded as `application/json`: Automatisch drops it otherwise.',
    ],
  },
  favro: {
    title: 'Favro',
    scheme: {
      alg: 'hmac-sha1',
      from: 'header:X-Favro-Webhook',
      encoding: 'base64',
      sign: '{json:payloadId}{url}',
    },
    page: { url: 'https://favro.com/developer/#webhook-signatures' },
    evidence: 'secondhand',
    deliveryId: 'json:payloadId',
    caveats: [
      'Only `payloadId` of the body is signed: anything else in it may be changed on the way.',
    ],
  },
  'hubspot-v3': {
    title: 'HubSpot, v3',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:X-HubSpot-Signature-v3',
      encoding: 'base64',
      sign: '{method}{url}{body}{header:X-HubSpot-Request-Timestamp}',
      timestamp: { from: '{header:X-HubSpot-Request-Timestamp}', unit: 'ms', tolerance: '300s' },
    },
    page: {
      url: 'https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests',
    },
    evidence: 'sdk',
    read: '@hubspot/api-client 13.5.0',
    deliveryId: 'json:eventId',
    caveats: [
      'The page asks to decode some percent escapes of the URL first; its own library does not, and neither do we. Choose a path without them.',
      'The key is the client secret of the app.',
    ],
  },
  linkedin: {
    title: 'LinkedIn',
    scheme: { alg: 'hmac-sha256', from: 'header:X-LI-Signature', sign: 'hmacsha256={body}' },
    page: { url: 'https://learn.microsoft.com/en-us/linkedin/shared/api-guide/webhook-validation' },
    evidence: 'secondhand',
    deliveryId: 'json:notificationId',
    challenge:
      'a GET with `challengeCode`, every two hours, answered with JSON: an HMAC of the code',
    handshake: [
      {
        kind: 'mac-query',
        method: 'GET',
        value: 'challengeCode',
        mac: { grammar: 'uuid', hash: 'sha256', encoding: 'hex' },
        answer: { json: { challengeCode: '{value}', challengeResponse: '{mac}' } },
      },
    ],
    caveats: [
      '`hmacsha256=` stands in what is signed, not in the header.',
      'The key is the client secret of the app.',
    ],
  },
  mandrill: {
    title: 'Mailchimp Transactional (Mandrill)',
    scheme: {
      alg: 'hmac-sha1',
      from: 'header:X-Mandrill-Signature',
      encoding: 'base64',
      sign: '{url}{sorted-form}',
    },
    page: {
      url: 'https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/#authenticating-webhook-requests',
    },
    evidence: 'docs',
    challenge: 'a HEAD, answered with 200; a test is signed with the key `test-webhook`',
    handshake: [{ kind: 'status', method: 'HEAD' }],
  },
  mercadopago: {
    title: 'Mercado Pago',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:x-signature',
      split: ',',
      items: ['ts={ts}', 'v1={sig}'],
      sign: 'id:{query:data.id};request-id:{header:x-request-id};ts:{ts};',
      timestamp: { unit: 's', tolerance: '300s' },
    },
    page: {
      url: 'https://www.mercadopago.com/developers/en/docs/your-integrations/notifications/webhooks',
    },
    evidence: 'sdk',
    read: 'mercadopago 3.6.1',
    deliveryId: 'header:x-request-id',
    caveats: [
      'The body is not signed, only the id of what changed: fetch the rest from their API.',
      'Notifications without `data.id` in the URL are refused.',
    ],
  },
  'plivo-v2': {
    title: 'Plivo, v2',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:X-Plivo-Signature-V2',
      encoding: 'base64',
      sign: '{url}{header:X-Plivo-Signature-V2-Nonce}',
    },
    page: { url: 'https://www.plivo.com/docs/messaging/concepts/signature-validation' },
    evidence: 'sdk',
    read: 'plivo 4.79.0',
    caveats: [
      'The body is not signed.',
      'The URL is signed without its query: register one that has none.',
    ],
  },
  'plivo-v3': {
    title: 'Plivo, v3',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:X-Plivo-Signature-V3',
      split: ',',
      encoding: 'base64',
      sign: '{url}?{sorted-form:sort}.{header:X-Plivo-Signature-V3-Nonce}',
    },
    page: { url: 'https://www.plivo.com/docs/voice/concepts/signature-validation' },
    evidence: 'sdk',
    read: 'plivo 4.79.0',
    caveats: ['Register a URL without a query.'],
  },
  signalwire: {
    title: 'SignalWire',
    scheme: {
      alg: 'hmac-sha1',
      from: 'header:X-SignalWire-Signature',
      encoding: 'base64',
      sign: '{url}{sorted-form}',
    },
    page: { url: 'https://developer.signalwire.com/compatibility-api/guides/general/webhooks/' },
    evidence: 'sdk',
    read: '@signalwire/compatibility-api 3.2.0',
    caveats: [
      'Repeated parameters are signed in the order they came.',
      'The key is the signing key of the space.',
    ],
  },
  solidgate: {
    title: 'Solidgate',
    scheme: {
      alg: 'hmac-sha512',
      from: 'header:signature',
      encoding: 'base64+hex',
      sign: '{key_id}{body}{key_id}',
    },
    page: { url: 'https://docs.solidgate.com/payments/integrate/webhooks/#security' },
    evidence: 'secondhand',
    deliveryId: 'header:solidgate-event-id',
    caveats: [
      '`key_id` is the public key, the secret the secret key of the webhook.',
      'The signature is base64 of the hexadecimal text.',
    ],
  },
  square: {
    title: 'Square',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:x-square-hmacsha256-signature',
      encoding: 'base64',
      sign: '{url}{body}',
    },
    page: { url: 'https://developer.squareup.com/docs/webhooks/step3validate' },
    evidence: 'sdk',
    read: 'square 46.0.0',
    deliveryId: 'json:event_id',
    setup:
      'Developer Console > the application > Webhooks > Subscriptions > the subscription > Signature Key',
    caveats: ['The URL must be written as in the subscription, letter for letter.'],
  },
  'tiktok-shop': {
    title: 'TikTok Shop',
    scheme: { alg: 'hmac-sha256', from: 'header:Authorization', sign: '{key_id}{body}' },
    page: { url: 'https://partner.tiktokshop.com/docv2/page/tts-webhooks-overview' },
    evidence: 'secondhand',
    deliveryId: 'json:tts_notification_id',
    caveats: ['`key_id` is the app key, the secret the app secret.'],
  },
  trello: {
    title: 'Trello',
    scheme: {
      alg: 'hmac-sha1',
      from: 'header:X-Trello-Webhook',
      encoding: 'base64',
      sign: '{body}{url}',
    },
    page: { url: 'https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/' },
    evidence: 'secondhand',
    challenge: 'a HEAD, answered with 200',
    handshake: [{ kind: 'status', method: 'HEAD' }],
    caveats: [
      'The URL follows the body in what is signed, as it was registered.',
      'The key is the secret of the Power-Up, not the API key.',
    ],
  },
  twilio: {
    title: 'Twilio',
    scheme: {
      alg: 'hmac-sha1',
      from: 'header:X-Twilio-Signature',
      encoding: 'base64',
      sign: '{url}{sorted-form:uniq}',
    },
    page: { url: 'https://www.twilio.com/docs/usage/security#validating-requests' },
    evidence: 'sdk',
    read: 'twilio 6.2.0',
    deliveryId: 'header:I-Twilio-Idempotency-Token',
    setup:
      'Console > Phone Numbers > the number > a webhook; the key is the Auth Token of the account',
    caveats: [
      'URL and form parameters are signed, not the bytes of the body.',
      'JSON callbacks carry a hash in the URL: preset `twilio-json`.',
      'While the token is rotated, list both under `secrets`.',
    ],
  },
  'twilio-json': {
    title: 'Twilio, JSON',
    scheme: {
      alg: 'hmac-sha1',
      from: 'header:X-Twilio-Signature',
      encoding: 'base64',
      sign: '{url}',
      require: [['{query:bodySHA256}', '{body|sha256|hex}']],
    },
    page: { url: 'https://www.twilio.com/docs/usage/security#validating-requests' },
    evidence: 'sdk',
    read: 'twilio 6.2.0',
    caveats: ['The body is covered by its hash in the query, `bodySHA256`.'],
  },
} as const satisfies Readonly<Record<string, Preset>>
