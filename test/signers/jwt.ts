import { createHash, createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { ANY, json, type Outgoing, type Sender } from './sender.ts'

const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 })
const EC = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const LARGE = generateKeyPairSync('ec', { namedCurve: 'P-521' })
const RSA_KEYS = JSON.stringify({
  keys: [{ ...RSA.publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256', use: 'sig' }],
})
const EC_KEYS = JSON.stringify({
  keys: [{ ...EC.publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256', use: 'sig' }],
})

const LARGE_KEYS = JSON.stringify({
  keys: [{ ...LARGE.publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES512' }],
})

const url64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A token with the claims, as RFC 7515 writes it. */
function token(alg: 'HS256' | 'RS256' | 'ES256', claims: object, out: Outgoing): string {
  const head = `${url64({ typ: 'JWT', alg, ...(alg === 'HS256' ? {} : { kid: 'k1' }) })}.${url64(claims)}`
  return `${head}.${out.seal(raw(alg, head, out.secret)).toString('base64url')}`
}

function raw(alg: 'HS256' | 'RS256' | 'ES256', head: string, secret: string): Buffer {
  if (alg === 'HS256') return createHmac('sha256', secret).update(head).digest()
  if (alg === 'RS256') return sign('sha256', Buffer.from(head), RSA.privateKey)
  return sign('sha256', Buffer.from(head), { key: EC.privateKey, dsaEncoding: 'ieee-p1363' })
}

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest()
const seconds = (now: number) => Math.floor(now / 1000)

/** A token with claims about the delivery in a header, signed with a shared secret. */
function shared(
  header: string,
  claims: (out: Outgoing) => object,
  before = '',
  values: Readonly<Record<string, string>> = {},
): Sender {
  return {
    secret: ANY,
    values,
    sign: out => ({ headers: [[header, before + token('HS256', claims(out), out)]] }),
  }
}

/** F8 of the catalog: JSON Web Tokens, and what their claims say of the delivery. */
export const JWTS: Readonly<Record<string, Sender>> = {
  messagebird: shared('MessageBird-Signature-JWT', ({ url, body, now }) => ({
    iss: 'MessageBird',
    nbf: seconds(now) - 1,
    exp: seconds(now) + 60,
    jti: 'fb76ef50-8c37-4c2d-bc16-8f8c22d3c8e3',
    url_hash: sha256(url).toString('hex'),
    ...(body.length === 0 ? {} : { payload_hash: sha256(body).toString('hex') }),
  })),
  qstash: shared('Upstash-Signature', ({ url, body, now }) => ({
    iss: 'Upstash',
    sub: url,
    iat: seconds(now),
    nbf: seconds(now) - 1,
    exp: seconds(now) + 300,
    jti: 'jwt_67kxXD6UBAk7DqU6hzuHMDdXFXfP',
    body: sha256(body).toString('base64url'),
  })),
  livekit: shared(
    'Authorization',
    ({ body, values, now }) => ({
      iss: values.key_id,
      nbf: seconds(now) - 1,
      exp: seconds(now) + 300,
      sha256: sha256(body).toString('base64'),
    }),
    '',
    { key_id: 'APIKEY1' },
  ),
  vonage: shared(
    'Authorization',
    ({ body, now }) => ({
      iss: 'Vonage',
      iat: seconds(now),
      jti: 'c5ba8f24-1a14-4c10-bfdf-3fbe8ce511b5',
      payload_hash: sha256(body).toString('hex'),
    }),
    'Bearer ',
  ),
  fusionauth: shared('X-FusionAuth-Signature-JWT', ({ body }) => ({
    request_body_sha256: sha256(body).toString('base64'),
  })),
  monday: shared('Authorization', ({ now }) => ({
    accountId: 1,
    iat: seconds(now),
    exp: seconds(now) + 300,
  })),
  'atlassian-connect': shared(
    'Authorization',
    ({ method, url, now }) => ({
      iss: 'jira:15489595',
      iat: seconds(now),
      exp: seconds(now) + 180,
      qsh: sha256(`${method}&${new URL(url).pathname}&`).toString('hex'),
    }),
    'JWT ',
  ),
  truelayer: {
    secret: '',
    values: { jwks: LARGE_KEYS },
    sign: ({ method, url, body, now, seal }) => {
      const time = new Date(now).toISOString()
      const head = url64({
        alg: 'ES512',
        kid: 'k1',
        tl_version: '2',
        tl_headers: 'X-Tl-Webhook-Timestamp',
      })
      const lines = `${method} ${new URL(url).pathname}\nX-Tl-Webhook-Timestamp: ${time}\n`
      const payload = Buffer.concat([Buffer.from(lines), body]).toString('base64url')
      const key = { key: LARGE.privateKey, dsaEncoding: 'ieee-p1363' } as const
      const signature = seal(sign('sha512', Buffer.from(`${head}.${payload}`), key))
      return {
        headers: [
          ['X-Tl-Webhook-Timestamp', time],
          ['Tl-Signature', `${head}..${signature.toString('base64url')}`],
        ],
      }
    },
  },
  plaid: {
    secret: '',
    values: { jwks: EC_KEYS },
    sign: out => {
      const claims = {
        iat: seconds(out.now),
        request_body_sha256: sha256(out.body).toString('hex'),
      }
      return { headers: [['Plaid-Verification', token('ES256', claims, out)]] }
    },
  },
  wix: {
    secret: '',
    values: { public_key: String(RSA.publicKey.export({ format: 'pem', type: 'spki' })) },
    compose: json,
    sign: out => {
      const claims = {
        data: JSON.stringify({ data: out.body.toString() }),
        iat: seconds(out.now),
        exp: seconds(out.now) + 300,
      }
      return { headers: [], body: Buffer.from(token('RS256', claims, out)) }
    },
  },
  kinde: {
    secret: '',
    values: { jwks: RSA_KEYS },
    compose: json,
    sign: out => {
      const claims = { type: 'user.created', data: out.body.toString(), event_id: 'event_1' }
      return { headers: [], body: Buffer.from(token('RS256', claims, out)) }
    },
  },
}
