import type { Preset } from './preset.ts'

/** Senders that show the secret itself: nothing of the delivery is signed. */
export const TOKEN = {
  aircall: {
    title: 'Aircall',
    scheme: { alg: 'token', from: 'json:token' },
    page: { url: 'https://developer.aircall.io/api-references/#webhooks' },
    evidence: 'secondhand',
  },
  'auth0-log-streams': {
    title: 'Auth0 log streams',
    scheme: { alg: 'token', from: 'header:Authorization' },
    page: { url: 'https://auth0.com/docs/customize/log-streams/custom-log-streams' },
    evidence: 'secondhand',
    deliveryId: 'json:log_id',
    caveats: ['The value of `Authorization` is yours to choose, and is the secret as a whole.'],
  },
  'azure-devops': {
    title: 'Azure DevOps service hooks',
    scheme: { alg: 'basic', from: 'header:Authorization' },
    page: {
      title: 'Webhooks with Azure DevOps',
      url: 'https://learn.microsoft.com/en-us/azure/devops/service-hooks/services/webhooks',
    },
    evidence: 'docs',
    deliveryId: 'json:id',
    setup:
      'Project settings > Service hooks > Create subscription > Web Hooks > Basic authentication',
  },
  'buildkite-token': {
    title: 'Buildkite, token',
    scheme: { alg: 'token', from: 'header:X-Buildkite-Token' },
    page: { url: 'https://buildkite.com/docs/apis/webhooks/pipelines' },
    evidence: 'docs',
    deliveryId: 'header:X-Buildkite-Request',
    setup:
      'Organization settings > Notification Services > Webhook > Token, sent as `X-Buildkite-Token`',
    caveats: ['Buildkite can sign instead: preset `buildkite`.'],
  },
  chargebee: {
    title: 'Chargebee',
    scheme: { alg: 'basic', from: 'header:Authorization' },
    page: { url: 'https://www.chargebee.com/docs/2.0/webhook_settings.html' },
    evidence: 'sdk',
    read: 'chargebee 3.33.0',
    deliveryId: 'json:id',
    setup: 'Settings > Configure Chargebee > Webhooks > the webhook > Basic authentication',
  },
  cloudprinter: {
    title: 'Cloudprinter CloudSignal',
    scheme: { alg: 'token', from: 'json:apikey' },
    page: { url: 'https://docs.cloudprinter.com/client/cloudsignal-webhooks-v2-0' },
    evidence: 'secondhand',
  },
  deepgram: {
    title: 'Deepgram',
    scheme: { alg: 'token', from: 'header:dg-token' },
    page: { url: 'https://developers.deepgram.com/docs/callback' },
    evidence: 'secondhand',
    deliveryId: 'json:request_id',
    caveats: [
      'The token is the identifier of the API key that made the request, which is not a secret of its own: a Basic password in the callback URL proves more.',
    ],
  },
  ethoca: {
    title: 'Ethoca Alerts',
    scheme: { alg: 'basic', from: 'header:Authorization' },
    page: {
      url: 'https://developer.mastercard.com/ethoca-alerts-for-merchants/documentation/api-basics/',
    },
    evidence: 'secondhand',
    caveats: ['The sender also expects mutual TLS.'],
  },
  figma: {
    title: 'Figma',
    scheme: { alg: 'token', from: 'json:passcode' },
    page: { url: 'https://www.figma.com/developers/api#webhooks-v2-security' },
    evidence: 'docs',
    setup: 'Call the webhooks API with a `passcode` of your own',
    challenge: 'an event `PING` with the passcode, answered with 200',
  },
  flutterwave: {
    title: 'Flutterwave, v3',
    scheme: { alg: 'token', from: 'header:verif-hash' },
    page: { url: 'https://developer.flutterwave.com/docs/webhooks' },
    evidence: 'secondhand',
    deliveryId: 'json:data.id',
    caveats: ['The value is called secret hash, and is no hash of anything.'],
  },
  gitlab: {
    title: 'GitLab, secret token',
    scheme: { alg: 'token', from: 'header:X-Gitlab-Token' },
    page: { title: 'Webhooks', url: 'https://docs.gitlab.com/user/project/integrations/webhooks/' },
    evidence: 'docs',
    timeout: 10_000,
    deliveryId: 'header:X-Gitlab-Event-UUID',
    setup: 'Project or group > Settings > Webhooks > Add new webhook > Secret token',
    failure: {
      does: 'Disables the webhook for a minute after 4 failures in a row, for longer after each further one (up to a day), and for good after 40. It makes no difference between 4xx and 5xx.',
      url: 'https://gitlab.com/gitlab-org/gitlab/-/merge_requests/166329',
      row: 4,
    },
    caveats: [
      'Newer versions can sign instead: preset `gitlab-signing-token`.',
      'Automatisch registers its `WEBHOOK_SECRET_KEY` as the token.',
    ],
  },
  huggingface: {
    title: 'Hugging Face',
    scheme: { alg: 'token', from: 'header:X-Webhook-Secret' },
    page: { url: 'https://huggingface.co/docs/hub/webhooks' },
    evidence: 'docs',
    setup: 'Settings > Webhooks > Add a new webhook > Secret',
    caveats: [
      'The secret may hold only ASCII characters.',
      'A webhook runs at most 1,000 times in 24 hours.',
    ],
  },
  mailchimp: {
    title: 'Mailchimp',
    scheme: { alg: 'token', from: 'query:secret' },
    page: {
      title: 'Sync audience data with webhooks',
      url: 'https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/',
    },
    evidence: 'secondhand',
    setup:
      'Audience > Settings > Webhooks > Create New Webhook: the URL of the entry with `?secret=` and a long random value of your own',
    challenge: 'a GET when the webhook is saved, answered with 200',
    handshake: [{ kind: 'status', method: 'GET' }],
    caveats: [
      'Mailchimp signs nothing. The secret in the URL is all that proves it; it is not forwarded, and no log line of Hookwarden has it.',
      'Where Automatisch registered the webhook itself there is no secret in the URL: such an entry needs `scheme: { none: … }`, and GET in `methods`.',
    ],
  },
  meraki: {
    title: 'Cisco Meraki',
    scheme: { alg: 'token', from: 'json:sharedSecret' },
    page: { url: 'https://developer.cisco.com/meraki/webhooks/introduction/#shared-secret' },
    evidence: 'secondhand',
    deliveryId: 'json:alertId',
  },
  'microsoft-graph': {
    title: 'Microsoft Graph',
    scheme: { alg: 'token', each: 'value', from: 'json:clientState' },
    page: { url: 'https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks' },
    evidence: 'secondhand',
    challenge:
      'a POST with `?validationToken=`, answered within 10 s with its decoded value as text',
    handshake: [{ kind: 'echo-query', method: 'POST', value: 'validationToken', answer: 'text' }],
    caveats: [
      'The secret is the `clientState` of the subscription; every item of a batch must carry it.',
      'The tokens of `validationTokens`, sent with resource data, are not verified.',
    ],
  },
  'microsoft-sharepoint': {
    title: 'Microsoft SharePoint',
    scheme: { alg: 'token', each: 'value', from: 'json:clientState' },
    page: {
      url: 'https://learn.microsoft.com/en-us/sharepoint/dev/apis/webhooks/lists/create-subscription',
    },
    evidence: 'secondhand',
    challenge:
      'a POST with `?validationtoken=`, answered within 5 s with its decoded value as text',
    handshake: [{ kind: 'echo-query', method: 'POST', value: 'validationtoken', answer: 'text' }],
    caveats: [
      'The secret is the `clientState` of the subscription; every item of a batch must carry it.',
    ],
  },
  okta: {
    title: 'Okta event hooks',
    scheme: { alg: 'token', from: 'header:Authorization' },
    page: { url: 'https://developer.okta.com/docs/concepts/event-hooks/' },
    evidence: 'secondhand',
    timeout: 3_000,
    deliveryId: 'json:eventId',
    setup:
      'Workflow > Event Hooks > Create Event Hook > Authentication field `Authorization`, and a secret of your own',
    challenge: 'a GET with `X-Okta-Verification-Challenge`, answered with JSON `{"verification"}`',
    handshake: [
      {
        kind: 'echo-header',
        method: 'GET',
        value: 'X-Okta-Verification-Challenge',
        answer: { json: { verification: '{value}' } },
      },
    ],
    failure: {
      does: 'Repeats once, and only after a 5xx or when no answer came.',
      url: 'https://developer.okta.com/docs/concepts/event-hooks/',
      repeats: '5xx',
    },
    caveats: [
      'The header is yours to choose; this preset takes `Authorization`, which Okta recommends.',
    ],
  },
  pipedrive: {
    title: 'Pipedrive',
    scheme: { alg: 'basic', from: 'header:Authorization' },
    page: { url: 'https://pipedrive.readme.io/docs/guide-for-webhooks-v2' },
    evidence: 'secondhand',
    deliveryId: 'json:meta.id',
  },
  postmark: {
    title: 'Postmark',
    scheme: { alg: 'basic', from: 'header:Authorization' },
    page: { url: 'https://postmarkapp.com/developer/webhooks/webhooks-overview' },
    evidence: 'secondhand',
    deliveryId: 'json:MessageID',
    caveats: [
      'User name and password stand in the URL that Postmark is given; it sends them as Basic authentication.',
    ],
  },
  recurly: {
    title: 'Recurly',
    scheme: { alg: 'basic', from: 'header:Authorization' },
    page: { url: 'https://recurly.com/developers/pages/webhooks.html' },
    evidence: 'secondhand',
    contentTypes: ['application/xml', 'application/json'],
    failure: {
      does: 'Repeats each notification up to 10 times, at growing intervals.',
      url: 'https://docs.recurly.com/recurly-subscriptions/docs/automatic-retries',
    },
    caveats: [
      'Notifications are XML unless JSON is chosen; Automatisch drops an XML body silently.',
    ],
  },
  revenuecat: {
    title: 'RevenueCat',
    scheme: { alg: 'token', from: 'header:Authorization' },
    page: { url: 'https://www.revenuecat.com/docs/integrations/webhooks' },
    evidence: 'docs',
    deliveryId: 'json:event.id',
    setup: 'Project > Integrations > Webhooks > Add new configuration > Authorization header',
    caveats: ['The value of `Authorization` is yours to choose, and is the secret as a whole.'],
  },
  ringcentral: {
    title: 'RingCentral',
    scheme: { alg: 'token', from: 'header:Verification-Token' },
    page: {
      url: 'https://developers.ringcentral.com/guide/notifications/webhooks/creating-webhooks',
    },
    evidence: 'secondhand',
    deliveryId: 'json:uuid',
    challenge: 'a `Validation-Token` header, answered with the same header',
    handshake: [
      {
        kind: 'echo-header',
        method: 'POST',
        value: 'Validation-Token',
        answer: { header: 'Validation-Token' },
      },
    ],
    caveats: ['The token is optional: name `verificationToken` when you create the subscription.'],
  },
  strava: {
    title: 'Strava',
    scheme: { alg: 'token', from: 'query:secret' },
    page: { title: 'Webhooks', url: 'https://developers.strava.com/docs/webhooks/' },
    evidence: 'secondhand',
    setup:
      'Create the push subscription by API: `callback_url` is the URL of the entry with `?secret=` and a long random value of your own, `verify_token` that of the entry',
    challenge: 'a GET with `hub.challenge`, answered with it as JSON',
    handshake: [
      {
        kind: 'echo-query',
        method: 'GET',
        value: 'hub.challenge',
        where: { 'hub.mode': 'subscribe' },
        token: 'hub.verify_token',
        answer: { json: { 'hub.challenge': '{value}' } },
      },
    ],
    caveats: [
      'Strava signs nothing. The secret in the URL is all that proves it; it is not forwarded, and no log line of Hookwarden has it.',
      'An application has one subscription: its `verify_token` is shown once, when it is made, and proves no delivery.',
    ],
  },
  telegram: {
    title: 'Telegram',
    scheme: { alg: 'token', from: 'header:X-Telegram-Bot-Api-Secret-Token' },
    page: { title: 'setWebhook', url: 'https://core.telegram.org/bots/api#setwebhook' },
    evidence: 'sdk',
    read: 'telegraf 4.16.3',
    deliveryId: 'json:update_id',
    setup: 'Call `setWebhook` of the bot with `secret_token`',
    caveats: [
      'The token may hold only letters, digits, `_` and `-`.',
      'Automatisch registers its `WEBHOOK_SECRET_KEY` as the token.',
    ],
  },
} as const satisfies Readonly<Record<string, Preset>>
