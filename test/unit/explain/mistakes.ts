import { generateKeyPairSync, sign } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { FindingCode } from '../../../src/explain/findings.ts'
import type { Scheme } from '../../../src/verify/scheme.ts'
import { hmac, key, NOW, PLAIN, type Prepared, SECRET, signed } from './support.ts'

/** One mistake as it is made, and the one thing that explaining has to say. */
export interface Mistake extends Prepared {
  readonly made: string
  readonly finds: FindingCode | readonly FindingCode[]
  /** What its sentence has to hold. */
  readonly says: RegExp
}

const BODY = '{"id":1,"name":"Zoë"}\n'
const seconds = Math.floor(NOW / 1000)
const HEX_SECRET = Buffer.from(SECRET).toString('hex')
const BASE64_SECRET = Buffer.from(SECRET).toString('base64')
const own = 'X-Acme-Signature'
const mac = (body: string | Uint8Array = BODY) => hmac('sha256', SECRET, body)

const PREFIXED: Scheme = { ...PLAIN, items: ['sha256={sig}'] }
const TIMED: Scheme = {
  ...PLAIN,
  sign: '{header:x-acme-time}.{body}',
  timestamp: { from: '{header:x-acme-time}', unit: 's', tolerance: '5m' },
}
const timed = (time: string | number, secret = SECRET) =>
  [
    ['X-Acme-Time', String(time)],
    [own, hmac('sha256', secret, `${time}.${BODY}`).toString('hex')],
  ] as const
const BY_URL: Scheme = { ...PLAIN, sign: '{url}{body}' }
const called = (url: string) =>
  [
    ['Host', 'hooks.example.com'],
    [own, mac(url + BODY).toString('hex')],
  ] as const
const OURS = { publicUrl: 'https://hooks.example.com' }

const secrets: readonly Mistake[] = [
  {
    made: 'echo wrote the secret into a variable',
    finds: 'secret_newline',
    says: /env:ACME_SECRET has a line end/,
    keys: [key(`${SECRET}\n`)],
    headers: signed(BODY),
  },
  {
    made: 'the sender was given the secret with its line end',
    finds: 'secret_newline',
    says: /lacks the line end/,
    headers: signed(BODY, `${SECRET}\n`),
  },
  {
    made: 'a blank was copied along, at the end',
    finds: 'secret_space',
    says: /has a blank/,
    keys: [key(`${SECRET} `)],
    headers: signed(BODY),
  },
  {
    made: 'a blank was copied along, at the start',
    finds: 'secret_space',
    says: /has a blank/,
    keys: [key(` ${SECRET}`)],
    headers: signed(BODY),
  },
  {
    made: 'quotes of an env file',
    finds: 'secret_quotes',
    says: /in quotes/,
    keys: [key(`"${SECRET}"`)],
    headers: signed(BODY),
  },
  {
    made: 'the prefix was stored, and the sender signs without it',
    finds: 'secret_prefix',
    says: /keeps the prefix whsec_/,
    keys: [key(`whsec_${SECRET}`)],
    headers: signed(BODY),
  },
  {
    made: 'the prefix was left out, and the sender signs with it',
    finds: 'secret_prefix',
    says: /lacks the prefix whsec_/,
    headers: signed(BODY, `whsec_${SECRET}`),
  },
  {
    made: 'a secret of Standard Webhooks under a scheme of text',
    finds: 'secret_base64_decoded',
    says: /decoded by the sender/,
    keys: [key(`whsec_${BASE64_SECRET}`)],
    headers: signed(BODY),
  },
  {
    made: 'encoded twice, as Kubernetes secrets often are',
    finds: 'secret_base64_decoded',
    says: /decoded by the sender/,
    keys: [key(BASE64_SECRET)],
    headers: signed(BODY),
  },
  {
    made: 'the sender signs with the text, and the scheme decodes it',
    finds: 'secret_base64_text',
    says: /used as its text/,
    scheme: { ...PLAIN, key: '{secret|strip:whsec_|unbase64}' },
    keys: [key(`whsec_${BASE64_SECRET}`)],
    headers: signed(BODY, `whsec_${BASE64_SECRET}`),
  },
  {
    made: 'the scheme decodes what is no base64 at all',
    finds: 'secret_base64_text',
    says: /used as its text/,
    scheme: { ...PLAIN, key: '{secret|unbase64}' },
    headers: signed(BODY),
  },
  {
    made: 'a secret in hexadecimal under a scheme of text',
    finds: 'secret_hex_decoded',
    says: /decoded by the sender/,
    keys: [key(HEX_SECRET)],
    headers: signed(BODY),
  },
  {
    made: 'the sender signs with the hexadecimal text',
    finds: 'secret_hex_text',
    says: /used as its text/,
    scheme: { ...PLAIN, key: '{secret|unhex}' },
    keys: [key(HEX_SECRET)],
    headers: signed(BODY, HEX_SECRET),
  },
  {
    made: 'the operator decoded the secret before storing it',
    finds: 'secret_stored_decoded',
    says: /uses its text/,
    headers: signed(BODY, BASE64_SECRET),
  },
  {
    made: 'two entries were given each the secret of the other',
    finds: 'secret_of_other_provider',
    says: /the secret of the provider billing/,
    others: [
      {
        name: 'billing',
        scheme: PLAIN,
        options: {},
        keys: [key('another-secret-of-32-characters0', { name: 'env:BILLING' })],
        problems: [],
      },
    ],
    headers: signed(BODY, 'another-secret-of-32-characters0'),
  },
  {
    made: 'the old secret ended before the sender moved',
    finds: 'secret_expired',
    says: /env:OLD, whose `until` passed at 2026-11-25T09:59:59.999Z/,
    keys: [
      key('the-new-secret-of-32-characters-0'),
      key(SECRET, { name: 'env:OLD', place: 'previous', until: NOW - 1 }),
    ],
    headers: signed(BODY),
  },
  {
    made: 'the reference gives nothing',
    finds: 'secret_unusable',
    says: /names none/,
    keys: [],
    headers: signed(BODY),
  },
]

