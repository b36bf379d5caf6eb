import fc from 'fast-check'
import t from 'tap'
import { type Capture, readCapture, readInstant } from '../../../src/explain/capture.ts'

const none = () => {
  throw Object.assign(new Error('gone'), { code: 'ENOENT' })
}

function read(text: string | Uint8Array, readBody: (path: string) => Uint8Array = none) {
  return readCapture(Buffer.from(text), readBody)
}

function sound(text: string | Uint8Array, readBody?: (path: string) => Uint8Array): Capture {
  const capture = read(text, readBody)
  if ('problem' in capture) throw new Error(`${capture.line}: ${capture.problem}`)
  return capture
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')

t.test('a capture is a request line, headers, an empty line and the body', async t => {
  const { head, body, at, origin, notes } = sound(
    '# at: 2026-11-25T10:00:00Z\n# from the log of the proxy\n\nPOST /in/x?a=1 HTTP/1.1\r\nHost: a.example\nX-Empty:\nX-Sig:  t=1, v1=2 \t\n\n{"a":1}\n',
  )
  t.equal(head.method, 'POST')
  t.equal(head.target, '/in/x?a=1')
  t.same(head.raw, ['Host', 'a.example', 'X-Empty', '', 'X-Sig', 't=1, v1=2'])
  t.equal(text(body), '{"a":1}\n', 'the last line end is part of the body')
  t.equal(at, Date.UTC(2026, 10, 25, 10))
  t.equal(origin, undefined)
  t.same(notes, [])
})

t.test('a whole URL tells what was called, and its host', async t => {
  const whole = sound('POST https://hooks.example.com:8443/in/x?a=b\nX-A: 1\n\n')
  t.equal(whole.origin, 'https://hooks.example.com:8443')
  t.equal(whole.head.target, '/in/x?a=b')
  t.same(whole.head.raw, ['Host', 'hooks.example.com:8443', 'X-A', '1'])
  t.same(sound('GET http://a.example\nhost: b.example\n').head.raw, ['host', 'b.example'])
  t.equal(sound('GET http://a.example').head.target, '/')
  t.equal(sound('GET http://a.example?x').head.target, '/?x')
})

t.test('the body is taken byte for byte, whatever it holds', async t => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, crlf) => {
      const end = crlf ? '\r\n' : '\n'
      const head = Buffer.from(`POST /${end}A: b${end}${end}`)
      return Buffer.compare(sound(Buffer.concat([head, bytes])).body, bytes) === 0
    }),
  )
  t.pass('no counter-example')
})

t.test('values are bytes in latin-1 text, as the parser of a live request has them', async t => {
  const { head } = sound(Buffer.from('POST / HTTP/1.1\nX-Name: Zoë\n\n'))
  t.equal(Buffer.from(head.only('x-name') as string, 'latin1').toString(), 'Zoë')
})

t.test('a line end that an editor added is dropped where Content-Length knows it', async t => {
  t.equal(text(sound('POST /\nContent-Length: 2\n\n{}\n').body), '{}')
  t.equal(text(sound('POST /\nContent-Length: 2\n\n{}\r\n').body), '{}')
  t.equal(text(sound('POST /\nContent-Length: 3\n\n{}\n').body), '{}\n')
  for (const body of ['{} \n', '{', '{}\n\n\n']) {
    const { body: kept, notes } = sound(`POST /\nContent-Length: 2\n\n${body}`)
    t.equal(text(kept), body)
    t.match(notes, [/Content-Length says 2 bytes and the body has \d/])
  }
})

t.test('the body may stand in a file of its own', async t => {
  const files = (path: string) => Buffer.from(path === 'ä b.json' ? '{}\n' : '')
  const { body } = sound('# body: @ä b.json\nPOST /\n\n', files)
  t.equal(text(body), '{}\n')
  const { body: long, notes } = sound('# body: @ä b.json\nPOST /\nContent-Length: 2\n', files)
  t.equal(text(long), '{}\n', 'nothing of a file is dropped')
  t.match(notes, [/Content-Length/])
})

t.test('what is no capture is refused with its line', async t => {
  const cases: readonly [string, number, RegExp][] = [
    ['', 1, /no request line/],
    ['# nothing else\n\n', 3, /no request line/],
    ['hello\n', 1, /expected a request line/],
    ['post /x\n', 1, /expected a request line/],
    ['POST /x HTTP/1.1 more\n', 1, /expected a request line/],
    ['\nPOST x\n', 2, /'x' is neither a path/],
    ['POST ftp://a/x\n', 1, /neither a path/],
    ['> POST /x HTTP/1.1\n', 1, /curl -v/],
    ['POST /x\nHost a.example\n\n', 2, /expected a header/],
    ['POST /x\n{"a":1}\n', 2, /expected a header/],
    ['POST /x\nA: b\n  c\n\n', 3, /one line/],
    ['POST /x\nA: b\n \n{}', 3, /must be empty/],
    ['POST /x\nA: b\u0007\n\n', 2, /control character/],
    ['# at: yesterday\nPOST /x\n', 1, /'yesterday' is no time/],
    ['# at: 2026-11-25\nPOST /x\n', 1, /no time/],
    ['# body: file.json\nPOST /x\n', 1, /named by its file/],
    ['#\n# body: @gone\nPOST /x\n', 2, /cannot read gone \(ENOENT\)/],
    ['# body: @gone\nPOST /x\n\n{}', 4, /line 1 names a file/],
  ]
  for (const [given, line, problem] of cases) t.match(read(given), { line, problem }, given)
})

t.test('a mark that an editor put before the text is passed over', async t => {
  t.equal(sound('\ufeffPOST /x\n\n').head.target, '/x')
})

t.test('any bytes are a capture or a problem with a line', async t => {
  const lines = fc.array(
    fc.oneof(
      fc.constantFrom(
        '# at: 2026-01-01T00:00:00Z',
        '# body: @x',
        'POST / HTTP/1.1',
        'A: b',
        '',
        '\r',
      ),
      fc.string(),
    ),
  )
  fc.assert(
    fc.property(lines, list => {
      const capture = read(list.join('\n'), () => new Uint8Array())
      return 'problem' in capture ? capture.line >= 1 : capture.head.method !== ''
    }),
  )
  t.pass('no counter-example')
})

t.test('times are RFC 3339', async t => {
  t.equal(readInstant('2026-11-25T10:00:00+01:00'), Date.UTC(2026, 10, 25, 9))
  t.equal(readInstant('2026-11-25 10:00:00.5Z'), Date.UTC(2026, 10, 25, 10, 0, 0, 500))
  for (const none of ['', '1700000000', '2026-11-25T10:00:00', '2026-13-25T10:00:00Z', 'now'])
    t.equal(readInstant(none), undefined, none)
})
