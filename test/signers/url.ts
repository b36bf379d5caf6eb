import { createHash } from 'node:crypto'
import { ANY, clock, hmac, json, type Outgoing, type Sender } from './sender.ts'

/** Pairs of a form as the sender encoded it. */
function pairs(body: Buffer): [string, string][] {
  return [...new URLSearchParams(body.toString())]
}

/** A form with a name that comes twice, once with the same value. */
function form(text: string): string {
  const fields = new URLSearchParams({ CallSid: 'CA1234567890ABCDE', From: '+14158675309' })
  fields.append('Digits', text)
  fields.append('Tag', 'b')
  fields.append('Tag', 'a')
  fields.append('Tag', 'a')
  return fields.toString()
}

/** Names in order, values of one name as `order` leaves them. */
function sorted(body: Buffer, order: (values: string[]) => string[]): string {
  const fields = pairs(body)
  const names = [...new Set(fields.map(([name]) => name))].sort()
  return names
    .flatMap(name =>
      order(fields.filter(([other]) => other === name).map(([, value]) => value)).map(
        value => name + value,
      ),
    )
    .join('')
}

function path(url: string): string {
  const { pathname, search } = new URL(url)
  return pathname + search
}

/** One MAC over what `signs` says, in base64. */
function over(header: string, hash: string, signs: (out: Outgoing) => (string | Buffer)[]): Sender {
  return {
    secret: ANY,
    sign: out => ({
      headers: [[header, out.seal(hmac(hash, out.secret, ...signs(out))).toString('base64')]],
    }),
  }
}

function overForm(header: string, order: (values: string[]) => string[]): Sender {
  return {
    ...over(header, 'sha1', ({ url, body }) => [url, sorted(body, order)]),
    compose: form,
  }
}

/** F4 of the catalog: who signs the URL, the method, headers or constants. */
export const URLS: Readonly<Record<string, Sender>> = {
  square: over('x-square-hmacsha256-signature', 'sha256', ({ url, body }) => [url, body]),
  trello: over('X-Trello-Webhook', 'sha1', ({ url, body }) => [body, url]),
  favro: {
    ...over('X-Favro-Webhook', 'sha1', ({ url, body }) => [
      JSON.parse(body.toString()).payloadId,
      url,
    ]),
    compose: text => JSON.stringify({ payloadId: text, action: 'updated' }),
  },
  twilio: overForm('X-Twilio-Signature', values => [...new Set(values)].sort()),
  'twilio-json': {
    secret: ANY,
    compose: json,
    sign: ({ url, body, secret, seal }) => {
      const whole = `${url}${url.includes('?') ? '&' : '?'}bodySHA256=${createHash('sha256').update(body).digest('hex')}`
      const mac = seal(hmac('sha1', secret, whole)).toString('base64')
      return { headers: [['X-Twilio-Signature', mac]], target: path(whole) }
    },
  },
  signalwire: overForm('X-SignalWire-Signature', values => values),
  mandrill: overForm('X-Mandrill-Signature', values => values),
  'plivo-v3': {
    secret: ANY,
    compose: form,
    sign: ({ url, body, secret, seal }) => {
      const nonce = '12345678901234567890'
      const fields = sorted(body, values => values.sort())
      const mac = seal(hmac('sha256', secret, `${url}?${fields}.${nonce}`)).toString('base64')
      return {
        headers: [
          ['X-Plivo-Signature-V3', `${Buffer.alloc(32).toString('base64')},${mac}`],
          ['X-Plivo-Signature-V3-Nonce', nonce],
        ],
      }
    },
  },
  'plivo-v2': {
    secret: ANY,
    compose: form,
    sign: ({ url, secret, seal }) => {
      const nonce = '05429567804466091622'
      return {
        headers: [
          ['X-Plivo-Signature-V2', seal(hmac('sha256', secret, url, nonce)).toString('base64')],
          ['X-Plivo-Signature-V2-Nonce', nonce],
        ],
      }
    },
  },
  'hubspot-v3': {
    secret: ANY,
    sign: ({ method, url, body, secret, now, seal }) => {
      const time = clock(now, 'ms')
      const mac = seal(hmac('sha256', secret, method, url, body, time)).toString('base64')
      return {
        headers: [
          ['X-HubSpot-Request-Timestamp', time],
          ['X-HubSpot-Signature-v3', mac],
        ],
      }
    },
  },
  contentful: {
    secret: ANY,
    sign: ({ method, url, body, secret, now, seal }) => {
      const time = clock(now, 'ms')
      const names = 'x-contentful-topic,x-contentful-signed-headers,x-contentful-timestamp'
      const lines = `x-contentful-topic:ContentManagement.Entry.save;x-contentful-signed-headers:${names};x-contentful-timestamp:${time}`
      const head = `${method}\n${path(url)}\n${lines}\n`
      const mac = seal(hmac('sha256', secret, head, body)).toString('hex')
      return {
        headers: [
          ['X-Contentful-Topic', 'ContentManagement.Entry.save'],
          ['X-Contentful-Signed-Headers', names],
          ['X-Contentful-Timestamp', time],
          ['X-Contentful-Signature', mac],
        ],
      }
    },
  },
  mercadopago: {
    secret: ANY,
    compose: json,
    sign: ({ url, secret, now, seal }) => {
      const time = clock(now, 's')
      const whole = `${url}${url.includes('?') ? '&' : '?'}data.id=123456&type=payment`
      const manifest = `id:123456;request-id:bb56a2f1-6aae-46ac-982e-9dcd3581d08e;ts:${time};`
      const mac = seal(hmac('sha256', secret, manifest)).toString('hex')
      return {
        target: path(whole),
        headers: [
          ['x-request-id', 'bb56a2f1-6aae-46ac-982e-9dcd3581d08e'],
          ['x-signature', `ts=${time},v1=${mac}`],
        ],
      }
    },
  },
  linkedin: {
    secret: ANY,
    sign: ({ body, secret, seal }) => ({
      headers: [
        ['X-LI-Signature', seal(hmac('sha256', secret, 'hmacsha256=', body)).toString('hex')],
      ],
    }),
  },
  'tiktok-shop': {
    secret: ANY,
    values: { key_id: '1234567' },
    sign: ({ body, secret, values, seal }) => {
      const mac = seal(hmac('sha256', secret, values.key_id ?? '', body))
      return { headers: [['Authorization', mac.toString('hex')]] }
    },
  },
  solidgate: {
    secret: ANY,
    values: { key_id: 'wh_pk_1' },
    sign: ({ body, secret, values, seal }) => {
      const mac = seal(hmac('sha512', secret, values.key_id ?? '', body, values.key_id ?? ''))
      return { headers: [['signature', Buffer.from(mac.toString('hex')).toString('base64')]] }
    },
  },
}