const written: readonly Mistake[] = [
  {
    made: 'SHA-512 instead of SHA-256',
    finds: 'hash_mixed_up',
    says: /hmac-sha512, and the scheme says hmac-sha256/,
    headers: [[own, hmac('sha512', SECRET, BODY).toString('hex')]],
  },
  {
    made: 'the old header of SHA-1, with its name in front',
    finds: 'hash_mixed_up',
    says: /hmac-sha1/,
    scheme: PREFIXED,
    headers: [[own, `sha1=${hmac('sha1', SECRET, BODY).toString('hex')}`]],
  },
  {
    made: 'base64 instead of hexadecimal',
    finds: 'encoding_mixed_up',
    says: /base64, and the scheme says hex/,
    headers: [[own, mac().toString('base64')]],
  },
  {
    made: 'base64url instead of base64',
    finds: 'encoding_mixed_up',
    says: /base64url, and the scheme says base64/,
    scheme: { ...PLAIN, encoding: 'base64' },
    // some signature has to hold one of the two characters that differ
    body: 'body 10',
    headers: [[own, mac('body 10').toString('base64url')]],
  },
  {
    made: 'the prefix of the scheme is not sent',
    finds: 'prefix_missing',
    says: /without 'sha256='/,
    scheme: PREFIXED,
    headers: [[own, mac().toString('hex')]],
  },
  {
    made: 'a prefix is sent that the scheme lacks',
    finds: 'prefix_unexpected',
    says: /with 'sha256='/,
    headers: [[own, `sha256=${mac().toString('hex')}`]],
  },
  {
    made: 'a bearer token under a scheme of a bare one',
    finds: 'prefix_unexpected',
    says: /with 'Bearer '/,
    scheme: { alg: 'token', from: 'header:authorization' },
    headers: [['Authorization', `Bearer ${SECRET}`]],
  },
]

