import { ANY, type Sender } from './sender.ts'

/** The secret itself in a header. */
function shown(header: string, secret = ANY): Sender {
  return {
    secret,
    sign: ({ secret, seal }) => ({ headers: [[header, seal(Buffer.from(secret)).toString()]] }),
  }
}

/** User name and password. */
function basic(): Sender {
  return {
    secret: ANY,
    values: { username: 'hooks' },
    sign: ({ secret, values, seal }) => {
      const both = Buffer.concat([
        Buffer.from(`${values.username}:`),
        seal(Buffer.from(secret)),
      ]).toString('base64')
      return { headers: [['Authorization', `Basic ${both}`]] }
    },
  }
}

/** The secret itself in a field of a JSON body. */
function inside(field: string): Sender {
  return {
    secret: ANY,
    compose: text => JSON.stringify({ text }),
    sign: ({ body, secret, seal }) => {
      const value = JSON.parse(body.toString())
      value[field] = seal(Buffer.from(secret)).toString()
      return { headers: [], body: Buffer.from(JSON.stringify(value)) }
    },
  }
}

/** The secret itself in the URL that the sender was given. */
function called(parameter: string): Sender {
  return {
    secret: ANY,
    sign: ({ secret, url, seal }) => {
      const shown = encodeURIComponent(seal(Buffer.from(secret)).toString('latin1'))
      return { headers: [], target: `${new URL(url).pathname}?${parameter}=${shown}` }
    },
  }
}

/** The secret itself in every item of a batch. */
function inEach(): Sender {
  return {
    secret: ANY,
    compose: text =>
      JSON.stringify({ value: [{ resource: text }, { resource: 'b' }, { resource: 'c' }] }),
    sign: ({ body, secret, seal }) => {
      const { value } = JSON.parse(body.toString())
      for (const item of value) item.clientState = secret
      value.at(-1).clientState = seal(Buffer.from(secret)).toString()
      return { headers: [], body: Buffer.from(JSON.stringify({ value })) }
    },
  }
}

/** F0 of the catalog: who shows the secret instead of signing. */
export const TOKENS: Readonly<Record<string, Sender>> = {
  gitlab: shown('X-Gitlab-Token'),
  telegram: shown('X-Telegram-Bot-Api-Secret-Token', 'telegram_token-of-32-characters_0'),
  chargebee: basic(),
  recurly: basic(),
  pipedrive: basic(),
  postmark: basic(),
  ethoca: basic(),
  deepgram: shown('dg-token'),
  okta: shown('Authorization'),
  'auth0-log-streams': shown('Authorization'),
  huggingface: shown('X-Webhook-Secret'),
  ringcentral: shown('Verification-Token'),
  'buildkite-token': shown('X-Buildkite-Token'),
  revenuecat: shown('Authorization', `Bearer ${ANY}`),
  'azure-devops': basic(),
  flutterwave: shown('verif-hash'),
  figma: inside('passcode'),
  meraki: inside('sharedSecret'),
  cloudprinter: inside('apikey'),
  aircall: inside('token'),
  mailchimp: called('secret'),
  strava: called('secret'),
  'microsoft-graph': inEach(),
  'microsoft-sharepoint': inEach(),
}
