import type { Scheme } from '../verify/scheme.ts'
import type { Preset } from './preset.ts'

/** Where the key is what follows `whsec_`, decoded. */
const standard: Scheme = {
  alg: 'hmac-sha256',
  from: 'header:webhook-signature',
  split: ' ',
  items: ['v1,{sig}'],
  encoding: 'base64',
  key: '{secret|strip:whsec_|unbase64}',
  sign: '{header:webhook-id}.{header:webhook-timestamp}.{body}',
  timestamp: { from: '{header:webhook-timestamp}', unit: 's', tolerance: '300s' },
}

const viaSvix: Scheme = {
  alg: 'hmac-sha256',
  from: 'header:svix-signature',
  split: ' ',
  items: ['v1,{sig}'],
  encoding: 'base64',
  key: '{secret|strip:whsec_|unbase64}',
  sign: '{header:svix-id}.{header:svix-timestamp}.{body}',
  timestamp: { from: '{header:svix-timestamp}', unit: 's', tolerance: '300s' },
}

/** Where the secret itself is the key, whatever it begins with. */
const textKey: Scheme = {
  alg: 'hmac-sha256',
  from: 'header:webhook-signature',
  split: ' ',
  items: ['v1,{sig}'],
  encoding: 'base64',
  sign: '{header:webhook-id}.{header:webhook-timestamp}.{body}',
  timestamp: { from: '{header:webhook-timestamp}', unit: 's', tolerance: '300s' },
}

