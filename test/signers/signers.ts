import { sign as acmeErp } from './acme-erp.ts'
import { sign as github } from './github.ts'
import { sign as gitlab } from './gitlab.ts'
import { sign as shopify } from './shopify.ts'
import { sign as slack } from './slack.ts'
import { sign as standardWebhooks } from './standard-webhooks.ts'
import { sign as stripe } from './stripe.ts'
import { sign as svix } from './svix.ts'
import { sign as telegram } from './telegram.ts'
import { sign as typeform } from './typeform.ts'

/**
 * Signs as the sender does, written from the sender's page alone: the second opinion on `src/verify`.
 *
 * @param now wall clock, milliseconds since 1970
 * @returns headers to send, name and value
 */
export type Signer = (body: Uint8Array, secret: string, now: number) => [string, string][]

/** A signer for every preset, and for the custom scheme `acme-erp`. */
export const SIGNERS: Readonly<Record<string, Signer>> = {
  github,
  gitlab,
  telegram,
  typeform,
  stripe,
  slack,
  shopify,
  'standard-webhooks': standardWebhooks,
  svix,
  'acme-erp': acmeErp,
}

/** A secret of the form that each sender hands out; for `standard-webhooks` and `svix` the form is part of the key rule. */
export const SECRETS: Readonly<Record<string, string>> = {
  github: 'github-secret-of-32-characters-00',
  gitlab: 'gitlab-token-of-32-characters-000',
  telegram: 'telegram_token-of-32-characters_0',
  typeform: 'typeform-secret-of-32-characters0',
  stripe: 'whsec_stripe-secret-of-32-characters',
  slack: '8f742231b10e8888abcd99yyyzzz85a5',
  shopify: 'shpss_shopify-secret-of-32-chars0',
  'standard-webhooks': 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  svix: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD',
  'acme-erp': 'acme-secret-of-32-characters-0000',
}
