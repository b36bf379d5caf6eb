import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { DIGESTS, Digests, openDigest } from '../../../src/verify/digest.ts'

t.test('every digest agrees with the platform, however the bytes are cut', async t => {
  for (const name of DIGESTS) {
    const oracle = (bytes: Uint8Array) =>
      name === 'crc32' ? String(crc32(bytes)) : createHash(name).update(bytes).digest('latin1')
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat({ max: 300 }), (bytes, cut) => {
        const digest = openDigest(name)
        digest.update(bytes.subarray(0, cut))
        digest.update(bytes.subarray(cut))
        return digest.digest('latin1') === oracle(bytes)
      }),
    )
    t.pass(name)
  }
})

t.test(
  'digests that were asked for can be read as often as one likes, others not at all',
  async t => {
    const digests = new Digests(['md5', 'crc32'])
    digests.update(Buffer.from('a'))
    const md5 = createHash('md5').update('a').digest('latin1')
    t.equal(digests.value('md5'), md5)
    t.equal(digests.value('md5'), md5)
    t.equal(digests.value('crc32'), '3904355907')
    t.equal(digests.value('sha256'), undefined)
  },
)
