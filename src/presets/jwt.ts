import type { Preset } from './preset.ts'

/** Senders that prove themselves with a JSON Web Token. */
export const JWT = {
  'atlassian-connect': {
    title: 'Atlassian Connect',
    scheme: {
      alg: 'jwt',
      code: 'atlassian-connect',
      from: 'header:Authorization',
      items: ['JWT {sig}'],
      algs: ['HS256'],
      claims: { qsh: '{header:hookwarden-qsh}' },
    },
    page: {
      url: 'https://developer.atlassian.com/cloud/jira/platform/understanding-jwt-for-connect-apps/',
    },
    evidence: 'sdk',
    read: 'atlassian-jwt 2.0.3',
    caveats: [
      'The secret is the `sharedSecret` of one installation, which arrives in its `installed` callback: another site has another secret.',
      'The base URL of the app must have no path: the path that is signed counts from there.',
      'Tokens that a page was given (`context-qsh`) are refused.',
    ],
  },
  fusionauth: {
    title: 'FusionAuth',
    scheme: {
      alg: 'jwt',
      from: 'header:X-FusionAuth-Signature-JWT',
      algs: ['HS256'],
      claims: { request_body_sha256: '{body|sha256|base64}' },
    },
    page: { url: 'https://fusionauth.io/docs/extend/events-and-webhooks/signing' },
    evidence: 'secondhand',
    setup:
      'Settings > Key Master for the key; Settings > Webhooks > the webhook > Security > Sign events',
    caveats: ['This preset takes a shared secret (HS256).'],
  },
  kinde: {
    title: 'Kinde',
    scheme: { alg: 'jwt', from: 'body', algs: ['RS256'] },
    page: { url: 'https://docs.kinde.com/integrate/webhooks/about-webhooks/' },
    evidence: 'sdk',
    read: '@kinde/webhooks 1.0.0',
    contentTypes: ['application/jwt'],
    forwardAs: 'text/plain',
    caveats: [
      'The whole body is the token; `jwks` is read at `/.well-known/jwks.json` of your Kinde domain.',
      'Forwarded as `text/plain`, because Automatisch drops a body of its own type: the flow gets the token as text.',
    ],
  },
  livekit: {
    title: 'LiveKit',
    scheme: {
      alg: 'jwt',
      from: 'header:Authorization',
      algs: ['HS256'],
      claims: { iss: '{key_id}', sha256: '{body|sha256|base64}' },
    },
    page: { url: 'https://docs.livekit.io/home/server/webhooks/' },
    evidence: 'sdk',
    read: 'livekit-server-sdk 2.19.2',
    contentTypes: ['application/webhook+json', 'application/json'],
    forwardAs: 'application/json',
    deliveryId: 'claim:jti',
    caveats: [
      '`key_id` is the API key, the secret its API secret.',
      'Forwarded as `application/json`: Automatisch drops a body of its own type silently.',
    ],
  },
  messagebird: {
    title: 'MessageBird',
    scheme: {
      alg: 'jwt',
      from: 'header:MessageBird-Signature-JWT',
      algs: ['HS256', 'HS384', 'HS512'],
      claims: {
        iss: 'MessageBird',
        url_hash: '{url|sha256|hex}',
        payload_hash: { is: '{body|sha256|hex}', when: 'body' },
      },
    },
    page: { url: 'https://developers.messagebird.com/api/#verifying-http-requests' },
    evidence: 'sdk',
    read: 'messagebird 4.0.1',
    deliveryId: 'claim:jti',
  },
  monday: {
    title: 'monday.com',
    scheme: { alg: 'jwt', from: 'header:Authorization', algs: ['HS256'] },
    page: { url: 'https://developer.monday.com/apps/docs/integration-authorization' },
    evidence: 'secondhand',
    challenge: 'a POST with `challenge`, answered with the same JSON',
    handshake: [
      {
        kind: 'echo-body',
        where: {},
        without: 'event',
        value: 'challenge',
        answer: { json: { challenge: '{value}' } },
      },
    ],
    caveats: [
      'The body is not signed: whoever sees one token can send anything with it until it ends.',
      'Some webhooks carry no token; they are refused.',
    ],
  },
  plaid: {
    title: 'Plaid',
    scheme: {
      alg: 'jwt',
      from: 'header:Plaid-Verification',
      algs: ['ES256'],
      max_age: '300s',
      claims: { request_body_sha256: '{body|sha256|hex}' },
    },
    page: { url: 'https://plaid.com/docs/api/webhooks/webhook-verification/' },
    evidence: 'docs',
    caveats: [
      '`jwks` holds the keys that `/webhook_verification_key/get` answers; a new `kid` means a new key.',
    ],
  },
  qstash: {
    title: 'Upstash QStash',
    scheme: {
      alg: 'jwt',
      from: 'header:Upstash-Signature',
      algs: ['HS256'],
      claims: { iss: 'Upstash', sub: '{url}', body: '{body|sha256|base64url}' },
    },
    page: { url: 'https://upstash.com/docs/qstash/howto/signature' },
    evidence: 'sdk',
    read: '@upstash/qstash 2.12.0',
    deliveryId: 'claim:jti',
    caveats: ['Current and next signing key: list both under `secrets`.'],
  },
  truelayer: {
    title: 'TrueLayer',
    scheme: { alg: 'jwt', code: 'truelayer', from: 'header:Tl-Signature', algs: ['ES512'] },
    page: { url: 'https://github.com/TrueLayer/truelayer-signing' },
    evidence: 'sdk',
    read: 'truelayer-signing 0.2.3',
    caveats: [
      '`jwks` is what TrueLayer publishes at the address that the signature names (`jku`); that address is never followed from here.',
      'The path must be written as registered, without a slash more or less.',
    ],
  },
  vonage: {
    title: 'Vonage',
    scheme: {
      alg: 'jwt',
      from: 'header:Authorization',
      items: ['Bearer {sig}'],
      algs: ['HS256'],
      max_age: '300s',
      claims: { payload_hash: '{body|sha256|hex}' },
    },
    page: { url: 'https://developer.vonage.com/en/getting-started/concepts/webhooks' },
    evidence: 'sdk',
    read: '@vonage/jwt 1.14.0',
    deliveryId: 'claim:jti',
    caveats: ['The token has no end of its own: it is taken for five minutes after `iat`.'],
  },
  wix: {
    title: 'Wix',
    scheme: { alg: 'jwt', from: 'body', algs: ['RS256'] },
    page: {
      url: 'https://dev.wix.com/docs/build-apps/develop-your-app/access/authentication/verify-requests-received-from-wix',
    },
    evidence: 'sdk',
    read: '@wix/sdk 1.21.16',
    timeout: 1_250,
    failure: {
      does: 'Repeats up to 12 times: after 1 and 10 minutes, then at growing intervals of 1 to 12 hours.',
      url: 'https://dev.wix.com/docs/rest/articles/getting-started/webhook-resend-policy',
    },
    caveats: ['The whole body is the token; the public key is shown at the app.'],
  },
} as const satisfies Readonly<Record<string, Preset>>
