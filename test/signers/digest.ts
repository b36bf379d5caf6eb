import { createHash } from 'node:crypto'
import { ANY, clock, hmac, json, type Outgoing, type Sender, type Unit } from './sender.ts'

function digest(hash: string, ...pieces: readonly (string | Uint8Array)[]): Buffer {
  const running = createHash(hash)
  for (const piece of pieces) running.update(piece)
  return running.digest()
}

/** A plain hash over what `signs` says, in hexadecimal. */
function hashed(
  header: string,
  hash: string,
  signs: (out: Outgoing, time: string) => (string | Buffer)[],
  at?: { readonly header: string; readonly unit: Unit },
): Sender {
  return {
    secret: ANY,
    sign: out => {
      const time = at === undefined ? '' : clock(out.now, at.unit)
      const signature = out.seal(digest(hash, ...signs(out, time))).toString('hex')
      return { headers: [...(at ? [[at.header, time] as const] : []), [header, signature]] }
    },
  }
}

/** F5 and F6 of the catalog: plain hashes with the secret inside, and MACs over a digest of the body. */
export const DIGESTS: Readonly<Record<string, Sender>> = {
  'hubspot-v1': hashed('X-HubSpot-Signature', 'sha256', ({ secret, body }) => [secret, body]),
  'hubspot-v2': hashed('X-HubSpot-Signature', 'sha256', ({ secret, method, url, body }) => [
    secret,
    method,
    url,
    body,
  ]),
  cloudinary: hashed('X-Cld-Signature', 'sha1', ({ secret, body }, time) => [body, time, secret], {
    header: 'X-Cld-Timestamp',
    unit: 's',
  }),
  lark: {
    secret: ANY,
    sign: ({ secret, body, now, seal }) => {
      const [time, nonce] = [clock(now, 's'), '1234-nonce']
      return {
        headers: [
          ['X-Lark-Request-Timestamp', time],
          ['X-Lark-Request-Nonce', nonce],
          ['X-Lark-Signature', seal(digest('sha256', time, nonce, secret, body)).toString('hex')],
        ],
      }
    },
  },
  'recharge-legacy': hashed('X-Recharge-Hmac-Sha256', 'sha256', ({ secret, body }) => [
    secret,
    body,
  ]),
  quoter: {
    secret: ANY,
    compose: (text, now) =>
      new URLSearchParams({ data: json(text), timestamp: clock(now, 's') }).toString(),
    sign: ({ secret, body, seal }) => {
      const fields = new URLSearchParams(body.toString())
      const [time, data] = [fields.get('timestamp') ?? '', fields.get('data') ?? '']
      fields.set('hash', seal(digest('md5', secret, time, data)).toString('hex'))
      return { headers: [], body: Buffer.from(fields.toString()) }
    },
  },
  'sinch-voice': {
    secret: Buffer.from('thirty-two bytes of a random key').toString('base64'),
    values: { key_id: '669E367E-6BBA-48AB-AF15-266871C28135' },
    sign: ({ method, url, body, secret, values, now, seal }) => {
      const time = clock(now, 'iso')
      const type = 'application/json; charset=utf-8'
      const lines = [
        method,
        digest('md5', body).toString('base64'),
        type,
        `x-timestamp:${time}`,
        new URL(url).pathname,
      ]
      const mac = seal(hmac('sha256', Buffer.from(secret, 'base64'), lines.join('\n')))
      return {
        headers: [
          ['Content-Type', type],
          ['x-timestamp', time],
          ['Authorization', `application ${values.key_id}:${mac.toString('base64')}`],
        ],
      }
    },
  },
  walmart: {
    secret: ANY,
    sign: ({ method, url, body, secret, now, seal }) => {
      const time = clock(now, 's')
      const { pathname, search } = new URL(url)
      const sha = digest('sha256', body).toString('hex')
      const mac = seal(hmac('sha256', secret, [method, pathname + search, time, sha].join('\n')))
      return {
        headers: [
          ['WM_SEC.TIMESTAMP', time],
          ['WM_SEC.SIGNATURE', mac.toString('base64')],
        ],
      }
    },
  },
  tebex: {
    secret: ANY,
    sign: ({ body, secret, seal }) => {
      const mac = seal(hmac('sha256', secret, digest('sha256', body).toString('hex')))
      return { headers: [['X-Signature', mac.toString('hex')]] }
    },
  },
  'messagebird-legacy': {
    secret: ANY,
    sign: ({ url, body, secret, now, seal }) => {
      const time = clock(now, 's')
      const query = new URL(`${url}?recipient=31612345678&abc=1`)
      query.searchParams.sort()
      const head = `${time}\n${query.searchParams}\n`
      const mac = seal(hmac('sha256', secret, head, digest('sha256', body)))
      return {
        target: `${query.pathname}?recipient=31612345678&abc=1`,
        headers: [
          ['messagebird-request-timestamp', time],
          ['messagebird-signature', mac.toString('base64')],
        ],
      }
    },
  },
}
