import type { Millis } from '../units.ts'
import type { Scheme } from '../verify/scheme.ts'

/** A known sender: how it signs, and what its entry in the map need not say. */
export interface Preset {
  readonly scheme: Scheme
  /** The sender's own page on its scheme; only those of Svix and Standard Webhooks were read for the timeout too. */
  readonly page: { readonly title: string; readonly url: string }
  /** `sdk`: its official SDK was run against the scheme; `docs`: read from its pages alone. */
  readonly evidence: 'sdk' | 'docs'
  /** How long the sender waits for an answer, where it says so; undefined leaves `answer_within` at its default. */
  readonly timeout: Millis | undefined
  /** Methods the sender uses, where the default list would refuse them. */
  readonly methods?: readonly string[] | undefined
  /** Types the sender uses, where the default list would refuse them. */
  readonly contentTypes?: readonly string[] | undefined
}

const FIVE_MINUTES = '300s'

/** @see "Validating webhook deliveries", "Handling failed webhook deliveries", GitHub Docs */
const github: Preset = {
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
  timeout: 10_000,
}

/** @see "Webhooks", "Webhook receiver requirements", GitLab Docs */
const gitlab: Preset = {
  scheme: { alg: 'token', from: 'header:X-Gitlab-Token' },
  page: {
    title: 'Webhooks',
    url: 'https://docs.gitlab.com/user/project/integrations/webhooks/',
  },
  evidence: 'docs',
  timeout: 10_000,
}

/** @see "setWebhook", Telegram Bot API: it names no timeout */
const telegram: Preset = {
  scheme: { alg: 'token', from: 'header:X-Telegram-Bot-Api-Secret-Token' },
  page: { title: 'setWebhook', url: 'https://core.telegram.org/bots/api#setwebhook' },
  evidence: 'sdk',
  timeout: undefined,
}

/** @see "Secure your webhooks", Typeform Developer Platform */
const typeform: Preset = {
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
  evidence: 'docs',
  timeout: 30_000,
}

/**
 * The key is the whole text that Stripe shows, `whsec_` included.
 *
 * @see "Resolve webhook signature verification errors", Stripe Docs: it names no timeout
 */
const stripe: Preset = {
  scheme: {
    alg: 'hmac-sha256',
    from: 'header:Stripe-Signature',
    split: ',',
    items: ['t={ts}', 'v1={sig}'],
    sign: '{ts}.{body}',
    timestamp: { unit: 's', tolerance: FIVE_MINUTES },
  },
  page: {
    title: 'Resolve webhook signature verification errors',
    url: 'https://docs.stripe.com/webhooks/signatures',
  },
  evidence: 'sdk',
  timeout: undefined,
}

/** @see "Verifying requests from Slack", Slack Developer Docs */
const slack: Preset = {
  scheme: {
    alg: 'hmac-sha256',
    from: 'header:X-Slack-Signature',
    items: ['v0={sig}'],
    sign: 'v0:{header:X-Slack-Request-Timestamp}:{body}',
    timestamp: {
      from: '{header:X-Slack-Request-Timestamp}',
      unit: 's',
      tolerance: FIVE_MINUTES,
    },
  },
  page: {
    title: 'Verifying requests from Slack',
    url: 'https://docs.slack.dev/authentication/verifying-requests-from-slack',
  },
  evidence: 'sdk',
  timeout: 3_000,
}

/** @see "Deliver webhooks through HTTPS", Shopify developer documentation */
const shopify: Preset = {
  scheme: {
    alg: 'hmac-sha256',
    from: 'header:X-Shopify-Hmac-Sha256',
    encoding: 'base64',
    sign: '{body}',
  },
  page: {
    title: 'Deliver webhooks through HTTPS',
    url: 'https://shopify.dev/docs/apps/build/webhooks/subscribe/https',
  },
  evidence: 'sdk',
  timeout: 5_000,
}

/** The key is what follows `whsec_`, decoded. Asymmetric signatures (`v1a`) are passed over. */
const standardKey = '{secret|strip:whsec_|unbase64}'

/** @see "Standard Webhooks", 1.0.0: the lower of the timeouts that it recommends to senders */
const standardWebhooks: Preset = {
  scheme: {
    alg: 'hmac-sha256',
    from: 'header:webhook-signature',
    split: ' ',
    items: ['v1,{sig}'],
    encoding: 'base64',
    key: standardKey,
    sign: '{header:webhook-id}.{header:webhook-timestamp}.{body}',
    timestamp: { from: '{header:webhook-timestamp}', unit: 's', tolerance: FIVE_MINUTES },
  },
  page: {
    title: 'Standard Webhooks',
    url: 'https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md',
  },
  evidence: 'sdk',
  timeout: 15_000,
}

/** @see "Verifying webhooks manually", "Retry schedule", Svix Docs */
const svix: Preset = {
  scheme: {
    alg: 'hmac-sha256',
    from: 'header:svix-signature',
    split: ' ',
    items: ['v1,{sig}'],
    encoding: 'base64',
    key: standardKey,
    sign: '{header:svix-id}.{header:svix-timestamp}.{body}',
    timestamp: { from: '{header:svix-timestamp}', unit: 's', tolerance: FIVE_MINUTES },
  },
  page: {
    title: 'Verifying webhooks manually',
    url: 'https://docs.svix.com/receiving/verifying-payloads/how-manual',
  },
  evidence: 'sdk',
  timeout: 15_000,
}

/** Every preset by the name that the map uses. Without a prototype: a provider may be called `constructor`. */
export const PRESETS: Readonly<Record<string, Preset>> = Object.freeze(
  Object.assign(Object.create(null) as Record<string, Preset>, {
    github,
    gitlab,
    telegram,
    typeform,
    stripe,
    slack,
    shopify,
    'standard-webhooks': standardWebhooks,
    svix,
  }),
)
