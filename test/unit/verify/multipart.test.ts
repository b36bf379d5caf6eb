import fc from 'fast-check'
import t from 'tap'
import { readMultipart } from '../../../src/verify/multipart.ts'

const TYPE = 'multipart/form-data; boundary=xYz'
const part = (name: string, value: string, more = '') =>
  `--xYz\r\nContent-Disposition: form-data; name="${name}"\r\n${more}\r\n${value}\r\n`
const END = '--xYz--\r\n'

t.test('fields of a plain form are read byte for byte', async t => {
  const body = part('json', '{"a":"\r\n--x"}') + part('b', '', 'Content-Length: 0\r\n') + END
  t.same(
    [...(readMultipart(TYPE, body) ?? [])],
    [
      ['json', '{"a":"\r\n--x"}'],
      ['b', ''],
    ],
  )
  t.same(readMultipart('Multipart/Form-Data;boundary="xYz"', body)?.size, 2, 'quoted')
  t.ok(readMultipart(TYPE, part('a', '1') + END.trimEnd()), 'without a line end after the last')
})

t.test('anything but a plain form is none', async t => {
  const good = part('json', '{}')
  const bodies: readonly (readonly [string, string])[] = [
    ['nothing', ''],
    ['no end', good],
    ['an end that is cut', `${good}--xYz-`],
    ['text before', ` ${good}${END}`],
    ['text behind', `${good}${END} `],
    ['no part', END],
    ['another boundary', good.replaceAll('xYz', 'abc') + END],
    ['line ends of another kind', (good + END).replaceAll('\r\n', '\n')],
    ['a name twice', good + good + END],
    ['a file', good.replace('"json"', '"json"; filename=""') + END],
    ['a file without a name', good.replace('"json"', '"json"; filename*=UTF-8\'\'a') + END],
    ['no name', good.replace('; name="json"', '') + END],
    ['a name with a quote', good.replace('json', 'js"on') + END],
    ['another encoding', part('json', 'e30=', 'Content-Transfer-Encoding: base64\r\n') + END],
    ['two names', part('json', '1', 'Content-Disposition: form-data; name="b"\r\n') + END],
    ['a folded header', part('json', '1', 'Content-Type: text/plain;\r\n charset=a\r\n') + END],
    ['no blank line', '--xYz\r\nContent-Disposition: form-data; name="a"\r\n--xYz--\r\n'],
    ['too many parts', Array.from({ length: 17 }, (_, i) => part(`f${i}`, '')).join('') + END],
  ]
  for (const [what, body] of bodies) t.equal(readMultipart(TYPE, body), undefined, what)
  t.ok(readMultipart(TYPE, good + END), 'and that one is')
})

t.test('a type that names no boundary, or more than one, is refused', async t => {
  const body = part('json', '{}') + END
  for (const type of [
    'multipart/form-data',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary=xYz; boundary=abc',
    'multipart/form-data; charset=utf-8; boundary=xYz',
    'multipart/mixed; boundary=xYz',
    'application/json; boundary=xYz',
    `multipart/form-data; boundary=${'x'.repeat(71)}`,
  ]) {
    t.equal(readMultipart(type, body), undefined, type)
  }
})

t.test('one byte changed leaves the same names, or no form at all', async t => {
  const body = part('json', '{"event":1}') + part('more', 'text') + END
  fc.assert(
    fc.property(fc.nat({ max: body.length - 1 }), fc.nat({ max: 255 }), (at, code) => {
      const changed = body.slice(0, at) + String.fromCharCode(code) + body.slice(at + 1)
      const fields = readMultipart(TYPE, changed)
      return fields === undefined || [...fields.keys()].every(name => /^[\w.[\]-]+$/.test(name))
    }),
  )
  t.pass('no counter-example')
})
