import t from 'tap'
import { PRESETS, type Preset } from '../../../src/presets/presets.ts'
import { CLEAN } from '../../../src/reasons.ts'
import { parseMillis } from '../../../src/units.ts'
import { SENDERS } from '../../signers/senders.ts'
import { NOW, pair, type Request, request, verdict } from './support.ts'

/** Whose signature says nothing about the body beside those that show a secret instead of signing. */
const BODY_UNSIGNED = [
  'plivo-v2',
  'mercadopago',
  'mailgun',
  'monday',
  'atlassian-connect',
  'dropbox-sign',
]
/** Whose token says when it ends. */
const ENDING = [
  'messagebird',
  'qstash',
  'livekit',
  'vonage',
  'plaid',
  'monday',
  'wix',
  'atlassian-connect',
]
/** A text that stands in every body and is not hidden by JSON, forms or base64. */
const TEXT = 'MARK'

const flipped = (signature: Buffer): Buffer => {
  const copy = Buffer.from(signature)
  const last = copy.length - 1
  copy[last] = (copy[last] ?? 0) ^ 1
  return copy
}

const shows = ({ scheme }: Preset) => scheme.alg === 'token' || scheme.alg === 'basic'

const isHex = ({ scheme: { encoding = 'hex' } }: Preset) => encoding === 'hex'

/** A request with its signature, wherever it stands, in the other case of letters. */
function inOtherCase(name: string): Request {
  const { sender } = pair(name)
  let raw: Buffer = Buffer.alloc(0)
  const seal = (signature: Buffer): Buffer => {
    raw = signature
    return signature
  }
  const genuine = request(sender, TEXT, { seal })
  const hex = raw.toString('hex')
  const texts = [raw.toString('base64url'), raw.toString('base64'), hex, hex.toUpperCase()]
  const known = [...texts, Buffer.from(hex).toString('base64'), raw.toString('latin1')]
  const any = new RegExp(known.map(text => RegExp.escape(text)).join('|'), 'g')
  const swap = (text: string) => text.replace(any, otherCase)
  const headers = genuine.headers.map(([key, value]) => [key, swap(value)] as const)
  const body = Buffer.from(swap(genuine.body.toString('latin1')), 'latin1')
  const basic = headers.map(
    ([key, value]) => [key, value.replace(/(?<=^Basic ).*/, inside)] as const,
  )
  return { headers: basic, target: swap(genuine.target), body }
}

const otherCase = (text: string): string =>
  text.replace(/[a-z]/gi, one =>
    one === one.toLowerCase() ? one.toUpperCase() : one.toLowerCase(),
  )

/** What Basic authentication carries, in the other case. */
const inside = (text: string): string =>
  Buffer.from(otherCase(Buffer.from(text, 'base64').toString())).toString('base64')

/** Everything of the request that is text, with one text put for another. */
function replaced({ headers, target, body }: Request, text: string, other: string): Request {
  const changed = Buffer.from(body.toString('latin1').replaceAll(text, other), 'latin1')
  return { headers, target, body: changed }
}

t.test('every preset has a signer, and every signer a preset', async t => {
  t.same(Object.keys(SENDERS).sort(), Object.keys(PRESETS).sort())
})

for (const [name, preset] of Object.entries(PRESETS)) {
  t.test(name, async t => {
    const { sender, verifier } = pair(name)

    for (const text of [TEXT, 'ünïcödé ✓', 'x'.repeat(5000)]) {
      t.equal(verdict(verifier, request(sender, text)).verdict, CLEAN, 'its signature is taken')
    }

    const forged = verdict(verifier, request(sender, TEXT, { seal: flipped })).verdict
    t.equal(forged, shows(preset) ? 'token_mismatch' : 'signature_mismatch', 'another is not')

    const changed = replaced(request(sender, TEXT), TEXT, 'MARC')
    const open = shows(preset) || BODY_UNSIGNED.includes(name)
    if (preset.scheme.from !== 'body') {
      t.notOk(changed.body.equals(request(sender, TEXT).body), 'the body is another')
      const verdictOfChanged = verdict(verifier, changed).verdict
      t.equal(verdictOfChanged, open ? CLEAN : 'signature_mismatch', 'with a body changed')
    }

    const genuine = request(sender, TEXT)
    // the type of Dropbox Sign is read with the form, not with the signature
    for (const header of name === 'dropbox-sign' ? [] : genuine.headers) {
      const twice = { ...genuine, headers: [...genuine.headers, header] }
      t.equal(verdict(verifier, twice).verdict, 'signature_malformed', `${header[0]} twice`)
      const absent = { ...genuine, headers: genuine.headers.filter(one => one !== header) }
      t.match(verdict(verifier, absent).verdict, /_missing$/, `${header[0]} absent`)
    }

    const hex = !shows(preset) && preset.scheme.alg !== 'jwt' && isHex(preset)
    const swapped = verdict(verifier, inOtherCase(name)).verdict
    if (hex) t.equal(swapped, CLEAN, 'hexadecimal in either case')
    else t.match(swapped, /_(?:mismatch|malformed)$/, 'not in another case')

    if (ENDING.includes(name)) {
      t.equal(verdict(verifier, genuine, NOW + 86_400_000).verdict, 'timestamp_stale')
    }
    if (preset.scheme.timestamp !== undefined) {
      const tolerance = parseMillis(preset.scheme.timestamp.tolerance) ?? 0
      t.equal(verdict(verifier, genuine, NOW + tolerance).verdict, CLEAN, 'to the last instant')
      t.equal(verdict(verifier, genuine, NOW + tolerance + 1000).verdict, 'timestamp_stale')
      t.equal(verdict(verifier, genuine, NOW - tolerance).verdict, CLEAN, 'from the first instant')
      t.equal(verdict(verifier, genuine, NOW - tolerance - 1000).verdict, 'timestamp_future')
    }
  })
}
