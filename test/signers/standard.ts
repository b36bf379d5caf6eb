import { ANY, clock, hmac, type Sender } from './sender.ts'

/** Id, time and signature in three headers whose names begin alike; keys are what follows `whsec_`, decoded. */
function standard(
  headers: string,
  key: (secret: string) => Buffer = secret => Buffer.from(secret.slice('whsec_'.length), 'base64'),
  secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
): Sender {
  return {
    secret,
    sign: ({ body, secret, now, seal }) => {
      const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek'
      const time = clock(now, 's')
      const mac = seal(hmac('sha256', key(secret), `${id}.${time}.`, body)).toString('base64')
      return {
        headers: [
          [`${headers}-id`, id],
          [`${headers}-timestamp`, time],
          [`${headers}-signature`, `v1,${Buffer.alloc(32).toString('base64')} v1,${mac} v1a,AAAA`],
        ],
      }
    },
  }
}

const asText = (secret: string) => Buffer.from(secret)

/** F3 of the catalog: Standard Webhooks, and Svix, where it comes from. */
export const STANDARD: Readonly<Record<string, Sender>> = {
  'standard-webhooks': standard('webhook'),
  svix: standard('svix'),
  clerk: standard('svix'),
  resend: standard('svix'),
  seam: standard('svix'),
  openai: standard('webhook'),
  anthropic: standard('webhook'),
  lithic: standard('webhook'),
  liveblocks: standard('webhook'),
  replicate: standard('webhook'),
  'dodo-payments': standard('webhook'),
  'gitlab-signing-token': standard('webhook'),
  shipbob: standard('webhook'),
  gemini: standard('webhook'),
  polar: standard('webhook', asText, `polar_whs_${ANY}`),
  composio: standard('webhook', asText, `whsec_${ANY}`),
}
