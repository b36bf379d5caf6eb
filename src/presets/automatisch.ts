/** How deliveries to an app of Automatisch can be proven, and what the operator has to do for it. */
export interface WebhookApp {
  /** The preset that fits; undefined where nothing proves the sender. */
  readonly preset?: string
  /** Where the secret is: a reference for the map. */
  readonly secret?: string
  /** Why the sender cannot prove itself, for `scheme: { none: … }`. */
  readonly none?: string
  readonly methods?: readonly string[]
  /** What the scheme needs beside the secret, as the map writes it. */
  readonly values?: string
  /** What is to be done beside the entry. */
  readonly mind: string
}

const AUTOMATISCH = 'env:WEBHOOK_SECRET_KEY'
const GIVEN =
  'Nothing: Automatisch gave the sender its WEBHOOK_SECRET_KEY when the flow was published.'
const ANEW = 'The sender makes a new secret at each publish, and Automatisch drops it'

/** The apps with a webhook trigger. What is not here is a pasted URL, or new. */
export const WEBHOOK_APPS: Readonly<Record<string, WebhookApp>> = {
  github: { preset: 'github', secret: AUTOMATISCH, mind: GIVEN },
  gitlab: {
    preset: 'gitlab',
    secret: AUTOMATISCH,
    mind: `${GIVEN} GitLab sends it in clear: do not sign with the same secret for others.`,
  },
  typeform: { preset: 'typeform', secret: AUTOMATISCH, mind: GIVEN },
  'telegram-bot': {
    preset: 'telegram',
    secret: AUTOMATISCH,
    mind: `${GIVEN} Telegram sends it in clear, takes only A-Za-z0-9_-, and posts to ports 443, 80, 88 and 8443 alone.`,
  },
  clickup: {
    preset: 'clickup',
    secret: 'env:CLICKUP_SECRET',
    mind: `${ANEW}: read webhook.secret from GET /api/v2/team/TEAM/webhook after each publish.`,
  },
  mailerlite: {
    preset: 'mailerlite',
    secret: 'env:MAILERLITE_SECRET',
    mind: `${ANEW}: read it from the API of MailerLite after each publish.`,
  },
  'firefly-iii': {
    preset: 'firefly-iii',
    secret: 'env:FIREFLY_SECRET',
    mind: `${ANEW}: it stands on the page of the webhook in Firefly III.`,
  },
  zendesk: {
    preset: 'zendesk',
    secret: 'env:ZENDESK_SECRET',
    mind: `${ANEW}: read /api/v2/webhooks/ID/signing_secret after each publish.`,
  },
  freescout: {
    preset: 'freescout',
    secret: 'env:FREESCOUT_SECRET',
    mind: 'One secret for the whole FreeScout: the MD5, in hexadecimal, of APP_KEY and "webhook_key".',
  },
  placetel: {
    preset: 'placetel',
    secret: 'env:PLACETEL_SECRET',
    mind: 'Set the shared secret of the account at Placetel. The trigger works by its sync URL alone.',
  },
  surveymonkey: {
    preset: 'surveymonkey',
    secret: 'env:SURVEYMONKEY_SECRET',
    values: 'key_id: ID-OF-THE-APP',
    mind: 'The secret is that of the OAuth app at SurveyMonkey, and key_id its id.',
  },
  twilio: {
    preset: 'twilio',
    secret: 'env:TWILIO_AUTH_TOKEN',
    mind: 'The auth token of the account. The map needs public_url: Twilio signs the whole URL.',
  },
  signalwire: {
    preset: 'signalwire',
    secret: 'env:SIGNALWIRE_SIGNING_KEY',
    mind: 'The signing key of the project. The map needs public_url: SignalWire signs the whole URL.',
  },
  ghost: {
    none: 'Automatisch registers the webhook of Ghost without a secret',
    mind: 'Give the webhook a secret in Ghost, then use the preset ghost. Until then: allow_ips.',
  },
  mailchimp: {
    none: 'Mailchimp signs nothing',
    methods: ['POST', 'GET'],
    mind: 'Mailchimp asks the URL by GET when the flow is published.',
  },
  jotform: {
    none: 'Jotform signs nothing',
    mind: 'Jotform sends multipart/form-data, which has to be allowed in content_types.',
  },
  eventbrite: { none: 'Eventbrite signs nothing', mind: 'Nobody but the URL protects this flow.' },
  'invoice-ninja': {
    none: 'Invoice Ninja signs nothing',
    mind: 'Your own Invoice Ninja has known addresses: allow_ips.',
  },
  'flowers-software': {
    none: 'no signature of flowers-software is known',
    mind: 'Nobody but the URL protects this flow.',
  },
  forms: {
    none: 'the form is filled in by people in a browser',
    mind: 'A browser asks by OPTIONS before it posts, which is not served here: leave this flow to the web interface.',
  },
}

/** What is said of an app that is not in the list. */
export const PASTED: WebhookApp = {
  none: 'say here why this sender cannot prove itself, or give preset and secret instead',
  mind: 'You pasted this URL somewhere. If that sender signs, name its preset (docs/providers/) and its secret.',
}
