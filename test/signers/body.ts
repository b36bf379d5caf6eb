import { createHash } from 'node:crypto'
import { ANY, type Encoding, hmac, type Sender, written } from './sender.ts'

interface Written {
  readonly hash?: string
  /** What stands before the signature. */
  readonly before?: string
  readonly encoding?: Encoding
  readonly secret?: string
  /** What the secret comes to as a key; its own bytes unless said. */
  readonly key?: (secret: string, values: Readonly<Record<string, string>>) => string | Buffer
  readonly values?: Readonly<Record<string, string>>
  /** Headers that go with it. */
  readonly beside?: (values: Readonly<Record<string, string>>) => readonly [string, string][]
}

/** One HMAC over the body, in one header. */
function mac(header: string, rules: Written = {}): Sender {
  const { hash = 'sha256', before = '', encoding = 'hex', secret = ANY, key, values = {} } = rules
  return {
    secret,
    values,
    sign: ({ body, secret, seal, values }) => {
      const signature = seal(hmac(hash, key?.(secret, values) ?? secret, body))
      const beside = rules.beside?.(values) ?? []
      return { headers: [[header, before + written(signature, encoding)], ...beside] }
    },
  }
}

const sha1 = 'sha1'
const sha512 = 'sha512'
const base64 = 'base64'
const unhex = (secret: string) => Buffer.from(secret, 'hex')
const unbase64 = (secret: string) => Buffer.from(secret, 'base64')
const BASE64 = Buffer.from('thirty-two bytes of a random key').toString('base64')
const HEX = '44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056'

