import type { Preset } from './preset.ts'

/** Senders whose signature stands among the fields of the body and covers some of them. */
export const FIELDS = {
  adyen: {
    title: 'Adyen, payments',
    scheme: {
      alg: 'hmac-sha256',
      each: 'notificationItems',
      item: 'NotificationRequestItem',
      from: 'json:additionalData.hmacSignature',
      encoding: 'base64',
      key: '{secret|unhex}',
      sign: '{json:pspReference}:{json:originalReference}:{json:merchantAccountCode}:{json:merchantReference}:{json:amount.value}:{json:amount.currency}:{json:eventCode}:{json:success}',
    },
    page: { url: 'https://docs.adyen.com/development-resources/webhooks/verify-hmac-signatures/' },
    evidence: 'sdk',
    read: '@adyen/api-library 32.1.0',
    setup: 'Customer Area > Developers > Webhooks > the webhook > Security > HMAC key',
    caveats: [
      'Eight fields of each item are signed, nothing else of the body.',
      'The key is hexadecimal.',
      'Adyen wants the answer `[accepted]`: use a sync flow.',
    ],
  },
  braintree: {
    title: 'Braintree',
    scheme: {
      alg: 'hmac-sha1',
      from: 'form:bt_signature',
      split: '&',
      items: ['{key_id}|{sig}'],
      key: '{secret|sha1}',
      sign: '{form:bt_payload}',
    },
    page: { url: 'https://developer.paypal.com/braintree/docs/guides/webhooks/parse' },
    evidence: 'sdk',
    read: 'braintree 3.40.0',
    challenge: 'a GET with `bt_challenge`, answered with the public key and an HMAC of it',
    caveats: [
      'The challenge is signed with the key of deliveries, whose payload may be such a value: answering would sign for anybody, so it is not done.',
      '`key_id` is the public key, the secret the private key.',
    ],
  },
  'dropbox-sign': {
    title: 'Dropbox Sign',
    scheme: {
      alg: 'hmac-sha256',
      code: 'dropbox-sign',
      from: 'json:event.event_hash',
      sign: '{json:event.event_time}{json:event.event_type}',
    },
    page: { url: 'https://developers.hellosign.com/docs/events/walkthrough/' },
    evidence: 'sdk',
    read: '@dropbox/sign 1.11.0',
    contentTypes: ['multipart/form-data'],
    caveats: [
      'Time and type of the event are signed, nothing else: whoever sees one signature can send anything with it.',
      'The event is the field `json` of a form in parts. Only plain fields pass; a form with a file is refused.',
      'The answer must hold `Hello API Event Received`: use a sync flow.',
      'The key is the API key.',
    ],
  },
  mailgun: {
    title: 'Mailgun',
    scheme: {
      alg: 'hmac-sha256',
      from: 'json:signature.signature',
      sign: '{json:signature.timestamp}{json:signature.token}',
      timestamp: { from: '{json:signature.timestamp}', unit: 's', tolerance: '300s' },
    },
    page: {
      url: 'https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks',
    },
    evidence: 'secondhand',
    deliveryId: 'json:signature.token',
    caveats: [
      '`event-data` is not signed: whoever sees one signature can send anything with it until it is stale.',
      'The key is the webhook signing key, not the API key.',
    ],
  },
  opennode: {
    title: 'OpenNode',
    scheme: { alg: 'hmac-sha256', from: 'form:hashed_order', sign: '{form:id}' },
    page: { url: 'https://developers.opennode.com/reference/signed-webhooks' },
    evidence: 'sdk',
    read: 'opennode 1.5.0',
    deliveryId: 'form:id',
    caveats: ['Only `id` is signed: fetch the charge from their API.', 'The key is the API key.'],
  },
} as const satisfies Readonly<Record<string, Preset>>
