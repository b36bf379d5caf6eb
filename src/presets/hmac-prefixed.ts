import type { Handshake } from '../verify/handshake.ts'
import type { Preset } from './preset.ts'

/** How every product of Meta asks. */
const SUBSCRIBE: readonly Handshake[] = [
  {
    kind: 'echo-query',
    method: 'GET',
    value: 'hub.challenge',
    where: { 'hub.mode': 'subscribe' },
    token: 'hub.verify_token',
    answer: 'text',
  },
]

/** Senders that MAC the body and write a word before the signature, such as `sha256=`. */
export const HMAC_PREFIXED = {
  airtable: {
    title: 'Airtable',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:X-Airtable-Content-MAC',
      items: ['hmac-sha256={sig}'],
      key: '{secret|unbase64}',
      sign: '{body}',
    },
    page: { url: 'https://airtable.com/developers/web/api/webhooks-overview' },
    evidence: 'secondhand',
    caveats: ['The secret is the `macSecretBase64` that the API answers when the webhook is made.'],
  },
  ashby: {
    title: 'Ashby',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:Ashby-Signature',
      items: ['sha256={sig}'],
      sign: '{body}',
    },
    page: { url: 'https://developers.ashbyhq.com/docs/authenticating-webhooks' },
    evidence: 'secondhand',
  },
  autodesk: {
    title: 'Autodesk Platform Services',
    scheme: {
      alg: 'hmac-sha1',
      from: 'header:x-adsk-signature',
      items: ['sha1hash={sig}'],
      sign: '{body}',
    },
    page: { url: 'https://aps.autodesk.com/en/docs/webhooks/v1/developers_guide/overview/' },
    evidence: 'secondhand',
    caveats: ['SHA-1: some tables say SHA-256 and are wrong.'],
  },
  bitbucket: {
    title: 'Bitbucket',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:X-Hub-Signature',
      items: ['sha256={sig}'],
      sign: '{body}',
    },
    page: { url: 'https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/' },
    evidence: 'secondhand',
    deliveryId: 'header:X-Request-UUID',
  },
  cursor: {
    title: 'Cursor',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:x-webhook-signature',
      items: ['sha256={sig}'],
      sign: '{body}',
    },
    page: { url: 'https://docs.cursor.com/account/cloud-agent-webhooks' },
    evidence: 'secondhand',
    deliveryId: 'header:x-webhook-id',
  },
  doppler: {
    title: 'Doppler',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:X-Doppler-Signature',
      items: ['sha256={sig}'],
      sign: '{body}',
    },
    page: { url: 'https://docs.doppler.com/docs/webhooks' },
    evidence: 'library',
    read: '@hookflo/tern 4.1.0',
  },
  easypost: {
    title: 'EasyPost',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:X-Hmac-Signature',
      items: ['hmac-sha256-hex={sig}'],
      key: '{secret|nfkd}',
      sign: '{body}',
    },
    page: { url: 'https://docs.easypost.com/guides/webhooks-guide' },
    evidence: 'sdk',
    read: '@easypost/api 8.9.0',
    caveats: [
      'The secret is normalised (NFKD) before it is the key.',
      'EasyPost\'s own library rewrites `"weight": 5` to `5.0` before it hashes; the bytes as received are verified here.',
    ],
  },
  enode: {
    title: 'Enode',
    scheme: {
      alg: 'hmac-sha1',
      from: 'header:x-enode-signature',
      items: ['sha1={sig}'],
      sign: '{body}',
    },
    page: { url: 'https://developers.enode.com/docs/webhooks' },
    evidence: 'secondhand',
    deliveryId: 'header:x-enode-delivery',
  },
  facebook: {
    title: 'Facebook',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:X-Hub-Signature-256',
      items: ['sha256={sig}'],
      sign: '{body}',
    },
    page: { url: 'https://developers.facebook.com/docs/graph-api/webhooks/getting-started' },
    evidence: 'library',
    read: '@kapso 0.3.0',
    challenge:
      'a GET with `hub.mode`, `hub.verify_token` and `hub.challenge`, answered with the challenge as text',
    handshake: SUBSCRIBE,
    caveats: ['The key is the app secret, not a token of the page or of the phone number.'],
  },
  fireflies: {
    title: 'Fireflies.ai',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:X-Hub-Signature',
      items: ['sha256={sig}'],
      sign: '{body}',
    },
    page: { url: 'https://docs.fireflies.ai/graphql-api/webhooks-v2' },
    evidence: 'secondhand',
    deliveryId: 'header:x-webhook-delivery-id',
  },
  flexport: {
    title: 'Flexport',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:X-Hub-Signature-256',
      items: ['sha256={sig}'],
      sign: '{body}',
    },
    page: { url: 'https://developers.flexport.com/faq/webhooks/' },
    evidence: 'secondhand',
  },
  github: {
    title: 'GitHub',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:X-Hub-Signature-256',
      items: ['sha256={sig}'],
      sign: '{body}',
    },
    page: {
      title: 'Validating webhook deliveries',
      url: 'https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries',
    },
    evidence: 'sdk',
    read: '@octokit/webhooks-methods 6.0.0',
    timeout: 10_000,
    deliveryId: 'header:X-GitHub-Delivery',
    setup: 'Repository or organization > Settings > Webhooks > Add webhook > Secret',
    failure: {
      does: 'Does not repeat by itself; a person can redeliver it.',
      url: 'https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries',
    },
    caveats: [
      'Choose the content type `application/json`.',
      'Automatisch registers its `WEBHOOK_SECRET_KEY` as the secret.',
    ],
  },
  'github-sha1': {
    title: 'GitHub, SHA-1',
    scheme: {
      alg: 'hmac-sha1',
      from: 'header:X-Hub-Signature',
      items: ['sha1={sig}'],
      sign: '{body}',
    },
    page: {
      url: 'https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers',
    },
    evidence: 'docs',
    deliveryId: 'header:X-GitHub-Delivery',
    caveats: [
      'For old GitHub Enterprise servers only: others sign with SHA-256 too, preset `github`.',
    ],
  },
  instagram: {
    title: 'Instagram',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:X-Hub-Signature-256',
      items: ['sha256={sig}'],
      sign: '{body}',
    },
    page: { url: 'https://developers.facebook.com/docs/graph-api/webhooks/getting-started' },
    evidence: 'library',
    read: '@kapso 0.3.0',
    challenge:
      'a GET with `hub.mode`, `hub.verify_token` and `hub.challenge`, answered with the challenge as text',
    handshake: SUBSCRIBE,
    caveats: ['The key is the app secret, not a token of the page or of the phone number.'],
  },
  intercom: {
    title: 'Intercom',
    scheme: {
      alg: 'hmac-sha1',
      from: 'header:X-Hub-Signature',
      items: ['sha1={sig}'],
      sign: '{body}',
    },
    page: { url: 'https://developers.intercom.com/docs/webhooks' },
    evidence: 'secondhand',
    deliveryId: 'json:id',
    caveats: ['The key is the client secret of the app.'],
  },
  jira: {
    title: 'Jira',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:X-Hub-Signature',
      items: ['sha256={sig}'],
      sign: '{body}',
    },
    page: { url: 'https://developer.atlassian.com/cloud/jira/platform/webhooks/' },
    evidence: 'secondhand',
    deliveryId: 'header:X-Atlassian-Webhook-Identifier',
    caveats: ['Webhooks of Atlassian Connect apps are signed differently, with a JWT.'],
  },
  messenger: {
    title: 'Messenger',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:X-Hub-Signature-256',
      items: ['sha256={sig}'],
      sign: '{body}',
    },
    page: { url: 'https://developers.facebook.com/docs/graph-api/webhooks/getting-started' },
    evidence: 'library',
    read: '@kapso 0.3.0',
    challenge:
      'a GET with `hub.mode`, `hub.verify_token` and `hub.challenge`, answered with the challenge as text',
    handshake: SUBSCRIBE,
    caveats: ['The key is the app secret, not a token of the page or of the phone number.'],
  },
  'microsoft-teams': {
    title: 'Microsoft Teams, outgoing webhook',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:Authorization',
      items: ['HMAC {sig}'],
      encoding: 'base64',
      key: '{secret|unbase64}',
      sign: '{body}',
    },
    page: {
      url: 'https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/add-outgoing-webhook',
    },
    evidence: 'docs',
    timeout: 5_000,
    setup:
      'Team > Manage team > Apps > Create an outgoing webhook; the security token is shown once',
    caveats: ['Teams shows the answer of the webhook in the channel: use a sync flow.'],
  },
  mollie: {
    title: 'Mollie',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:X-Mollie-Signature',
      items: ['sha256={sig}'],
      sign: '{body}',
    },
    page: { url: 'https://docs.mollie.com/reference/webhooks-best-practices' },
    evidence: 'docs',
    caveats: [
      'The classic webhooks of payments are not signed: they carry an id alone, and this preset refuses them.',
    ],
  },
  notion: {
    title: 'Notion',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:X-Notion-Signature',
      items: ['sha256={sig}'],
      sign: '{body}',
    },
    page: { url: 'https://developers.notion.com/reference/webhooks' },
    evidence: 'sdk',
    read: '@notionhq/client 5.26.0',
    deliveryId: 'json:id',
    challenge: 'a first POST, unsigned, with `verification_token`; its value becomes the key',
    enrolment: { json: 'verification_token' },
    caveats: [
      'Notion wants its `verification_token` back: paste what stands in the file of `secret` into the form of the subscription.',
    ],
  },
  twitter: {
    title: 'X (Twitter)',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:x-twitter-webhooks-signature',
      items: ['sha256={sig}'],
      encoding: 'base64',
      sign: '{body}',
    },
    page: { url: 'https://docs.x.com/x-api/webhooks/quickstart' },
    evidence: 'secondhand',
    challenge:
      'a GET with `crc_token`, hourly, answered with JSON `{"response_token"}`: an HMAC of the token',
    handshake: [
      {
        kind: 'mac-query',
        method: 'GET',
        value: 'crc_token',
        mac: { grammar: 'token', hash: 'sha256', encoding: 'base64' },
        answer: { json: { response_token: 'sha256={mac}' } },
      },
    ],
    caveats: ['The key is the consumer secret of the app.'],
  },
  typeform: {
    title: 'Typeform',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:Typeform-Signature',
      items: ['sha256={sig}'],
      encoding: 'base64',
      sign: '{body}',
    },
    page: {
      title: 'Secure your webhooks',
      url: 'https://www.typeform.com/developers/webhooks/secure-your-webhooks/',
    },
    evidence: 'source',
    timeout: 30_000,
    deliveryId: 'json:event_id',
    setup: 'Form > Connect > Webhooks > Add a webhook > Edit > Secret',
    failure: {
      does: 'Repeats every 2 to 3 minutes for 10 hours after 408, 423, 429 or 503. A 404 or 410 disables the webhook at once.',
      url: 'https://typeform.com/developers/webhooks',
      repeats: [408, 423, 429, 503],
    },
    caveats: [
      'Automatisch registers its `WEBHOOK_SECRET_KEY` as the secret, and checks the signature again.',
    ],
  },
  whatsapp: {
    title: 'WhatsApp',
    scheme: {
      alg: 'hmac-sha256',
      from: 'header:X-Hub-Signature-256',
      items: ['sha256={sig}'],
      sign: '{body}',
    },
    page: { url: 'https://developers.facebook.com/docs/graph-api/webhooks/getting-started' },
    evidence: 'library',
    read: '@kapso 0.3.0',
    challenge:
      'a GET with `hub.mode`, `hub.verify_token` and `hub.challenge`, answered with the challenge as text',
    handshake: SUBSCRIBE,
    caveats: ['The key is the app secret, not a token of the page or of the phone number.'],
  },
} as const satisfies Readonly<Record<string, Preset>>