/** F1 of the catalog: who MACs the body alone, and how it is written. */
export const BODY: Readonly<Record<string, Sender>> = {
  github: mac('X-Hub-Signature-256', { before: 'sha256=' }),
  'github-sha1': mac('X-Hub-Signature', { hash: sha1, before: 'sha1=' }),
  facebook: mac('X-Hub-Signature-256', { before: 'sha256=' }),
  messenger: mac('X-Hub-Signature-256', { before: 'sha256=' }),
  instagram: mac('X-Hub-Signature-256', { before: 'sha256=' }),
  whatsapp: mac('X-Hub-Signature-256', { before: 'sha256=' }),
  bitbucket: mac('X-Hub-Signature', { before: 'sha256=' }),
  jira: mac('X-Hub-Signature', { before: 'sha256=' }),
  gitea: mac('X-Gitea-Signature'),
  forgejo: mac('X-Forgejo-Signature'),
  gogs: mac('X-Gogs-Signature'),
  flexport: mac('X-Hub-Signature-256', { before: 'sha256=' }),
  fireflies: mac('X-Hub-Signature', { before: 'sha256=' }),
  intercom: mac('X-Hub-Signature', { hash: sha1, before: 'sha1=' }),
  vercel: mac('x-vercel-signature', { hash: sha1 }),
  enode: mac('x-enode-signature', { hash: sha1, before: 'sha1=' }),
  'sinch-numbers': mac('X-Sinch-Signature', { hash: sha1 }),
  shopify: mac('X-Shopify-Hmac-Sha256', { encoding: base64 }),
  woocommerce: mac('X-WC-Webhook-Signature', { encoding: base64 }),
  line: mac('X-Line-Signature', { encoding: base64 }),
  kontent: mac('X-Kontent-ai-Signature', { encoding: base64 }),
  todoist: mac('X-Todoist-Hmac-SHA256', { encoding: base64 }),
  typeform: mac('Typeform-Signature', { before: 'sha256=', encoding: base64 }),
  twitter: mac('x-twitter-webhooks-signature', { before: 'sha256=', encoding: base64 }),
  xero: mac('x-xero-signature', { encoding: base64 }),
  docusign: mac('X-DocuSign-Signature-1', { encoding: base64 }),
  heroku: mac('Heroku-Webhook-Hmac-SHA256', { encoding: base64 }),
  fastspring: mac('X-FS-Signature', { encoding: base64 }),
  tally: mac('Tally-Signature', { encoding: base64 }),
  commercelayer: mac('X-CommerceLayer-Signature', { encoding: base64 }),
  picqer: mac('X-Picqer-Signature', { encoding: base64 }),
  shiphero: mac('x-shiphero-hmac-sha256', { encoding: base64 }),
  hookdeck: mac('x-hookdeck-signature', { encoding: base64 }),
  aftership: mac('aftership-hmac-sha256', { encoding: base64 }),
  freescout: mac('X-FreeScout-Signature', {
    hash: sha1,
    encoding: base64,
    secret: 'base64:bm90IHRoZSByZWFsIGtleSBvZiBhbnlib2R5ISEhISE=',
    key: secret => createHash('md5').update(`${secret}webhook_key`).digest('hex'),
  }),
  surveymonkey: mac('Sm-Signature', {
    hash: sha1,
    encoding: base64,
    values: { key_id: 'client-id-1' },
    key: (secret, values) => `${values.key_id}&${secret}`,
  }),
  airtable: mac('X-Airtable-Content-MAC', {
    before: 'hmac-sha256=',
    secret: BASE64,
    key: unbase64,
  }),
  'microsoft-teams': mac('Authorization', {
    before: 'HMAC ',
    encoding: base64,
    secret: BASE64,
    key: unbase64,
  }),
  'adyen-banking': mac('hmacsignature', { encoding: base64, secret: HEX, key: unhex }),
  easypost: mac('X-Hmac-Signature', {
    before: 'hmac-sha256-hex=',
    secret: 'a-sécret-ﬁt-for-normal-forms',
    key: secret => secret.normalize('NFKD'),
  }),
  notion: mac('X-Notion-Signature', { before: 'sha256=' }),
  pagerduty: mac('X-PagerDuty-Signature', { before: `v1=${'0'.repeat(64)}, v1=` }),
  circleci: mac('circleci-signature', { before: `v2=${'0'.repeat(64)},v1=` }),
  'bridge-api': mac('BridgeApi-Signature', {
    before: `v1=${'0'.repeat(64)},v1=`,
    encoding: 'HEX',
  }),
  cronofy: mac('Cronofy-HMAC-SHA256', {
    before: `${Buffer.alloc(32).toString('base64')},`,
    encoding: base64,
  }),
  scrapfly: mac('X-Scrapfly-Webhook-Signature', { encoding: 'HEX' }),
  paystack: mac('x-paystack-signature', { hash: sha512 }),
  'smile-api': mac('Smile-Signature', { hash: sha512 }),
  upollo: mac('Upollo-Signature', { hash: sha512, before: 't:1700000000000,s0:' }),
  asana: mac('X-Hook-Signature'),
  clio: mac('X-Hook-Signature'),
  mailerlite: mac('Signature'),
  smartsheet: mac('Smartsheet-Hmac-SHA256'),
  razorpay: mac('X-Razorpay-Signature'),
  'coinbase-commerce': mac('X-CC-Webhook-Signature'),
  gocardless: mac('Webhook-Signature'),
  pusher: mac('X-Pusher-Signature', {
    values: { key_id: '278d425bdf160c739803' },
    beside: values => [['X-Pusher-Key', values.key_id ?? '']],
  }),
  viber: mac('X-Viber-Content-Signature'),
  'modern-treasury': mac('X-Signature'),
  mailersend: mac('Signature'),
  onfido: mac('X-SHA2-Signature'),
  nango: mac('X-Nango-Hmac-Sha256'),
  creem: mac('creem-signature'),
  lemonsqueezy: mac('X-Signature'),
  doppler: mac('X-Doppler-Signature', { before: 'sha256=' }),
  sentry: mac('Sentry-Hook-Signature'),
  clickup: mac('X-Signature'),
  placetel: mac('X-PLACETEL-SIGNATURE'),
  nylas: mac('x-nylas-signature'),
  alchemy: mac('X-Alchemy-Signature'),
  smartcar: mac('SC-Signature'),
  uber: mac('X-Uber-Signature'),
  attentive: mac('x-attentive-hmac-sha256'),
  shopline: mac('X-Shopline-Hmac-Sha256'),
  nuvemshop: mac('x-linkedstore-hmac-sha256'),
  ashby: mac('Ashby-Signature', { before: 'sha256=' }),
  cursor: mac('x-webhook-signature', { before: 'sha256=' }),
  dropbox: mac('X-Dropbox-Signature'),
  launchdarkly: mac('X-LD-Signature'),
  'bunny-stream': mac('X-BunnyStream-Signature'),
  aiprise: mac('X-HMAC-SIGNATURE'),
  mollie: mac('X-Mollie-Signature', { before: 'sha256=' }),
  'checkout-com': mac('Cko-Signature'),
  grafana: mac('X-Grafana-Alerting-Signature'),
  nexus: mac('X-Nexus-Webhook-Signature', { hash: sha1 }),
  patreon: mac('X-Patreon-Signature', { hash: 'md5' }),
  segment: mac('X-Signature', { hash: sha1 }),
  'terraform-cloud': mac('X-TFE-Notification-Signature', { hash: sha512 }),
  webex: mac('X-Spark-Signature', { hash: sha1 }),
  autodesk: mac('x-adsk-signature', { hash: sha1, before: 'sha1hash=' }),
  castle: mac('X-Castle-Signature', { encoding: base64 }),
  quickbooks: mac('intuit-signature', { encoding: base64 }),
  linear: {
    secret: ANY,
    compose: (text, now) => JSON.stringify({ action: 'create', text, webhookTimestamp: now }),
    sign: ({ body, secret, seal }) => ({
      headers: [['Linear-Signature', seal(hmac('sha256', secret, body)).toString('hex')]],
    }),
  },
}
