import { ANY, clock, type Encoding, hmac, type Sender, type Unit, written } from './sender.ts'

interface Timed {
  readonly hash?: string
  readonly encoding?: Encoding
  readonly unit?: Unit
  readonly secret?: string
  readonly key?: (secret: string) => string
}

interface Items extends Timed {
  /** How the header is written: `T` is the time, `S` the signature. */
  readonly as?: string
  /** How the signed bytes are written: `T` is the time, `B` the body. */
  readonly signs?: string
}

/** An HMAC over time and body, both written into one header. */
function items(header: string, rules: Items = {}): Sender {
  const { hash = 'sha256', encoding = 'hex', unit = 's', secret = ANY, key } = rules
  const { as = 't=T,v1=S', signs = 'T.B' } = rules
  return {
    secret,
    sign: ({ body, secret, now, seal }) => {
      const time = clock(now, unit)
      const mac = seal(hmac(hash, key?.(secret) ?? secret, ...pieces(signs, time, body)))
      const put: Record<string, string> = { T: time, S: written(mac, encoding) }
      return { headers: [[header, as.replace(/[TS]/g, letter => put[letter] ?? '')]] }
    },
  }
}

interface Headers extends Timed {
  /** The header that carries the time. */
  readonly at: string
  /** What stands before the signature. */
  readonly before?: string
  readonly signs: string
}

/** An HMAC over time and body, the time in a header of its own. */
function headers(header: string, rules: Headers): Sender {
  const { hash = 'sha256', encoding = 'hex', unit = 's', at, before = '', signs } = rules
  return {
    secret: rules.secret ?? ANY,
    sign: ({ body, secret, now, seal }) => {
      const time = clock(now, unit)
      const mac = seal(hmac(hash, secret, ...pieces(signs, time, body)))
      return {
        headers: [
          [at, time],
          [header, before + written(mac, encoding)],
        ],
      }
    },
  }
}

/** `T` is the time, `B` the body, anything else itself. */
function pieces(signs: string, time: string, body: Buffer): (string | Buffer)[] {
  return [...signs].map(letter => {
    if (letter === 'T') return time
    return letter === 'B' ? body : letter
  })
}

const ms = 'ms'
const base64 = 'base64'

