import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { ANY, hmac, type Sender } from './sender.ts'

const ED = generateKeyPairSync('ed25519')
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = (key: typeof ED.publicKey) => String(key.export({ format: 'pem', type: 'spki' }))
const url64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Words of the scheme language that no preset uses, each with a sender that signs so. */
export const LANGUAGE: Readonly<
  Record<string, { readonly scheme: object; readonly sender: Sender }>
> = {
  'hmac-sha384, and a header in small letters': {
    scheme: {
      alg: 'hmac-sha384',
      from: 'header:X-Signature',
      sign: '{header:X-Topic|lower}.{body}',
    },
    sender: {
      secret: ANY,
      sign: ({ body, secret, seal }) => ({
        headers: [
          ['X-Topic', 'Orders/CREATE'],
          ['X-Signature', seal(hmac('sha384', secret, 'orders/create.', body)).toString('hex')],
        ],
      }),
    },
  },
  'sha512 with the secret in it': {
    scheme: { alg: 'sha512', from: 'header:X-Signature', sign: '{body}{secret}' },
    sender: {
      secret: ANY,
      sign: ({ body, secret, seal }) => ({
        headers: [
          [
            'X-Signature',
            seal(createHash('sha512').update(body).update(secret).digest()).toString('hex'),
          ],
        ],
      }),
    },
  },
  'jwt HS512': {
    scheme: jwt('HS512'),
    sender: {
      secret: ANY,
      sign: ({ body, secret, seal }) => {
        const head = tokenHead('HS512', body)
        const mac = seal(hmac('sha512', secret, head)).toString('base64url')
        return { headers: [['X-Token', `${head}.${mac}`]] }
      },
    },
  },
  'jwt EdDSA': {
    scheme: jwt('EdDSA'),
    sender: {
      secret: '',
      values: { public_key: pem(ED.publicKey) },
      sign: ({ body, seal }) => {
        const head = tokenHead('EdDSA', body)
        const signature = seal(sign(null, Buffer.from(head), ED.privateKey))
        return { headers: [['X-Token', `${head}.${signature.toString('base64url')}`]] }
      },
    },
  },
  'jwt RS512': {
    scheme: jwt('RS512'),
    sender: {
      secret: '',
      values: { public_key: pem(RSA.publicKey) },
      sign: ({ body, seal }) => {
        const head = tokenHead('RS512', body)
        const signature = seal(sign('sha512', Buffer.from(head), RSA.privateKey))
        return { headers: [['X-Token', `${head}.${signature.toString('base64url')}`]] }
      },
    },
  },
}

function jwt(alg: string): object {
  return {
    alg: 'jwt',
    from: 'header:X-Token',
    algs: [alg],
    claims: { digest: '{body|sha512|base64url}' },
  }
}

function tokenHead(alg: string, body: Buffer): string {
  const digest = createHash('sha512').update(body).digest('base64url')
  return `${url64({ alg, typ: 'JWT' })}.${url64({ digest })}`
}
