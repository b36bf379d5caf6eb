import { createHmac } from 'node:crypto'
import { SECRETS } from '../../signers/signers.ts'
import { GITHUB, GITLAB, SLACK, STRIPE, type Stage } from '../stage.ts'
import { type Case, type Expected, refused, rows, type Table, taken } from './case.ts'
import { BODY, delivery, ROOMY, signatureOf } from './deliveries.ts'

const TAKEN = taken(BODY)
const MISSING = refused(401, 'signature_missing')
const ODD = refused(401, 'signature_malformed')
const WRONG = refused(401, 'signature_mismatch')
const JSON_TYPE = 'Content-Type: application/json\r\n'

const GOOD = signatureOf(BODY)
const HEX = GOOD.slice('sha256='.length)
const raw = (alg: string, key: string) => createHmac(alg, key).update(BODY)
const github = (...lines: readonly string[]) =>
  delivery({ lines: JSON_TYPE + lines.map(line => `${line}\r\n`).join('') })
const signed = (value: string) => github(`X-Hub-Signature-256: ${value}`)

const BARE = rows([
  ['none', github(), MISSING],
  ['an empty one', signed(''), MISSING],
  ['the prefix alone', signed('sha256='), ODD],
  ['no prefix', signed(HEX), ODD],
  ['a prefix in capitals', signed(`SHA256=${HEX}`), ODD],
  ['another prefix', signed(`sha1=${HEX}`), ODD],
  ['a prefix twice', signed(`sha256=sha256=${HEX}`), ODD],
  [
    'SHA-1 under its own prefix',
    signed(`sha1=${raw('sha1', SECRETS.github ?? '').digest('hex')}`),
    ODD,
  ],
  ['SHA-512', signed(`sha256=${raw('sha512', SECRETS.github ?? '').digest('hex')}`), ODD],
  ['the word none', signed('none'), ODD],
  ['a digit too few', signed(GOOD.slice(0, -1)), ODD],
  ['two digits too few', signed(GOOD.slice(0, -2)), ODD],
  ['a digit too many', signed(`${GOOD}0`), ODD],
  ['two digits too many', signed(`${GOOD}00`), ODD],
  ['a digit that is none', signed(`${GOOD.slice(0, -1)}g`), ODD],
  ['NUL in percent', signed(`${GOOD}%00`), ODD],
  ['digits of another script', signed(`sha256=${'\xef\xbc\x90'.repeat(64)}`), ODD],
  ['quotes', signed(`"${GOOD}"`), ODD],
  ['a space within', signed(`sha256= ${HEX}`), ODD],
  ['a semicolon behind it', signed(`${GOOD};`), ODD],
  ['a comma and another', signed(`${GOOD}, ${GOOD}`), ODD],
  ['another and a comma', signed(`sha256=${'0'.repeat(64)},${GOOD}`), ODD],
  [
    'Base64 in place of hex',
    signed(`sha256=${raw('sha256', SECRETS.github ?? '').digest('base64')}`),
    ODD,
  ],
  ['two lines alike', github(`X-Hub-Signature-256: ${GOOD}`, `X-Hub-Signature-256: ${GOOD}`), ODD],
  [
    'two lines, the first is right',
    github(`X-Hub-Signature-256: ${GOOD}`, `X-Hub-Signature-256: sha256=${'0'.repeat(64)}`),
    ODD,
  ],
  [
    'two lines, the second is right',
    github(`X-Hub-Signature-256: sha256=${'0'.repeat(64)}`, `X-Hub-Signature-256: ${GOOD}`),
    ODD,
  ],
  [
    'two lines in different cases',
    github(`X-Hub-Signature-256: ${GOOD}`, `x-hub-signature-256: ${GOOD}`),
    ODD,
  ],
  ['a name with underscores', github(`X_Hub_Signature_256: ${GOOD}`), MISSING],
  ['the name without its number', github(`X-Hub-Signature: ${GOOD}`), MISSING],
  ['another name', github(`X-Gitlab-Token: ${SECRETS.github}`), MISSING],
  [
    'in the query',
    delivery({ target: `${GITHUB}?X-Hub-Signature-256=${GOOD}`, lines: JSON_TYPE }),
    MISSING,
  ],
  ['in a cookie', github(`Cookie: X-Hub-Signature-256=${GOOD}`), MISSING],
  ['zeros', signed(`sha256=${'0'.repeat(64)}`), WRONG],
  [
    'one bit beside it',
    signed(`sha256=${HEX.replace(/.$/, last => (Number.parseInt(last, 16) ^ 1).toString(16))}`),
    WRONG,
  ],
  ['of another body', signed(signatureOf('{"a":2}')), WRONG],
  ['of a body with a line end more', signed(signatureOf(`${BODY}\n`)), WRONG],
  ['of no body', signed(signatureOf('')), WRONG],
  ['under an empty key', signed(`sha256=${raw('sha256', '').digest('hex')}`), WRONG],
  [
    'under the key of another sender',
    signed(`sha256=${raw('sha256', SECRETS.slack ?? '').digest('hex')}`),
    WRONG,
  ],
  ['the plain hash', signed(`sha256=${createHmac('sha256', BODY).digest('hex')}`), WRONG],
  ['the right one in capitals', signed(`sha256=${HEX.toUpperCase()}`), TAKEN],
  ['the right one behind white space', github(`X-Hub-Signature-256: \t ${GOOD} \t`), TAKEN],
  ['the right one under a name in capitals', github(`X-HUB-SIGNATURE-256: ${GOOD}`), TAKEN],
])