/** Senders that sign as Standard Webhooks does, or Svix, where it comes from. */
export const STANDARD_WEBHOOKS = {
  anthropic: {
    title: 'Anthropic',
    scheme: standard,
    page: { url: 'https://platform.claude.com/docs/en/managed-agents/webhooks' },
    evidence: 'sdk',
    read: '@anthropic-ai/sdk 1.12.0',
    deliveryId: 'header:webhook-id',
  },
  clerk: {
    title: 'Clerk',
    scheme: viaSvix,
    page: { url: 'https://clerk.com/docs/webhooks/sync-data' },
    evidence: 'sdk',
    read: '@clerk/backend 3.25.0',
    deliveryId: 'header:svix-id',
    setup: 'Dashboard > Webhooks > Add Endpoint > Signing Secret',
  },
  composio: {
    title: 'Composio',
    scheme: textKey,
    page: { url: 'https://docs.composio.dev/docs/using-triggers' },
    evidence: 'sdk',
    read: '@composio/core 0.17.0',
    deliveryId: 'header:webhook-id',
    caveats: ['The key is the secret as text, not decoded.'],
  },
  'dodo-payments': {
    title: 'Dodo Payments',
    scheme: standard,
    page: { url: 'https://docs.dodopayments.com/developer-resources/webhooks' },
    evidence: 'sdk',
    read: 'dodopayments 2.52.0',
    deliveryId: 'header:webhook-id',
  },
  gemini: {
    title: 'Gemini API, static webhooks',
    scheme: standard,
    page: { url: 'https://ai.google.dev/gemini-api/docs/webhooks' },
    evidence: 'secondhand',
    deliveryId: 'header:webhook-id',
    caveats: ['Dynamic webhooks carry a JWT and are not covered.'],
  },
  'gitlab-signing-token': {
    title: 'GitLab, signing token',
    scheme: standard,
    page: { url: 'https://gitlab.com/gitlab-org/gitlab/-/merge_requests/230944' },
    evidence: 'docs',
    timeout: 10_000,
    deliveryId: 'header:webhook-id',
    setup: 'Project or group > Settings > Webhooks > Add new webhook > Signing token',
    failure: {
      does: 'Disables the webhook for a minute after 4 failures in a row, for longer after each further one (up to a day), and for good after 40. It makes no difference between 4xx and 5xx.',
      url: 'https://gitlab.com/gitlab-org/gitlab/-/merge_requests/166329',
      row: 4,
    },
    caveats: ['Recent versions only; `webhook-id` equals `Idempotency-Key`.'],
  },
  lithic: {
    title: 'Lithic',
    scheme: standard,
    page: { url: 'https://docs.lithic.com/docs/events-api' },
    evidence: 'sdk',
    read: 'lithic 0.145.0',
    deliveryId: 'header:webhook-id',
  },
  liveblocks: {
    title: 'Liveblocks',
    scheme: standard,
    page: { url: 'https://liveblocks.io/docs/platform/webhooks' },
    evidence: 'sdk',
    read: '@liveblocks/node 3.24.2',
    deliveryId: 'header:webhook-id',
  },
  openai: {
    title: 'OpenAI',
    scheme: standard,
    page: { url: 'https://platform.openai.com/docs/guides/webhooks' },
    evidence: 'sdk',
    read: 'openai 6.49.0',
    deliveryId: 'header:webhook-id',
    setup: 'Platform > Settings > Webhooks > Create; the secret is shown once',
    caveats: [
      "OpenAI's own library takes a secret without `whsec_` as text; here it is decoded, as the secret that OpenAI shows wants it.",
    ],
  },
  polar: {
    title: 'Polar',
    scheme: textKey,
    page: { url: 'https://polar.sh/docs/integrate/webhooks/delivery' },
    evidence: 'sdk',
    read: '@polar-sh/sdk 0.49.0',
    deliveryId: 'header:webhook-id',
    caveats: ['The key is the secret as text, not decoded.'],
  },
  replicate: {
    title: 'Replicate',
    scheme: standard,
    page: { url: 'https://replicate.com/docs/topics/webhooks/verify-webhook' },
    evidence: 'sdk',
    read: 'replicate 1.4.0',
    deliveryId: 'header:webhook-id',
  },
  resend: {
    title: 'Resend',
    scheme: viaSvix,
    page: { url: 'https://resend.com/docs/dashboard/webhooks/verify-webhooks-requests' },
    evidence: 'sdk',
    read: 'resend 6.38.0',
    deliveryId: 'header:svix-id',
    setup: 'Dashboard > Webhooks > Add Webhook > Signing Secret',
  },
  seam: {
    title: 'Seam',
    scheme: viaSvix,
    page: { url: 'https://github.com/seamapi/javascript-webhook' },
    evidence: 'sdk',
    read: '@seamapi/webhook 1.2.0',
    deliveryId: 'header:svix-id',
  },
  shipbob: {
    title: 'ShipBob',
    scheme: standard,
    page: { url: 'https://developer.shipbob.com/2026-01/webhooks' },
    evidence: 'secondhand',
    deliveryId: 'header:webhook-id',
  },
  'standard-webhooks': {
    title: 'Standard Webhooks',
    scheme: standard,
    page: {
      title: 'Standard Webhooks',
      url: 'https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md',
    },
    evidence: 'sdk',
    read: 'standardwebhooks 1.1.1',
    timeout: 15_000,
    deliveryId: 'header:webhook-id',
    caveats: [
      'The key is what follows `whsec_`, decoded from base64.',
      'Asymmetric signatures (`v1a`) are passed over: preset `standard-webhooks-asymmetric`.',
    ],
  },
  svix: {
    title: 'Svix',
    scheme: viaSvix,
    page: {
      title: 'Verifying webhooks manually',
      url: 'https://docs.svix.com/receiving/verifying-payloads/how-manual',
    },
    evidence: 'sdk',
    read: 'svix 1.99.1',
    timeout: 15_000,
    deliveryId: 'header:svix-id',
    failure: {
      does: 'Tries again after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h. An endpoint that fails for 5 days is disabled.',
      url: 'https://docs.svix.com/retries',
    },
    caveats: ['The key is what follows `whsec_`, decoded from base64.'],
  },
} as const satisfies Readonly<Record<string, Preset>>
