/** How deliveries to an app of Automatisch can be proven, and what the operator has to do for it. */
export interface WebhookApp {
  /** The preset that fits; undefined where nothing proves the sender. */
  readonly preset?: string
  /** Where the secret is: a reference for the map. */
  readonly secret?: string
  /** Whether each flow has a secret of its own, so that it needs an entry of its own. */
  readonly each?: true
  /** Why the sender cannot prove itself, for `scheme: { none: … }`. */
  readonly none?: string
  /** What the entry needs beside that, as the map writes it. */
  readonly keys?: readonly string[]
  /** Whether what the sender called is signed, so that the map has to say it. */
  readonly url?: true
  /** What is to be done beside the entry, at the sender above all. */
  readonly mind: string
}

const AUTOMATISCH = 'env:WEBHOOK_SECRET_KEY'
const GIVEN =
  'Nothing to do: Automatisch gave the sender its WEBHOOK_SECRET_KEY when the flow was published.'
const CLEAR = 'It is sent in clear, so do not let others sign with the same secret.'
const ANEW =
  'The sender makes a new secret for each flow at each publish, and Automatisch drops it. After publishing'
const REPORT = 'and put it into the variable; until then its deliveries are refused.'
const IN_THE_URL =
  "To have it proven all the same, put ?secret= and a long random value behind the URL at the sender, and in place of this scheme: secret: env:NAME and scheme: { alg: token, from: 'query:secret' }."

/** The apps with a webhook trigger. What is not here is a pasted URL, or new. */
export const WEBHOOK_APPS: Readonly<Record<string, WebhookApp>> = {
  github: {
    preset: 'github',
    secret: AUTOMATISCH,
    mind: `${GIVEN} GitHub's first delivery is a ping, which runs the flow like any other.`,
  },
  gitlab: { preset: 'gitlab', secret: AUTOMATISCH, mind: `${GIVEN} ${CLEAR}` },
  typeform: {
    preset: 'typeform',
    secret: AUTOMATISCH,
    mind: `${GIVEN} It is checked here and by Automatisch once more.`,
  },
  'telegram-bot': {
    preset: 'telegram',
    secret: AUTOMATISCH,
    mind: `${GIVEN} ${CLEAR} Telegram takes only A-Za-z0-9_- in it (hookwarden keys check), and posts to ports 443, 80, 88 and 8443 alone.`,
  },
  clickup: {
    preset: 'clickup',
    secret: 'env:CLICKUP_SECRET',
    each: true,
    mind: `${ANEW}, read webhook.secret from GET https://api.clickup.com/api/v2/team/TEAM/webhook ${REPORT}`,
  },
  mailerlite: {
    preset: 'mailerlite',
    secret: 'env:MAILERLITE_SECRET',
    each: true,
    mind: `${ANEW}, read secret from GET https://connect.mailerlite.com/api/webhooks/ID ${REPORT}`,
  },
  'firefly-iii': {
    preset: 'firefly-iii',
    secret: 'env:FIREFLY_SECRET',
    each: true,
    mind: `${ANEW}, open the webhook's page in Firefly III (Automation > Webhooks), read its secret ${REPORT} Firefly III calls https URLs alone.`,
  },
  zendesk: {
    preset: 'zendesk',
    secret: 'env:ZENDESK_SECRET',
    each: true,
    mind: `${ANEW}, reveal it in the Admin Center (Apps and integrations > Webhooks) or read GET /api/v2/webhooks/ID/signing_secret ${REPORT}`,
  },
  freescout: {
    preset: 'freescout',
    secret: 'env:FREESCOUT_SECRET',
    mind: "One secret for the whole FreeScout, which its operator works out from the APP_KEY in its .env: printf %s 'APP_KEYwebhook_key' | md5sum",
  },
  placetel: {
    preset: 'placetel',
    secret: 'env:PLACETEL_SECRET',
    mind: 'Set a shared secret for the account at Placetel (Integrations > Webhooks). The trigger of Automatisch works by its sync URL alone.',
  },
  surveymonkey: {
    preset: 'surveymonkey',
    secret: 'env:SURVEYMONKEY_SECRET',
    keys: ['key_id: ID-OF-THE-APP'],
    mind: 'Id and secret are those of the OAuth app that Automatisch is connected with, at developer.surveymonkey.com (My Apps > Settings). Its bodies are relabelled, because Automatisch loses their own type.',
  },
  twilio: {
    preset: 'twilio',
    secret: 'env:TWILIO_AUTH_TOKEN',
    url: true,
    mind: 'The primary auth token of the account (Twilio console, first page). Twilio signs the whole URL: public_url has to be what Automatisch has as WEBHOOK_URL.',
  },
  signalwire: {
    preset: 'signalwire',
    secret: 'env:SIGNALWIRE_SIGNING_KEY',
    url: true,
    mind: 'The signing key of the project, in its dashboard under API. SignalWire signs the whole URL: public_url has to be what Automatisch has as WEBHOOK_URL. Its flow answers the call, so it is served at its sync URL.',
  },
  ghost: {
    none: 'Automatisch registers the webhook of Ghost without a secret',
    mind: 'Ghost signs once the webhook has a secret: set one by PUT /ghost/api/admin/webhooks/ID after each publish, then write preset: ghost and its secret in place of this scheme. Until then let only its address in: allow_ips.',
  },
  mailchimp: {
    preset: 'mailchimp',
    secret: 'env:MAILCHIMP_SECRET',
    mind: 'Mailchimp signs nothing. Choose a long random value, and after each publish put ?secret=VALUE behind the URL in Mailchimp (Audience > Settings > Webhooks). Its GET, by which it tries the URL, is answered here.',
  },
  jotform: {
    none: 'Jotform signs nothing',
    keys: ['content_types: [multipart/form-data]'],
    mind: `Jotform sends forms in parts, which are read whole before Automatisch sees them. ${IN_THE_URL} At Jotform: Settings > Integrations > WebHooks.`,
  },
  eventbrite: {
    none: 'Eventbrite signs nothing',
    mind: `Nobody but the URL protects this flow. ${IN_THE_URL} At Eventbrite: Account > Developer Links > Webhooks.`,
  },
  'invoice-ninja': {
    none: 'Invoice Ninja signs nothing',
    mind: 'Your own Invoice Ninja has known addresses: allow_ips. Or give the webhook a header with a secret (Settings > Account Management > API Webhooks), and in place of this scheme: secret: env:NAME and scheme: { alg: token, from: header:x-secret }.',
  },
  'flowers-software': {
    none: 'no signature of flowers-software is known',
    mind: `Nobody but the URL protects this flow. ${IN_THE_URL}`,
  },
  forms: {
    none: 'the form is filled in by people in a browser',
    mind: 'A browser asks by OPTIONS before it posts, which is not served here: leave this flow to the web interface, by the console lane, and do not take this entry over.',
  },
}

/** What is said of an app that is not in the list. */
export const PASTED: WebhookApp = {
  none: 'say here why this sender cannot prove itself, or give preset and secret instead',
  mind: 'You pasted this URL somewhere. If that sender signs, name its preset (docs/providers/) and its secret.',
}
