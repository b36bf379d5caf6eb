import fc from 'fast-check'
import t from 'tap'
import { Leaks } from '../../../src/forward/leaks.ts'

const SECRET = 'a+secret/of thirty~two?characters'
const leaks = new Leaks([Buffer.from(SECRET), Buffer.from('another secret, of the other')])
const bytes = Buffer.from(SECRET)

t.test('a secret is known in the spellings that senders show it in', async t => {
  for (const [what, value] of [
    ['in clear', SECRET],
    ['that of another provider', 'another secret, of the other'],
    ['base64', bytes.toString('base64')],
    ['base64 without padding', bytes.toString('base64').replaceAll('=', '')],
    ['base64url', bytes.toString('base64url')],
    ['hex', bytes.toString('hex')],
    ['hex in capitals', bytes.toString('hex').toUpperCase()],
    ['behind a scheme', `Bearer ${bytes.toString('base64')}`],
    ['behind any words', `a b ${bytes.toString('hex')}`],
  ] as const) {
    t.ok(leaks.has(value), what)
  }
  t.ok(new Leaks([Buffer.from('naïve pass phrase')]).has(latin1('naïve pass phrase')), 'UTF-8')
})

t.test('what only resembles a secret is none', async t => {
  for (const [what, value] of [
    ['nothing', ''],
    ['a space', ' '],
    ['a part', SECRET.slice(1)],
    ['more', `${SECRET}x`],
    ['another letter', SECRET.replace('s', 'S')],
    ['a scheme alone', 'Bearer '],
  ] as const) {
    t.notOk(leaks.has(value), what)
  }
  t.notOk(new Leaks([]).has(''), 'and without secrets nothing is')
})

t.test('a value is a secret only if it says every byte of one', async t => {
  const text = fc.string({ minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(text, text, (secret, value) => {
      const known = new Leaks([Buffer.from(secret)])
      const last = value.slice(value.lastIndexOf(' ') + 1)
      const says = (said: string) =>
        [said, Buffer.from(said, 'base64'), Buffer.from(said, 'hex')].some(
          read => Buffer.compare(Buffer.from(secret), Buffer.from(read as string)) === 0,
        )
      return known.has(latin1(secret)) && (!known.has(value) || says(value) || says(last))
    }),
  )
  t.pass('no counter-example')
})

/** As a header brings it: bytes as latin-1 text. */
function latin1(text: string): string {
  return Buffer.from(text).toString('latin1')
}