/** A case whose bytes hold the time at which they are sent. */
function timed(
  target: string,
  list: readonly (readonly [what: string, lines: (now: number) => string, expected: Expected])[],
): Case[] {
  return list.map(([what, lines, expected]) => ({
    what,
    ...expected,
    send: (connection, on: Stage) => {
      const now = Math.floor(on.clock.wall() / 1000)
      return connection.write(delivery({ target, lines: `${JSON_TYPE}${lines(now)}\r\n` }))
    },
  }))
}

const mac = (name: 'stripe' | 'slack', signs: string) =>
  createHmac('sha256', SECRETS[name] ?? '')
    .update(`${signs}${BODY}`)
    .digest('hex')
const v1 = (at: number | string) => `v1=${mac('stripe', `${at}.`)}`
const stripe = (at: number | string, shown = at) => `Stripe-Signature: t=${shown},${v1(at)}`

const IN_ITEMS = timed(STRIPE, [
  ['as it should be', now => stripe(now), TAKEN],
  ['without a time', now => `Stripe-Signature: ${v1(now)}`, refused(401, 'timestamp_missing')],
  ['without a signature', now => `Stripe-Signature: t=${now}`, ODD],
  ['an empty time', () => `Stripe-Signature: t=,${v1('')}`, refused(401, 'timestamp_missing')],
  ['two times', now => `Stripe-Signature: t=${now},t=${now - 1},${v1(now)}`, ODD],
  ['one time twice', now => `Stripe-Signature: t=${now},t=${now},${v1(now)}`, TAKEN],
  ['another time than the signed', now => stripe(now, now - 1), WRONG],
  ['a time of long ago', now => stripe(now - 301), refused(401, 'timestamp_stale')],
  ['a time that is just in time', now => stripe(now - 299), TAKEN],
  ['a time to come', now => stripe(now + 302), refused(401, 'timestamp_future')],
  ['a time with a sign', now => stripe(`+${now}`), ODD],
  ['a time below nothing', () => stripe('-1'), ODD],
  ['a time with a fraction', now => stripe(`${now}.0`), ODD],
  ['a time with an exponent', () => stripe('1e10'), ODD],
  ['a time in hex', now => stripe(`0x${now.toString(16)}`), ODD],
  ['a time with a space', now => stripe(`${now} `), WRONG],
  ['a time of 30 digits', () => stripe('9'.repeat(30)), ODD],
  ['a time in milliseconds', now => stripe(now * 1000), ODD],
  ['a time that is no number', () => stripe('NaN'), ODD],
  [
    'the older scheme alone',
    now => `Stripe-Signature: t=${now},v0=${mac('stripe', `${now}.`)}`,
    ODD,
  ],
  [
    'a wrong one and the right one',
    now => `Stripe-Signature: t=${now},v1=${'0'.repeat(64)},${v1(now)}`,
    TAKEN,
  ],
  [
    '40 wrong ones and the right one',
    now => `Stripe-Signature: t=${now},${`v1=${'0'.repeat(64)},`.repeat(40)}${v1(now)}`,
    ODD,
  ],
  ['two lines', now => `${stripe(now)}\r\n${stripe(now)}`, ODD],
  ['items between semicolons', now => `Stripe-Signature: t=${now};${v1(now)}`, ODD],
])