const LINES = '{"a":1,\n"b":2}'
const bodies: readonly Mistake[] = [
  {
    made: 'a proxy in text mode, LF to CRLF',
    finds: 'body_line_ends',
    says: /CRLF where the sender signed LF/,
    body: LINES.replaceAll('\n', '\r\n'),
    headers: signed(LINES),
  },
  {
    made: 'a proxy in text mode, CRLF to LF',
    finds: 'body_line_ends',
    says: /LF where the sender signed CRLF/,
    body: LINES,
    headers: signed(LINES.replaceAll('\n', '\r\n')),
  },
  {
    made: 'curl --data took the line ends away',
    finds: 'body_line_ends',
    says: /LF where|did not sign|signed LF/,
    body: LINES,
    headers: signed(LINES.replaceAll('\n', '')),
  },
  {
    made: 'a byte order mark was added',
    finds: 'body_bom',
    says: /begins with/,
    body: `\ufeff${LINES}`,
    headers: signed(LINES),
  },
  {
    made: 'a byte order mark was taken away',
    finds: 'body_bom',
    says: /lacks/,
    body: LINES,
    headers: signed(`\ufeff${LINES}`),
  },
  {
    made: 'an editor ended the last line',
    finds: 'body_final_newline',
    says: /that the sender did not sign/,
    body: `${LINES}\n`,
    headers: signed(LINES),
  },
  {
    made: 'curl --data took the last line end away',
    finds: 'body_final_newline',
    says: /lacks the line end/,
    body: LINES,
    headers: signed(`${LINES}\n`),
  },
  {
    made: 'a gateway wrote compact JSON with spaces',
    finds: 'body_reserialised',
    says: /another spelling/,
    body: '{"b": [1, 2.0], "a": "Zoë"}',
    headers: signed('{"b":[1,2.0],"a":"Zoë"}'),
  },
  {
    made: 'a function wrote spaced JSON compact',
    finds: 'body_reserialised',
    says: /another spelling/,
    body: '{"b":[1,2.0],"a":"Zoë"}',
    headers: signed('{"b": [1, 2.0], "a": "Zo\\u00eb"}'),
  },
  {
    made: 'a function wrote indented JSON compact',
    finds: 'body_reserialised',
    says: /another spelling/,
    body: '{"b":[1,{}],"a":"x"}',
    headers: signed(JSON.stringify({ b: [1, {}], a: 'x' }, null, 2)),
  },
  {
    made: 'PHP escaped the slashes',
    finds: 'body_reserialised',
    says: /another spelling/,
    body: '{"url":"https://a.example/b"}',
    headers: signed('{"url":"https:\\/\\/a.example\\/b"}'),
  },
  {
    made: 'a proxy read UTF-8 as Latin-1',
    finds: 'body_charset',
    says: /UTF-8 and the sender signed it in Latin-1/,
    body: 'name=Zoë',
    headers: signed(Buffer.from('name=Zoë', 'latin1')),
  },
  {
    made: 'a proxy wrote Latin-1',
    finds: 'body_charset',
    says: /Latin-1 and the sender signed it in UTF-8/,
    body: Buffer.from('name=Zoë', 'latin1'),
    headers: signed('name=Zoë'),
  },
  {
    made: 'a proxy decompressed what was signed compressed',
    finds: 'body_inflated',
    says: /signed the body compressed \(gzip\)/,
    body: BODY,
    headers: signed(gzipSync(BODY)),
  },
  {
    made: 'something compressed what was signed plain',
    finds: 'body_compressed',
    says: /before it was compressed \(gzip\)/,
    body: gzipSync(BODY),
    headers: signed(BODY),
  },
]

const times: readonly Mistake[] = [
  {
    made: 'milliseconds under a scheme of seconds',
    finds: 'timestamp_unit',
    says: /written in ms, and the scheme says s/,
    scheme: TIMED,
    headers: timed(NOW),
  },
  {
    made: 'seconds under a scheme of milliseconds',
    finds: 'timestamp_unit',
    says: /written in s, and the scheme says ms/,
    scheme: { ...TIMED, timestamp: { from: '{header:x-acme-time}', unit: 'ms', tolerance: '5m' } },
    headers: timed(seconds),
  },
  {
    made: 'the same, in a capture without a time',
    finds: 'timestamp_unit',
    says: /written in s/,
    scheme: { ...TIMED, timestamp: { from: '{header:x-acme-time}', unit: 'ms', tolerance: '5m' } },
    headers: timed(seconds - 86_400),
    atKnown: false,
  },
  {
    made: 'the clock of the sender is behind',
    finds: 'clock_off',
    says: /signed 7m 12s before it was received; 5m are allowed/,
    scheme: TIMED,
    headers: timed(seconds - 432),
  },
  {
    made: 'the clock of the sender is ahead',
    finds: 'clock_off',
    says: /signed 1h after it was received/,
    scheme: TIMED,
    headers: timed(seconds + 3600),
  },
  {
    made: 'an old capture without a time',
    finds: 'clock_off',
    says: /signed 3d before now; the capture does not say when/,
    scheme: TIMED,
    headers: timed(seconds - 3 * 86_400),
    atKnown: false,
  },
  {
    made: 'two mistakes: a wrong clock and a line end in the secret',
    finds: ['secret_newline', 'clock_off'],
    says: /has a line end/,
    scheme: TIMED,
    keys: [key(`${SECRET}\n`)],
    headers: timed(seconds - 432),
  },
  {
    made: 'an old capture without a time, and a line end in the secret',
    finds: 'secret_newline',
    says: /has a line end/,
    scheme: TIMED,
    keys: [key(`${SECRET}\n`)],
    headers: timed(seconds - 86_400),
    atKnown: false,
  },
]

