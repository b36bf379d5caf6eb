import fc from 'fast-check'
import t from 'tap'
import { REPEATED } from '../../../src/head.ts'
import { decode, type Encoding } from '../../../src/verify/decode.ts'
import { queryValue } from '../../../src/verify/query.ts'
import { readTime } from '../../../src/verify/time.ts'

const ENCODINGS: Encoding[] = ['hex', 'base64', 'base64url', 'base64+hex']

function encode(bytes: Uint8Array, encoding: Encoding): string {
  const own = Buffer.from(bytes)
  if (encoding !== 'base64+hex') return own.toString(encoding)
  return Buffer.from(own.toString('hex')).toString('base64')
}

t.test('what was encoded decodes to itself, at its own length alone', async t => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 64 })
  fc.assert(
    fc.property(bytes, fc.constantFrom(...ENCODINGS), (bytes, encoding) => {
      const text = encode(bytes, encoding)
      const back = decode(text, encoding, bytes.length)
      const elsewhere = [-1, 1, 2].map(more => decode(text, encoding, bytes.length + more))
      return back !== undefined && Buffer.compare(back, bytes) === 0 && !elsewhere.some(Boolean)
    }),
  )
  t.pass('no counter-example')
})

t.test('what decodes is the one spelling of its bytes', async t => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 6 })
  const put = fc.constantFrom('', ' ', '\n', '=', 'A', 'f', 'g', '+', '-', '_', '/', '\u00e9', '\0')
  const change = fc.tuple(fc.nat(), fc.nat({ max: 2 }), put)
  const changes = fc.array(change, { maxLength: 2 })
  fc.assert(
    fc.property(bytes, fc.constantFrom(...ENCODINGS), changes, (bytes, encoding, changes) => {
      let text = encode(bytes, encoding)
      for (const [at, cut, put] of changes) {
        const place = at % (text.length + 1)
        text = text.slice(0, place) + put + text.slice(place + cut)
      }
      const back = decode(text, encoding, bytes.length)
      return back === undefined || encode(back, encoding) === canonical(text, encoding)
    }),
    { numRuns: 2_000 },
  )
  t.ok(decode('qw==', 'base64url', 1), 'padded')
  t.ok(decode('qw', 'base64url', 1), 'not padded')
  t.notOk(decode('qw=', 'base64url', 1), 'half padded')
  t.notOk(decode('qw', 'base64', 1))
  t.notOk(decode('qx==', 'base64', 1), 'bits beyond the last byte')
})

/** Hexadecimal has two cases, and base64url may be padded: nothing else may differ. */
function canonical(text: string, encoding: Encoding): string {
  switch (encoding) {
    case 'hex':
      return text.toLowerCase()
    case 'base64':
      return text
    case 'base64url':
      return text.replace(/=+$/, '')
    case 'base64+hex': {
      const hex = Buffer.from(text, 'base64')
      return hex.toString('base64') === text
        ? Buffer.from(hex.toString().toLowerCase()).toString('base64')
        : 'not the spelling of any text'
    }
  }
}

t.test('a query parameter reads as the platform reads it, and twice is twice', async t => {
  const piece = fc.constantFrom(
    'a',
    'b',
    '=',
    '&',
    '%61',
    '%C3',
    '%a9',
    '%',
    '%4',
    '+',
    '%26',
    '%3D',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), pieces => {
      const query = pieces.join('')
      // its answer is UTF-8 text and ours is bytes, so names and values are compared where they are ASCII
      const all = new URLSearchParams(`?${query}`).getAll('a')
      const own = queryValue(query, 'a')
      if (all.length > 1) return own === REPEATED
      const [value] = all
      return value === undefined || /[^ -~]/.test(value) ? true : own === value
    }),
  )
  t.equal(queryValue(undefined, 'a'), undefined)
  t.equal(queryValue('', 'a'), undefined)
  t.equal(queryValue('a', 'a'), '')
  t.equal(queryValue('b=1&a=%E9', 'a'), '\u00e9', 'a byte')
  t.equal(queryValue('aa=1&b=a', 'a'), undefined)
})

t.test('a signed time is read strictly in its unit', async t => {
  const noon = Date.UTC(2020, 0, 1, 12)
  const rows: ['s' | 'ms' | 'iso' | 'http', string, number | undefined][] = [
    ['s', '1577880000', noon],
    ['s', '0', 0],
    ['s', '1577880000.5', undefined],
    ['s', '-1', undefined],
    ['s', '1e9', undefined],
    ['s', ' 1', undefined],
    ['s', '157788000000', undefined],
    ['ms', '1577880000000', noon],
    ['ms', '1577880000000000', undefined],
    ['iso', '2020-01-01T12:00:00Z', noon],
    ['iso', '2020-01-01T13:30:00.500+01:30', noon + 500],
    ['iso', '2020-01-01T12:00:00.123456Z', noon + 123],
    ['iso', '2020-01-01t12:00:00z', noon],
    ['iso', '2020-01-01T12:00:00', noon],
    ['iso', '2020-01-01T12:00:00.123456', noon + 123],
    ['iso', '2020-01-01T10:30:00-01:30', noon],
    ['iso', '2020-01-01T12:00:00+0100', undefined],
    ['iso', '2020-01-01T12:00', undefined],
    ['iso', '2020-01-01T12:00:00ZZ', undefined],
    ['iso', '2020-01-01', undefined],
    ['iso', '2020-13-01T12:00:00Z', undefined],
    ['iso', 'Wed, 01 Jan 2020 12:00:00 GMT', undefined],
    ['http', 'Wed, 01 Jan 2020 12:00:00 GMT', noon],
    ['http', 'Wed, 01 Jan 2020 12:00:00 UTC', undefined],
    ['http', 'Wednesday, 01-Jan-20 12:00:00 GMT', undefined],
    ['http', '2020-01-01T12:00:00Z', undefined],
  ]
  for (const [unit, text, time] of rows) t.equal(readTime(text, unit), time, `${unit} ${text}`)
})