/** F2 of the catalog: who signs a time with the body, and how both are written. */
export const TIMED: Readonly<Record<string, Sender>> = {
  stripe: items('Stripe-Signature', {
    as: `t=T,v1=S,v0=${'0'.repeat(64)}`,
    secret: 'whsec_stripe-secret-of-32-characters',
  }),
  mux: items('Mux-Signature'),
  fintoc: items('Fintoc-Signature'),
  workos: items('WorkOS-Signature', { as: 't=T, v1=S', unit: ms }),
  calendly: items('Calendly-Webhook-Signature'),
  persona: items('Persona-Signature', { as: `t=T,v1=${'0'.repeat(64)} t=T,v1=S` }),
  tiktok: items('TikTok-Signature', { as: 't=T,s=S' }),
  recharge: items('X-Recharge-Webhook-Signature'),
  courier: items('courier-signature', { as: 't=T,signature=S', unit: ms }),
  knock: items('x-knock-signature', { as: 't=T,s=S', unit: ms, encoding: base64 }),
  sanity: items('sanity-webhook-signature', { unit: ms, encoding: 'base64url' }),
  'firefly-iii': items('Signature', { hash: 'sha3-256' }),
  buildkite: items('X-Buildkite-Signature', { as: 'timestamp=T,signature=S' }),
  paddle: items('Paddle-Signature', {
    as: 'ts=T;h1=S',
    signs: 'T:B',
    secret: 'pdl_ntfset_01h7x-secret-of-a-destination',
  }),
  elevenlabs: items('ElevenLabs-Signature', { as: 't=T,v0=S' }),
  ascend: items('X-Ascend-Signature', { signs: 'T:B' }),
  dixa: items('X-DIXA-SIGNATURE', { unit: ms }),
  'zoho-payments': items('X-Zoho-Webhook-Signature', { as: 't=T,v=S', unit: ms }),
  ghost: items('X-Ghost-Signature', { as: 'sha256=S, t=T', signs: 'BT', unit: ms }),
  retell: items('X-Retell-Signature', { as: 'v=T,d=S', signs: 'BT', unit: ms }),
  inngest: items('X-Inngest-Signature', {
    as: 't=T&s=S',
    signs: 'BT',
    secret: 'signkey-test-8ee2262a15ac8d3c42d6a840db7af3de2aab08ef632b32a37a687f24b34dba3f',
    key: secret => secret.replace('signkey-test-', ''),
  }),
  nmi: {
    secret: ANY,
    sign: ({ body, secret, seal }) => {
      const mac = seal(hmac('sha256', secret, 'c2f7nonce.', body)).toString('hex')
      return { headers: [['Webhook-Signature', `t=c2f7nonce,s=${mac}`]] }
    },
  },
  slack: headers('X-Slack-Signature', {
    at: 'X-Slack-Request-Timestamp',
    before: 'v0=',
    signs: 'v0:T:B',
    secret: '8f742231b10e8888abcd99yyyzzz85a5',
  }),
  zoom: headers('x-zm-signature', {
    at: 'x-zm-request-timestamp',
    before: 'v0=',
    signs: 'v0:T:B',
  }),
  orb: {
    secret: ANY,
    sign: ({ body, secret, now, seal }) => {
      const time = new Date(now).toISOString().replace('Z', '')
      const mac = seal(hmac('sha256', secret, `v1:${time}:`, body)).toString('hex')
      return {
        headers: [
          ['X-Orb-Timestamp', time],
          ['X-Orb-Signature', `v1=${'0'.repeat(64)} v1=${mac}`],
        ],
      }
    },
  },
  metronome: headers('Metronome-Webhook-Signature', {
    at: 'X-Metronome-Date',
    unit: 'http',
    signs: 'T\nB',
  }),
  statsig: headers('X-Statsig-Signature', {
    at: 'X-Statsig-Request-Timestamp',
    before: 'v0=',
    unit: ms,
    signs: 'v0:T:B',
  }),
  customerio: headers('X-CIO-Signature', { at: 'X-CIO-Timestamp', signs: 'v0:T:B' }),
  faundit: headers('X-Faundit-Signature-Next', { at: 'X-Faundit-Timestamp', signs: 'v1:T:B' }),
  webflow: headers('x-webflow-signature', {
    at: 'x-webflow-timestamp',
    unit: ms,
    signs: 'T:B',
  }),
  front: headers('X-Front-Signature', {
    at: 'X-Front-Request-Timestamp',
    unit: ms,
    encoding: base64,
    signs: 'T:B',
  }),
  zendesk: headers('X-Zendesk-Webhook-Signature', {
    at: 'X-Zendesk-Webhook-Signature-Timestamp',
    unit: 'iso',
    encoding: base64,
    signs: 'TB',
    secret: 'dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==',
  }),
  cashfree: headers('x-webhook-signature', {
    at: 'x-webhook-timestamp',
    unit: ms,
    encoding: base64,
    signs: 'TB',
  }),
  airwallex: headers('x-signature', { at: 'x-timestamp', unit: ms, signs: 'TB' }),
  oura: headers('x-oura-signature', { at: 'x-oura-timestamp', encoding: 'HEX', signs: 'TB' }),
  akeneo: headers('x-akeneo-request-signature', {
    at: 'x-akeneo-request-timestamp',
    signs: 'T.B',
  }),
  synctera: headers('Synctera-Signature', {
    at: 'Request-Timestamp',
    before: `${'0'.repeat(64)}.`,
    signs: 'T.B',
  }),
  pylon: headers('Pylon-Webhook-Signature', {
    at: 'Pylon-Webhook-Timestamp',
    before: 'hs256=',
    signs: 'T.B',
  }),
  revolut: headers('Revolut-Signature', {
    at: 'Revolut-Request-Timestamp',
    before: `v1=${'0'.repeat(64)},v1=`,
    unit: ms,
    signs: 'v1.T.B',
    secret: 'wsk_r59a4HfWVAKycbCaNO1RvgCJec02gRd8',
  }),
  emailit: headers('X-Emailit-Signature', {
    at: 'X-Emailit-Timestamp',
    signs: 'T.B',
    secret: `whsec_${'5f'.repeat(32)}`,
  }),
  twitch: {
    secret: ANY,
    sign: ({ body, secret, now, seal }) => {
      const id = 'e76c6bd4-55c9-4987-8304-da1588d8988b'
      const time = new Date(now).toISOString().replace('Z', '123456Z')
      const mac = seal(hmac('sha256', secret, id, time, body)).toString('hex')
      return {
        headers: [
          ['Twitch-Eventsub-Message-Id', id],
          ['Twitch-Eventsub-Message-Timestamp', time],
          ['Twitch-Eventsub-Message-Signature', `sha256=${mac}`],
        ],
      }
    },
  },
  box: headers('box-signature-primary', {
    at: 'box-delivery-timestamp',
    unit: 'iso',
    encoding: base64,
    signs: 'BT',
  }),
  klaviyo: headers('Klaviyo-Signature', { at: 'Klaviyo-Timestamp', signs: 'BT' }),
  zerohash: headers('x-zh-hook-signature', { at: 'x-zh-hook-timestamp', unit: ms, signs: 'BT' }),
  'sinch-conversation': {
    secret: ANY,
    sign: ({ body, secret, now, seal }) => {
      const time = clock(now, 's')
      const nonce = '01FJA8B4A7BM43YGWSG9GBV067'
      const mac = seal(hmac('sha256', secret, body, `.${nonce}.${time}`)).toString('base64')
      return {
        headers: [
          ['x-sinch-webhook-signature-timestamp', time],
          ['x-sinch-webhook-signature-nonce', nonce],
          ['x-sinch-webhook-signature', mac],
        ],
      }
    },
  },
}
