import type { Preset } from './preset.ts'

/** Senders that MAC the body and write the signature in hexadecimal, A to M. */
export const HMAC_HEX_A_M = {
  aiprise: {
    title: 'AiPrise',
    scheme: { alg: 'hmac-sha256', from: 'header:X-HMAC-SIGNATURE', sign: '{body}' },
    page: { url: 'https://docs.aiprise.com/docs/callbacks-authentication' },
    evidence: 'secondhand',
  },
  alchemy: {
    title: 'Alchemy',
    scheme: { alg: 'hmac-sha256', from: 'header:X-Alchemy-Signature', sign: '{body}' },
    page: { url: 'https://www.alchemy.com/docs/reference/notify-api-quickstart' },
    evidence: 'secondhand',
    deliveryId: 'json:id',
  },
  asana: {
    title: 'Asana',
    scheme: { alg: 'hmac-sha256', from: 'header:X-Hook-Signature', sign: '{body}' },
    page: { url: 'https://developers.asana.com/docs/webhooks-guide' },
    evidence: 'secondhand',
    challenge:
      'a first POST with `X-Hook-Secret`, answered with the same header; its value becomes the key',
    caveats: ['The key is the `X-Hook-Secret` of the handshake, one for each webhook.'],
  },
  attentive: {
    title: 'Attentive',
    scheme: { alg: 'hmac-sha256', from: 'header:x-attentive-hmac-sha256', sign: '{body}' },
    page: { url: 'https://docs.attentive.com/docs/webhook-authentication/' },
    evidence: 'secondhand',
  },
  'bridge-api': {
    title: 'Bridge API',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:BridgeApi-Signature',
      split: ',',
      items: ['v1={sig}'],
      sign: '{body}',
    },
    page: { url: 'https://docs.bridgeapi.io/docs/secure-your-webhooks' },
    evidence: 'secondhand',
    caveats: [
      'Written in capitals; both cases verify.',
      'Two signatures for 24 hours while the secret is rotated.',
    ],
  },
  'bunny-stream': {
    title: 'Bunny Stream',
    scheme: { alg: 'hmac-sha256', from: 'header:X-BunnyStream-Signature', sign: '{body}' },
    page: { url: 'https://docs.bunny.net/stream/webhooks' },
    evidence: 'secondhand',
  },
  'checkout-com': {
    title: 'Checkout.com',
    scheme: { alg: 'hmac-sha256', from: 'header:Cko-Signature', sign: '{body}' },
    page: {
      url: 'https://www.checkout.com/docs/developer-resources/event-notifications/receive-webhooks',
    },
    evidence: 'secondhand',
    deliveryId: 'json:id',
  },
  circleci: {
    title: 'CircleCI',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:circleci-signature',
      split: ',',
      items: ['v1={sig}'],
      sign: '{body}',
    },
    page: {
      url: 'https://circleci.com/docs/guides/integration/outbound-webhooks/#validate-webhooks',
    },
    evidence: 'secondhand',
    timeout: 10_000,
    deliveryId: 'json:id',
    failure: {
      does: 'Repeats later, after anything but 2xx or after 10 s without an answer.',
      url: 'https://circleci.com/docs/guides/integration/outbound-webhooks/',
    },
    caveats: ['Only `v1` signatures count.'],
  },
  clickup: {
    title: 'ClickUp',
    scheme: { alg: 'hmac-sha256', from: 'header:X-Signature', sign: '{body}' },
    page: { url: 'https://developer.clickup.com/docs/webhooksignature' },
    evidence: 'docs',
    caveats: [
      'The secret is `webhook.secret` of the answer that made the webhook; Automatisch drops it, so fetch it again by API, for each webhook.',
    ],
  },
  clio: {
    title: 'Clio',
    scheme: { alg: 'hmac-sha256', from: 'header:X-Hook-Signature', sign: '{body}' },
    page: { url: 'https://docs.developers.clio.com/api-reference/#tag/Webhooks' },
    evidence: 'secondhand',
    challenge:
      'a first POST with `X-Hook-Secret`, answered with the same header; its value becomes the key',
    caveats: ['The key is the `X-Hook-Secret` of the handshake, one for each webhook.'],
  },
  'coinbase-commerce': {
    title: 'Coinbase Commerce',
    scheme: { alg: 'hmac-sha256', from: 'header:X-CC-Webhook-Signature', sign: '{body}' },
    page: { url: 'https://docs.cdp.coinbase.com/commerce-onchain/docs/webhooks-security' },
    evidence: 'sdk',
    read: 'coinbase-commerce-node 1.0.4',
    deliveryId: 'json:event.id',
  },
  creem: {
    title: 'Creem',
    scheme: { alg: 'hmac-sha256', from: 'header:creem-signature', sign: '{body}' },
    page: { url: 'https://docs.creem.io/code/webhooks' },
    evidence: 'sdk',
    read: 'creem 1.13.0',
    caveats: ['Newer accounts sign as Standard Webhooks: preset `standard-webhooks`.'],
  },
  dropbox: {
    title: 'Dropbox',
    scheme: { alg: 'hmac-sha256', from: 'header:X-Dropbox-Signature', sign: '{body}' },
    page: { url: 'https://www.dropbox.com/developers/reference/webhooks' },
    evidence: 'docs',
    setup: 'App Console > the app > Webhooks',
    challenge:
      'a GET with `challenge`, answered within ten seconds with its value as `text/plain` and `nosniff`',
    handshake: [{ kind: 'echo-query', method: 'GET', value: 'challenge', answer: 'text' }],
    failure: {
      does: 'Repeats with growing intervals over about ten minutes after anything but 200, then reports a failure in the App Console.',
      url: 'https://www.dropbox.com/developers/reference/webhooks',
    },
    caveats: [
      'The key is the app secret.',
      'A notification says whose files changed, not what changed.',
    ],
  },
  forgejo: {
    title: 'Forgejo',
    scheme: { alg: 'hmac-sha256', from: 'header:X-Forgejo-Signature', sign: '{body}' },
    page: { url: 'https://docs.gitea.com/usage/webhooks' },
    evidence: 'docs',
    setup: 'Repository > Settings > Webhooks > Add webhook > Forgejo > Secret',
  },
  gitea: {
    title: 'Gitea',
    scheme: { alg: 'hmac-sha256', from: 'header:X-Gitea-Signature', sign: '{body}' },
    page: { url: 'https://docs.gitea.com/usage/webhooks' },
    evidence: 'docs',
    timeout: 5_000,
    deliveryId: 'header:X-Gitea-Delivery',
    setup: 'Repository > Settings > Webhooks > Add webhook > Gitea > Secret',
  },
  gocardless: {
    title: 'GoCardless',
    scheme: { alg: 'hmac-sha256', from: 'header:Webhook-Signature', sign: '{body}' },
    page: {
      url: 'https://developer.gocardless.com/getting-started/staying-up-to-date-with-webhooks/',
    },
    evidence: 'sdk',
    read: 'gocardless-nodejs 10.1.2',
    deliveryId: 'json:events.0.id',
  },
  gogs: {
    title: 'Gogs',
    scheme: { alg: 'hmac-sha256', from: 'header:X-Gogs-Signature', sign: '{body}' },
    page: { url: 'https://docs.gitea.com/usage/webhooks' },
    evidence: 'docs',
  },
  grafana: {
    title: 'Grafana Alerting',
    scheme: { alg: 'hmac-sha256', from: 'header:X-Grafana-Alerting-Signature', sign: '{body}' },
    page: {
      url: 'https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/',
    },
    evidence: 'source',
    setup: 'Alerting > Contact points > the webhook > HMAC Signature > Secret',
    caveats: [
      'With a timestamp header of your choice Grafana signs `{header:NAME}:{body}`, in seconds: leave that field empty, or write it as a `scheme` of your own.',
    ],
  },
  launchdarkly: {
    title: 'LaunchDarkly',
    scheme: { alg: 'hmac-sha256', from: 'header:X-LD-Signature', sign: '{body}' },
    page: { url: 'https://launchdarkly.com/docs/home/infrastructure/webhooks' },
    evidence: 'docs',
    setup: 'Organization settings > Integrations > Webhooks > Add integration > Sign this webhook',
    caveats: ['Deliveries may come out of order: `date` in the body says when.'],
  },
  lemonsqueezy: {
    title: 'Lemon Squeezy',
    scheme: { alg: 'hmac-sha256', from: 'header:X-Signature', sign: '{body}' },
    page: { url: 'https://docs.lemonsqueezy.com/help/webhooks/signing-requests' },
    evidence: 'library',
    read: '@hookflo/tern 4.1.0',
  },
  linear: {
    title: 'Linear',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:Linear-Signature',
      sign: '{body}',
      timestamp: { from: '{json:webhookTimestamp}', unit: 'ms', tolerance: '60s' },
    },
    page: { url: 'https://linear.app/developers/webhooks' },
    evidence: 'sdk',
    read: '@linear/sdk 98.0.0',
    deliveryId: 'header:Linear-Delivery',
    caveats: [
      'The time is `webhookTimestamp` in the signed body; the header `Linear-Timestamp` is not signed and is ignored.',
    ],
  },
  mailerlite: {
    title: 'MailerLite',
    scheme: { alg: 'hmac-sha256', from: 'header:Signature', sign: '{body}' },
    page: { title: 'Webhooks', url: 'https://developers.mailerlite.com/docs/webhooks' },
    evidence: 'docs',
    timeout: 3_000,
    setup: 'Create the webhook by API; its answer holds `secret`',
    failure: {
      does: 'Repeats three times after a timeout or any status but 2xx: after 10, 100 and 1,000 seconds.',
      url: 'https://developers.mailerlite.com/docs/webhooks',
    },
    caveats: [
      'The header is `Signature` and the value hexadecimal, by its own page; other readers have `X-MailerLite-Signature` or base64.',
      'The page shows a secret of ten characters. Hookwarden takes none under 16 bytes: where yours is shorter, the entry is not ready and says so.',
    ],
  },
  mailersend: {
    title: 'MailerSend',
    scheme: { alg: 'hmac-sha256', from: 'header:Signature', sign: '{body}' },
    page: { url: 'https://developers.mailersend.com/api/v1/webhooks.html' },
    evidence: 'sdk',
    read: 'mailersend 3.4.0',
  },
  'modern-treasury': {
    title: 'Modern Treasury',
    scheme: { alg: 'hmac-sha256', from: 'header:X-Signature', sign: '{body}' },
    page: { url: 'https://docs.moderntreasury.com/platform/docs/webhooks' },
    evidence: 'sdk',
    read: 'modern-treasury 3.3.0',
    deliveryId: 'header:X-Event-Id',
  },
} as const satisfies Readonly<Record<string, Preset>>