const slack = (at: number | string, shown = at) =>
  `X-Slack-Request-Timestamp: ${shown}\r\nX-Slack-Signature: v0=${mac('slack', `v0:${at}:`)}`

const IN_HEADERS = timed(SLACK, [
  ['as it should be', now => slack(now), TAKEN],
  ['no time', now => slack(now).split('\r\n')[1] ?? '', refused(401, 'timestamp_missing')],
  ['no signature', now => slack(now).split('\r\n')[0] ?? '', MISSING],
  ['an empty time', () => slack(''), refused(401, 'timestamp_missing')],
  ['two times', now => `${slack(now)}\r\nX-Slack-Request-Timestamp: ${now}`, ODD],
  ['another time than the signed', now => slack(now, now + 1), WRONG],
  ['a time of long ago', now => slack(now - 301), refused(401, 'timestamp_stale')],
  ['a time to come', now => slack(now + 302), refused(401, 'timestamp_future')],
  ['a time with a zero before it', now => slack(`0${now}`), TAKEN],
  ['a time with a word', now => slack(`${now}s`), ODD],
  ['a time that moves into the body', now => slack(now, `${now}:`), ODD],
  ['another version', now => slack(now).replace('v0=', 'v1='), ODD],
])

const TOKEN = SECRETS.gitlab ?? ''
const MISMATCH = refused(401, 'token_mismatch')
const gitlab = (...lines: readonly string[]) =>
  delivery({ target: GITLAB, lines: JSON_TYPE + lines.map(line => `${line}\r\n`).join('') })

const TOKENS = rows([
  ['as it should be', gitlab(`X-Gitlab-Token: ${TOKEN}`), TAKEN],
  ['none', gitlab(), MISSING],
  ['an empty one', gitlab('X-Gitlab-Token:'), MISSING],
  ['all but its last letter', gitlab(`X-Gitlab-Token: ${TOKEN.slice(0, -1)}`), MISMATCH],
  ['a letter more', gitlab(`X-Gitlab-Token: ${TOKEN}0`), MISMATCH],
  ['capitals', gitlab(`X-Gitlab-Token: ${TOKEN.toUpperCase()}`), MISMATCH],
  ['twice with a comma', gitlab(`X-Gitlab-Token: ${TOKEN}, ${TOKEN}`), MISMATCH],
  ['on two lines', gitlab(`X-Gitlab-Token: ${TOKEN}`, `X-Gitlab-Token: ${TOKEN}`), ODD],
  ['in Authorization', gitlab(`Authorization: Bearer ${TOKEN}`), MISSING],
  ['the token of another sender', gitlab(`X-Gitlab-Token: ${SECRETS.github}`), MISMATCH],
  ['14 kB', gitlab(`X-Gitlab-Token: ${TOKEN.repeat(400)}`), MISMATCH],
])

export const SIGNATURE: readonly Table[] = [
  { name: 'a bare one', cases: BARE },
  { name: 'with its time in items', cases: IN_ITEMS },
  { name: 'with its time in a header', cases: IN_HEADERS },
  { name: 'a token', cases: TOKENS },
].map(table => ({ ...table, options: { map: ROOMY } }))
