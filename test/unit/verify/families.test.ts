import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { CLEAN } from '../../../src/reasons.ts'
import { type Delivery, FAMILIES, type Family, type Signed } from '../../signers/families.ts'
import { pairOf, SECRET, sample } from './collection.ts'
import { judge } from './support.ts'

const NOW = 1_700_000_000_000
/** Text as senders write it; an empty one is absent where it stands in a header. */
const text = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom('{"a":1}', 'a=1&b=2', '\r\n', ' ', '%41', '+', ':', '\u00e9', '0'),
)
const cuts = fc.array(fc.nat({ max: 300 }), { maxLength: 5 })

/** Any delivery of a family. */
function anySigned({ texts, timed, scheme }: Family): fc.Arbitrary<Signed> {
  const all = Object.fromEntries(texts.map(name => [name, text]))
  return fc.record<Record<string, string>>(all).map(signed => ({
    ...signed,
    // the digest in the URL is that of the body
    ...(scheme === 'twilio-json' ? { of: signed.body ?? '' } : {}),
    ...(timed ? { time: String(NOW / 1000) } : {}),
  }))
}

/** The text with one character put in, taken out or changed. */
function changed(text: string, at: number, how: number): string {
  const place = at % (text.length + 1)
  if (how % 3 === 0 || place === text.length) return `${text.slice(0, place)}x${text.slice(place)}`
  const kept = how % 3 === 1 ? '' : text.charAt(place) === 'x' ? 'y' : 'x'
  return (text.slice(0, place) + kept + text.slice(place + 1)).toWellFormed()
}

for (const family of FAMILIES) {
  const { scheme, verifier } = sample(family.scheme)
  const { privateKey } = pairOf(scheme)
  const sent = (delivery: Delivery) => ({ now: NOW, target: '/in/x', ...delivery })
  const whole = (signed: Signed) => family.compose(signed, family.prove(signed, SECRET, privateKey))
  const mismatch = /_mismatch$/

  t.test(`${family.scheme}: what its sender signs is clean, however the body is cut`, async t => {
    fc.assert(
      fc.property(anySigned(family), cuts, (signed, cuts) => {
        const delivery = sent(whole(signed))
        const judged = judge(verifier, delivery)
        assert.equal(judged.verdict, CLEAN)
        assert.equal(judged.proof?.secret, 'current')
        assert.equal(judged.proof?.replay === undefined, !scheme.signsBody)
        assert.equal(judged.skew, family.timed ? 0 : undefined)
        assert.deepEqual(judge(verifier, { ...delivery, cuts }).verdict, CLEAN)
      }),
    )
    t.pass('no counter-example')
  })

  t.test(`${family.scheme}: nothing that is signed can be changed`, async t => {
    const names = [...family.texts, ...(family.timed ? ['time'] : [])]
    if (names.length === 0) return t.pass('nothing is')
    const name = fc.constantFrom(...names)
    fc.assert(
      fc.property(
        anySigned(family),
        name,
        fc.nat(),
        fc.nat(),
        cuts,
        (signed, name, at, how, cuts) => {
          const proof = family.prove(signed, SECRET, privateKey)
          const value = signed[name] ?? ''
          const other = name === 'time' ? String(Number(value) + 1) : changed(value, at, how)
          fc.pre(other !== value && other.isWellFormed() && value.isWellFormed())
          const forged = sent(family.compose({ ...signed, [name]: other }, proof))
          const judged = judge(verifier, { ...forged, cuts })
          // a token brings its own time
          if (family.scheme === 'plaid' && name === 'time') return judged.verdict === CLEAN
          assert.match(String(judged.verdict), mismatch)
          assert.equal(judged.proof, undefined)
          return true
        },
      ),
    )
    t.pass('no counter-example')
  })

  t.test(`${family.scheme}: no character of the proof can be changed`, async t => {
    const [signed] = fc.sample(anySigned(family), 1)
    const proof = family.prove(signed ?? {}, SECRET, privateKey)
    const digits = '0123456789abcdefghijklmnopqrstuvwxyz'
    for (let at = 0; at < proof.length; at++) {
      const char = proof.charAt(at).toLowerCase()
      const other = digits.charAt((digits.indexOf(char) + 1) % digits.length)
      const forged = proof.slice(0, at) + other + proof.slice(at + 1)
      const judged = judge(verifier, sent(family.compose(signed ?? {}, forged)))
      if (judged.verdict === CLEAN || judged.proof !== undefined) t.fail(`${at}: ${forged}`)
    }
    t.pass(`${proof.length} characters`)
  })
}