const urls: readonly Mistake[] = [
  {
    made: 'TLS ends before the sender is seen, so http was configured',
    finds: 'url_scheme',
    says: /signed https:\/\/hooks.example.com, and public_url says http:/,
    scheme: BY_URL,
    options: { publicUrl: 'http://hooks.example.com' },
    headers: called('https://hooks.example.com/in/acme'),
  },
  {
    made: 'another name leads here as well',
    finds: 'url_host',
    says: /signed https:\/\/www.example.net/,
    scheme: BY_URL,
    options: OURS,
    headers: [
      ['Host', 'www.example.net'],
      [own, mac(`https://www.example.net/in/acme${BODY}`).toString('hex')],
    ],
  },
  {
    made: 'public_url is that of the machine inside',
    finds: 'url_host',
    says: /signed https:\/\/hooks.example.com, and public_url says http:\/\/10.0.0.7:8443/,
    scheme: BY_URL,
    options: { publicUrl: 'http://10.0.0.7:8443' },
    headers: called('https://hooks.example.com/in/acme'),
  },
  {
    made: 'the sender names the usual port',
    finds: 'url_port',
    says: /signed https:\/\/hooks.example.com:443/,
    scheme: BY_URL,
    options: OURS,
    headers: called('https://hooks.example.com:443/in/acme'),
  },
  {
    made: 'public_url keeps the port of the container',
    finds: 'url_port',
    says: /public_url says https:\/\/hooks.example.com:8443/,
    scheme: BY_URL,
    options: { publicUrl: 'https://hooks.example.com:8443' },
    headers: called('https://hooks.example.com/in/acme'),
  },
  {
    made: 'a proxy takes the last slash away',
    finds: 'url_path',
    says: /with a slash at its end/,
    scheme: BY_URL,
    options: OURS,
    headers: called('https://hooks.example.com/in/acme/'),
  },
  {
    made: 'a proxy takes a prefix away and says so',
    finds: 'url_path',
    says: /x-forwarded-prefix/,
    scheme: BY_URL,
    options: OURS,
    headers: [
      ['X-Forwarded-Prefix', '/hooks'],
      ...called('https://hooks.example.com/hooks/in/acme'),
    ],
  },
]

const { privateKey } = generateKeyPairSync('ed25519')
const heads: readonly Mistake[] = [
  {
    made: 'a gateway wrote the header with underscores',
    finds: 'header_renamed',
    says: /x-acme-signature arrives as X_Acme_Signature/,
    headers: [['X_Acme_Signature', mac().toString('hex')]],
  },
  {
    made: 'a gateway took X- away',
    finds: 'header_renamed',
    says: /arrives as Acme-Signature/,
    headers: [['Acme-Signature', mac().toString('hex')]],
  },
  {
    made: 'a gateway gave the header a name of its own',
    finds: 'header_renamed',
    says: /arrives as x-amzn-remapped-x-acme-signature/,
    headers: [['x-amzn-remapped-x-acme-signature', mac().toString('hex')]],
  },
  {
    made: 'a proxy drops the header',
    finds: 'header_missing',
    says: /x-acme-signature is absent/,
    headers: [['Content-Type', 'application/json']],
  },
  {
    made: 'a proxy drops the header of the signed time',
    finds: 'header_missing',
    says: /x-acme-time is absent/,
    scheme: TIMED,
    headers: timed(seconds).slice(1),
  },
  {
    made: 'a proxy adds the header again',
    finds: 'header_repeated',
    says: /x-acme-signature comes 2 times/,
    headers: [...signed(BODY), ...signed(BODY)],
  },
  {
    made: 'GitHub sends to the entry of another, with the same secret',
    finds: 'wrong_preset',
    says: /preset .*github/,
    headers: [['X-Hub-Signature-256', `sha256=${mac().toString('hex')}`]],
  },
  {
    made: 'Discord sends to the entry of another',
    finds: 'wrong_preset',
    says: /x-signature-ed25519 is there, which the preset discord/,
    headers: [
      ['X-Signature-Timestamp', String(seconds)],
      ['X-Signature-Ed25519', sign(null, Buffer.from(seconds + BODY), privateKey).toString('hex')],
    ],
  },
  {
    made: 'a delivery for another provider of the map came to the path of this one',
    finds: 'wrong_preset',
    says: /as the provider shop of the map signs/,
    others: [
      {
        name: 'shop',
        scheme: { ...PLAIN, from: 'header:x-shop', encoding: 'base64' },
        options: {},
        keys: [key('another-secret-of-32-characters0', { name: 'env:SHOP' })],
        problems: [],
      },
    ],
    headers: [
      ['X-Shop', hmac('sha256', 'another-secret-of-32-characters0', BODY).toString('base64')],
    ],
  },
  {
    made: 'a forgery',
    finds: 'unexplained',
    says: /no secret of the map/,
    headers: [[own, '0'.repeat(64)]],
  },
]

/** At least one for each finding. */
export const MISTAKES: readonly Mistake[] = [
  ...secrets,
  ...written,
  ...bodies,
  ...times,
  ...urls,
  ...heads,
].map(one => ({ body: BODY, ...one }))
