import { createSign, generateKeyPairSync, verify } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { JWT_ALGS } from '../../../src/verify/alg.ts'
import { fromDer, oneSpelling } from '../../../src/verify/ecdsa.ts'

const CURVES = JWT_ALGS.flatMap(({ signature }) => signature?.curve ?? [])
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

t.test('DER gives the same halves as the platform, on every curve', async t => {
  t.equal(CURVES.length, 3)
  for (const curve of CURVES) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curve.name })
    for (let i = 0; i < 60; i++) {
      const der = createSign('sha256').update(`${i}`).sign(privateKey)
      if (der.length > 129) continue // P-521 needs the long form of a length, which no scheme here has
      const halves = fromDer(der, curve)
      if (halves === undefined) return t.fail(`${curve.name}: ${der.toString('hex')}`)
      const input = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
      if (!verify('sha256', Buffer.from(`${i}`), input, halves)) t.fail(der.toString('hex'))
    }
    t.pass(curve.name)
  }
})

t.test('DER has one spelling', async t => {
  const [curve] = CURVES
  if (curve === undefined) return t.fail('no curve')
  const sound = '30 06 02 01 01 02 01 7f'
  t.equal(
    Buffer.from(fromDer(hex(sound), curve) ?? []).toString('hex'),
    `${'0'.repeat(63)}1${'0'.repeat(62)}7f`,
  )
  const wrong = [
    ...['', '30', '30 00', '31 06 02 01 01 02 01 7f', '30 07 02 01 01 02 01 7f'],
    ...['30 05 02 01 01 02 01 7f', '30 81 06 02 01 01 02 01 7f', '30 06 03 01 01 02 01 7f'],
    ...['30 06 02 01 01 03 01 7f', '30 06 02 01 81 02 01 7f', '30 07 02 02 00 01 02 01 7f'],
    ...['30 07 02 01 01 02 01 7f 00', '30 05 02 00 02 01 7f', '30 06 02 01 00 02 01 7f'],
    ...['30 04 02 01 01 02', '30 06 02 05 01 02 01 7f', '30 03 02 01 01'],
    `30 26 02 21 01 ${'ff'.repeat(32)} 02 01 01`,
    `30 27 02 22 00 ${'ff'.repeat(33)} 02 01 01`,
  ]
  for (const der of wrong) t.equal(fromDer(hex(der), curve), undefined, der)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), der => {
      const halves = fromDer(der, curve)
      return halves === undefined || halves.length === 64
    }),
  )
})

t.test('a signature that anybody can write from another counts as that other', async t => {
  for (const curve of CURVES) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curve.name })
    const input = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
    const signer = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const
    const order = BigInt(`0x${curve.order}`)
    for (let i = 0; i < 20; i++) {
      const one = createSign('sha256').update('x').sign(signer)
      const s = BigInt(`0x${one.subarray(curve.bytes).toString('hex')}`)
      const half = (order - s).toString(16).padStart(2 * curve.bytes, '0')
      const other = Buffer.concat([one.subarray(0, curve.bytes), Buffer.from(half, 'hex')])
      if (!verify('sha256', Buffer.from('x'), input, other)) t.fail('the other holds too')
      const spelled = [one, other].map(each =>
        Buffer.from(oneSpelling(each, curve)).toString('hex'),
      )
      if (spelled[0] !== spelled[1]) t.fail(`${curve.name}: ${spelled}`)
    }
    t.pass(curve.name)
  }
})
