import fc from 'fast-check'
import t from 'tap'
import { REPEATED } from '../../../src/head.ts'
import { formValue, readForm, sortedForm, sortedQuery } from '../../../src/verify/form.ts'

/** The bytes as the platform decodes them, which forgets what is no UTF-8. */
const lossy = (text: string) => Buffer.from(text, 'latin1').toString()
const pairsOf = (text: string) => readForm(text)?.map(({ name, value }) => [name, value])

t.test('pairs are read as the platform reads them, but as bytes', async t => {
  const piece = fc.constantFrom(
    ...'&=+%ab'.split(''),
    '%41',
    '%2B',
    '%c3%a9',
    '%',
    '%4',
    '%zz',
    '&&',
  )
  const text = fc.array(piece, { maxLength: 20 }).map(pieces => pieces.join(''))
  fc.assert(
    fc.property(text, text => {
      const pairs = pairsOf(text)?.map(pair => pair.map(lossy))
      return JSON.stringify(pairs) === JSON.stringify([...new URLSearchParams(text)])
    }),
    { numRuns: 2_000 },
  )
  t.same(pairsOf('a=%ff&b=%E9'), [
    ['a', '\u00ff'],
    ['b', '\u00e9'],
  ])
  t.same(pairsOf(''), [])
})

t.test('a form has at most 1000 pairs, and size costs no more than its length', async t => {
  t.equal(readForm('a=1&'.repeat(1000))?.length, 1000)
  t.equal(readForm('a=1&'.repeat(1001)), undefined)
  t.equal(readForm('&'.repeat(1_000_000))?.length, 0)
  t.equal(readForm('a'.repeat(1_000_000))?.length, 1)
  t.equal(readForm('='.repeat(1_000_000))?.[0]?.value.length, 999_999)
  t.equal(readForm('%'.repeat(1_000_000))?.[0]?.name.length, 1_000_000)
  t.equal(readForm('%41'.repeat(300_000))?.[0]?.name.length, 300_000)
})

t.test('a name that is read must not come twice, however it is written', async t => {
  const value = (text: string) => formValue(readForm(text) ?? [], 'a')
  t.equal(value('a=1&b=2'), '1')
  t.equal(value('b=2'), undefined)
  t.equal(value('a='), '')
  t.equal(value('a'), '')
  t.equal(value('a=1&a=1'), REPEATED)
  t.equal(value('a=1&%61=1'), REPEATED)
  t.equal(value('a=1&a'), REPEATED)
  t.equal(value('A=1'), undefined)
  t.equal(formValue(readForm('__proto__=x') ?? [], '__proto__'), 'x')
  t.equal(formValue(readForm('b=x') ?? [], 'constructor'), undefined)
})

t.test('names are sorted by their bytes, and repeated ones as the order says', async t => {
  const form = readForm('b=2&a=y&B=1&a=x&a=y&%C3%A9=e&aa=0&c') ?? []
  t.equal(sortedForm(form, ''), 'B1ayaxayaa0b2c\u00c3\u00a9e')
  t.equal(sortedForm(form, 'sort'), 'B1axayayaa0b2c\u00c3\u00a9e')
  t.equal(sortedForm(form, 'uniq'), 'B1axayaa0b2c\u00c3\u00a9e')
  t.equal(sortedForm([], 'uniq'), '')
})

t.test('a query is sorted by name and escaped one way', async t => {
  const rows: [string, string][] = [
    ['', ''],
    ['b=2&a=1', 'a=1&b=2'],
    ['a=2&a=1', 'a=2&a=1'],
    ['a=1+2&b=%31%2B', 'a=1%202&b=1%2B'],
    ["a=-_.!~*'()", "a=-_.!~*'()"],
    ['a=/?:@%C3%A9', 'a=%2F%3F%3A%40%C3%A9'],
    ['a', 'a='],
    ['a=%ff', 'a=%FF'],
  ]
  for (const [query, expected] of rows) t.equal(sortedQuery(readForm(query) ?? []), expected, query)
})
