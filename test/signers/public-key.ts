import { constants, createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { clock, type Outgoing, type Sender } from './sender.ts'

const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 })
const EC = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ED = generateKeyPairSync('ed25519')

const pem = (key: KeyObject) => String(key.export({ format: 'pem', type: 'spki' }))
const der = (key: KeyObject) => key.export({ format: 'der', type: 'spki' }).toString('base64')
/** The 32 bytes of an Ed25519 key. */
const point = (encoding: BufferEncoding) =>
  Buffer.from(String(ED.publicKey.export({ format: 'jwk' }).x), 'base64url').toString(encoding)

type Signs = (out: Outgoing, time: string) => readonly (string | Uint8Array)[]

const joined = (pieces: readonly (string | Uint8Array)[]) =>
  Buffer.concat(pieces.map(piece => Buffer.from(piece as Uint8Array)))

/** Ed25519 over what `signs` says. */
function ed25519(header: string, key: string, encoding: BufferEncoding, signs: Signs, rest: Rest) {
  return signer(header, { public_key: key }, encoding, signs, rest, bytes =>
    sign(null, bytes, ED.privateKey),
  )
}

function ecdsa(header: string, key: string, signs: Signs, rest: Rest = {}): Sender {
  return signer(header, { public_key: key }, 'base64', signs, rest, bytes =>
    sign('sha256', bytes, EC.privateKey),
  )
}

function rsa(header: string, hash: string, signs: Signs, rest: Rest = {}): Sender {
  return signer(header, { public_key: pem(RSA.publicKey) }, 'base64', signs, rest, bytes =>
    sign(hash, bytes, RSA.privateKey),
  )
}

/** Headers that go with a signature, and values that were agreed on. */
interface Rest {
  readonly headers?: (time: string) => readonly (readonly [string, string])[]
  readonly unit?: 's' | 'iso'
  readonly values?: Readonly<Record<string, string>>
  readonly before?: string
}

function signer(
  header: string,
  key: Readonly<Record<string, string>>,
  encoding: BufferEncoding,
  signs: Signs,
  { headers = () => [], unit = 's', values = {}, before = '' }: Rest,
  raw: (bytes: Buffer) => Buffer,
): Sender {
  return {
    secret: '',
    values: { ...key, ...values },
    sign: out => {
      const time = clock(out.now, unit)
      const signature = out.seal(raw(joined(signs(out, time)))).toString(encoding)
      return { headers: [...headers(time), [header, before + signature]] }
    },
  }
}

const sha = (hash: string, body: Buffer) => createHash(hash).update(body).digest()

/** A notification of SNS with its signature, over a list of its fields that Amazon's page gives. */
function sns(hash: 'sha1' | 'sha256', version: '1' | '2'): Sender {
  const topic = 'arn:aws:sns:eu-central-1:123456789012:hooks'
  const cert = 'https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem'
  return {
    secret: '',
    values: { public_key: pem(RSA.publicKey), cert_url: cert, topic_arn: topic },
    compose: (text, now) =>
      JSON.stringify({
        Type: 'Notification',
        MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
        TopicArn: topic,
        Subject: 'a subject',
        Message: text,
        Timestamp: clock(now, 'iso'),
        SignatureVersion: version,
        SigningCertURL: cert,
      }),
    sign: ({ body, seal }) => {
      const message = JSON.parse(body.toString())
      const text = ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']
        .map(name => `${name}\n${message[name]}\n`)
        .join('')
      message.Signature = seal(sign(hash, Buffer.from(text), RSA.privateKey)).toString('base64')
      return { headers: [], body: Buffer.from(JSON.stringify(message)) }
    },
  }
}

/** F9 of the catalog: signatures made with a private key of the sender. */
export const PUBLIC_KEYS: Readonly<Record<string, Sender>> = {
  discord: ed25519('X-Signature-Ed25519', point('hex'), 'hex', ({ body }, time) => [time, body], {
    headers: time => [['X-Signature-Timestamp', time]],
  }),
  telnyx: ed25519(
    'telnyx-signature-ed25519',
    point('base64'),
    'base64',
    ({ body }, time) => [`${time}|`, body],
    { headers: time => [['telnyx-timestamp', time]] },
  ),
  tokenio: ed25519('token-signature', point('base64url'), 'base64url', ({ body }) => [body], {}),
  fal: ed25519(
    'x-fal-webhook-signature',
    point('base64url'),
    'hex',
    ({ body }, time) => [['req-1', 'user-1', time, sha('sha256', body).toString('hex')].join('\n')],
    {
      headers: time => [
        ['x-fal-webhook-request-id', 'req-1'],
        ['x-fal-webhook-user-id', 'user-1'],
        ['x-fal-webhook-timestamp', time],
      ],
    },
  ),
  'integrated-finance': ed25519(
    'X-Webhook-Signature',
    pem(ED.publicKey),
    'base64',
    ({ body }, time) => [
      [sha('sha512', body).toString('base64'), 'evt-1', time, 'req-1', time, '1'].join('|'),
    ],
    {
      unit: 'iso',
      headers: time => [
        ['X-Webhook-Event-Id', 'evt-1'],
        ['X-Webhook-Event-Timestamp', time],
        ['X-Webhook-Request-Id', 'req-1'],
        ['X-Webhook-Request-Timestamp', time],
        ['X-Webhook-Key-Version', '1'],
      ],
    },
  ),
  'standard-webhooks-asymmetric': ed25519(
    'webhook-signature',
    point('base64'),
    'base64',
    ({ body }, time) => [`msg_1.${time}.`, body],
    {
      before: 'v1,AAAA v1a,',
      headers: time => [
        ['webhook-id', 'msg_1'],
        ['webhook-timestamp', time],
      ],
    },
  ),
  sendgrid: ecdsa(
    'X-Twilio-Email-Event-Webhook-Signature',
    der(EC.publicKey),
    ({ body }, time) => [time, body],
    { headers: time => [['X-Twilio-Email-Event-Webhook-Timestamp', time]] },
  ),
  circle: ecdsa('X-Circle-Signature', der(EC.publicKey), ({ body }) => [body]),
  paypal: rsa(
    'paypal-transmission-sig',
    'sha256',
    ({ body }, time) => [`9f9a1ec0-1|${time}|WH-1|${crc32(body)}`],
    {
      unit: 'iso',
      values: { webhook_id: 'WH-1', cert_url: 'https://api.paypal.com/v1/notifications/certs/1' },
      headers: time => [
        ['paypal-transmission-id', '9f9a1ec0-1'],
        ['paypal-transmission-time', time],
        ['paypal-cert-url', 'https://api.paypal.com/v1/notifications/certs/1'],
      ],
    },
  ),
  'wechat-pay': rsa(
    'Wechatpay-Signature',
    'sha256',
    ({ body }, time) => [`${time}\nnonce-1\n`, body, '\n'],
    {
      headers: time => [
        ['Wechatpay-Timestamp', time],
        ['Wechatpay-Nonce', 'nonce-1'],
      ],
    },
  ),
  fireblocks: rsa('Fireblocks-Signature', 'sha512', ({ body }) => [body]),
  utila: signer(
    'x-utila-signature',
    { public_key: pem(RSA.publicKey) },
    'base64',
    ({ body }) => [body],
    {},
    bytes =>
      sign('sha512', bytes, {
        key: RSA.privateKey,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      }),
  ),
  'aws-sns': sns('sha256', '2'),
  'aws-sns-v1': sns('sha1', '1'),
}
