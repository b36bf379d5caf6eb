import t from 'tap'
import { CLEAN } from '../../../src/reasons.ts'
import { VECTORS } from '../../vectors/vectors.ts'
import { verdict, verifierOf } from './support.ts'

t.test('every published signature is clean, and its body with one byte changed is not', async t => {
  t.ok(VECTORS.length >= 14)
  for (const vector of VECTORS) {
    const { name, preset, secret, values, public_url: publicUrl, time, method } = vector
    const verifier = verifierOf(preset, { secret, values, publicUrl })
    const sent = { ...vector, body: Buffer.from(vector.body) }
    t.equal(verdict(verifier, sent, time ?? 0, method).verdict, CLEAN, name)
    if (vector.body === '') continue
    const changed = Buffer.from(sent.body)
    // the last small letter: inside what is signed, and still JSON or a form
    changed[changed.findLastIndex(code => code >= 0x61 && code < 0x7a)] = 0x7a
    const forged = verdict(verifier, { ...sent, body: changed }, time ?? 0, method)
    t.equal(forged.verdict, 'signature_mismatch', `${name}, forged`)
  }
})
