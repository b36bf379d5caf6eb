import { Agent, request } from 'node:http'
import fc from 'fast-check'
import t from 'tap'
import { Inspector } from '../../../src/inspect/inspector.ts'
import { readForm } from '../../../src/inspect/multipart.ts'
import { readsTheSame } from '../../../src/inspect/second-opinion.ts'
import { type AutomatischChild, startAutomatischChild } from '../../support/automatisch.ts'

const TYPE = 'multipart/form-data; boundary=xYz'
const FLOW = '/webhooks/flows/0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11/sync'
const disposition = (name: string) => `Content-Disposition: form-data; name="${name}"`
const part = (name: string, value: string, more = '') =>
  `--xYz\r\n${disposition(name)}\r\n${more}\r\n${value}\r\n`
const END = '--xYz--\r\n'
const MIB = 1024 ** 2

const latin1 = (text: string) => Buffer.from(text, 'latin1')
const inspector = new Inspector()
const inspect = (body: Buffer, contentType = TYPE) =>
  inspector.inspect({
    type: 'multipart/form-data',
    contentType,
    coding: undefined,
    body: [body],
    most: MIB,
  })

t.test('the fields of a plain form are read byte for byte', async t => {
  const body =
    part('json', '{"a":"\r\n--x"}') +
    part('q[b][3][]', '', 'Content-Length: 0\r\n') +
    part('caf\xc3\xa9', '\xff\x00', 'content-type:text/plain; charset="UTF-8"\r\n') +
    part('x y', '1', 'Content-Transfer-Encoding: 8bit\r\nContent-Type: application/json\r\n')
  const fields = [
    ['json', '{"a":"\r\n--x"}'],
    ['q[b][3][]', ''],
    ['caf\xc3\xa9', '\xff\x00'],
    ['x y', '1'],
  ]
  for (const [what, type, sent] of [
    ['as most send it', TYPE, body + END],
    ['without a line end', TYPE, body + END.trimEnd()],
    ['quoted', 'Multipart/Form-Data;boundary="xYz"', body + END],
    ['with a charset behind', `${TYPE}; charset=UTF-8`, body + END],
    ['with a quoted charset', `${TYPE}; charset="utf-8"`, body + END],
    ['with a charset before', 'multipart/form-data; charset=utf-8; boundary=xYz', body + END],
    [
      'of odd letters',
      `multipart/form-data; boundary="a (b)'+,./:=?-"`,
      (body + END).replaceAll('xYz', "a (b)'+,./:=?-"),
    ],
  ] as const) {
    const read = readForm(type, latin1(sent))
    t.same(
      'reason' in read || read.map(({ name, value }) => [name, value.toString('latin1')]),
      fields,
      what,
    )
    t.equal(await inspect(latin1(sent), type), undefined, `${what}, for both parsers`)
  }
})

/** What is no plain form, and of some that end the process of Automatisch, whether that is shown here. */
const NONE: readonly (readonly [what: string, ends: boolean, body: string])[] = [
  [
    'a file without a name, cut',
    false,
    `--xYz\r\n${disposition('f')}; filename=""\r\nContent-Type: application/octet-stream\r\n\r\nabc\r\n--`,
  ],
  [
    'octets, cut',
    true,
    `--xYz\r\n${disposition('f')}\r\nContent-Type: application/octet-stream\r\n\r\nabc\r\n--`,
  ],
  [
    'two parts whose headers are none',
    true,
    '--xYz\r\n@: a\r\n\r\nabc\r\n--xYz\r\n@: b\r\n\r\n--xYz--',
  ],
  [
    'a file, then a header that is none',
    false,
    `--xYz\r\n${disposition('f')}; filename="a"\r\n\r\nabc\r\n--xYz\r\n@: a\r\n\r\n--xYz--`,
  ],
  [
    'a part without a name, then a header that is none',
    false,
    '--xYz\r\nContent-Disposition: form-data\r\n\r\na\r\n--xYz\r\n@: a\r\n\r\n',
  ],
  ['nothing', false, ''],
  ['no end', false, part('a', '1')],
  ['an end that is cut', false, `${part('a', '1')}--xYz-`],
  ['text before', false, ` ${part('a', '1')}${END}`],
  ['a line end before', false, `\r\n${part('a', '1')}${END}`],
  ['text behind', false, `${part('a', '1')}${END} `],
  ['a form behind', false, `${part('a', '1')}${END}${part('a', '1')}${END}`],
  ['no part', false, END],
  ['another boundary', false, `${part('a', '1')}${END}`.replaceAll('xYz', 'xYZ')],
  ['line ends of another kind', false, `${part('a', '1')}${END}`.replaceAll('\r\n', '\n')],
  ['a space behind a boundary', false, part('a', '1').replace('xYz\r', 'xYz \r') + END],
  ['a boundary that goes on', false, `${part('a', 'x\r\n--xYzz\r\ny')}${END}`],
  ['a file', false, part('a"; filename="b', '1') + END],
  ['a file without a name', false, part('a"; filename="', '1') + END],
  ['a file in another spelling', false, part('a"; filename*="utf-8\'\'b', '1') + END],
  ['octets', false, part('a', '1', 'Content-Type: application/octet-stream\r\n') + END],
  ['parts in a part', false, part('a', '1', 'Content-Type: multipart/mixed; boundary=b\r\n') + END],
  ['a message in a part', false, part('a', '1', 'Content-Type: message/rfc822\r\n') + END],
  [
    'another charset',
    false,
    part('a', '1', 'Content-Type: text/plain; charset=utf-16le\r\n') + END,
  ],
  ['no disposition', false, '--xYz\r\nContent-Type: text/plain\r\n\r\n1\r\n--xYz--'],
  ['an empty name', false, part('', '1') + END],
  ['another disposition', false, part('a', '1').replace('form-data', 'attachment') + END],
  ['two dispositions', false, part('a', '1', `${disposition('b')}\r\n`) + END],
  ['two types', false, part('a', '1', 'Content-Type: a/b\r\nContent-Type: a/c\r\n') + END],
  ['a name with a backslash', false, part('a\\"b', '1') + END],
  ['a name that is not in UTF-8', false, part('a\xff', '1') + END],
  ['a name of 257 bytes', false, part('a'.repeat(257), '1') + END],
  ['a long list', false, part('a[100]', '1') + END],
  ['a very long list', false, part('a[4294967294]', '1') + END],
  ['a deep list', false, part(`a${'[b]'.repeat(9)}`, '1') + END],
  ['a header nobody needs', false, part('a', '1', 'X-A: b\r\n') + END],
  [
    'a folded header',
    false,
    part('a', '1', 'Content-Type: text/plain;\r\n charset=utf-8\r\n') + END,
  ],
  ['another encoding', false, part('a', 'MQ==', 'Content-Transfer-Encoding: base64\r\n') + END],
  ['a wrong length', false, part('a', '1', 'Content-Length: 2\r\n') + END],
  ['no blank line', false, `--xYz\r\n${disposition('a')}\r\n--xYz--\r\n`],
  ['an end instead of a value', false, `--xYz\r\n${disposition('a')}\r\n\r\n--xYz--\r\n`],
  ['too many parts', false, part('a', '').repeat(1001) + END],
  ['a value that is cut', false, part('a', 'x'.repeat(MIB)) + END],
]

t.test('anything but a plain form is malformed', async t => {
  for (const [what, , body] of NONE) {
    t.match(await inspect(latin1(body)), { reason: 'malformed_body' }, what)
  }
  t.equal(await inspect(latin1(part('a', '1') + END)), undefined, 'and that one is')
  t.equal(await inspect(latin1(part('a', '').repeat(1000) + END)), undefined, 'also of 1000 parts')
})

t.test('a type that names no boundary, or not one alone, is malformed', async t => {
  const body = latin1(part('a', '1') + END)
  for (const type of [
    'multipart/form-data',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary=""',
    `${TYPE}; boundary=abc`,
    `${TYPE}; x=y`,
    `${TYPE};`,
    'multipart/form-data; boundary="xYz',
    'multipart/form-data; charset="utf-8; boundary=xYz',
    'multipart/form-data; charset=utf-8"; boundary=xYz',
    `${TYPE}; charset="utf-8`,
    `${TYPE}; charset=utf-8"`,
    'multipart/form-data; boundary="x\\Yz"',
    'multipart/form-data; boundary="xYz "',
    `multipart/form-data; boundary=${'x'.repeat(71)}`,
  ]) {
    t.match(await inspect(body, type), { reason: 'malformed_body' }, type)
  }
})

t.test('a type that the other parser refuses is read alike by nobody', async t => {
  const body = latin1(part('a', '1') + END)
  for (const type of ['multipart/form-data; charset="utf-8; boundary=xYz', 'text/plain', ''])
    t.equal(await readsTheSame(type, body, []), false, type)
})

/** Posts it in pieces to the parsers of Automatisch; gives the status, 0 where there is no answer. */
function send(child: AutomatischChild, body: Buffer, cuts: readonly number[], agent?: Agent) {
  const ends = [...cuts.map(cut => cut % (body.length + 1)), body.length].sort((a, b) => a - b)
  const { promise, resolve } = Promise.withResolvers<{ status: number; text: string }>()
  const sending = request(
    {
      port: child.port,
      agent,
      method: 'POST',
      path: FLOW,
      headers: { 'Content-Type': TYPE, 'Content-Length': body.length },
    },
    answer => {
      let text = ''
      answer.setEncoding('utf8').on('data', (more: string) => {
        text += more
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
    },
  )
  sending.on('error', () => resolve({ status: 0, text: '' }))
  let at = 0
  const write = () => {
    const end = ends.shift()
    if (end === undefined) return sending.end()
    sending.write(body.subarray(at, end), () => setImmediate(write))
    at = end
  }
  write()
  return promise
}

t.test('what is said to end Automatisch ends it', async t => {
  const ending = NONE.filter(([, ends]) => ends).map(async ([what, , body]) => {
    const child = await startAutomatischChild()
    await send(child, latin1(body), [])
    t.match(await child.exited, { code: 1 }, what)
  })
  await Promise.all(ending)
})

const value = fc.array(
  fc.constantFrom(
    ...['a', '\r\n', '\r', '\n', '-', '--', '\r\n--', '\r\n--xY', 'xYz', '\xff', ' '],
  ),
  { maxLength: 6 },
)
const name = fc.constantFrom(
  ...['a', 'b', 'c', 'a[b]', 'a[]', 'a[3]', 'a[99][b][0]', 'a[b][c]', '[', 'a[', ']', 'a]b[c'],
  ...['__proto__', 'a[__proto__]', 'toString', 'length', 'a[length]', '\xc3\xa9'],
)
const more = fc.constantFrom(
  ...['', '', '', '', '', '', '', '', '', '', '', ''],
  ...['Content-Type: text/plain\r\n', 'Content-Transfer-Encoding: binary\r\n'],
  ...['Content-Type: application/octet-stream\r\n', '@: b\r\n'],
)
const form = fc
  .array(fc.tuple(name, value, more), { minLength: 1, maxLength: 6 })
  .map(parts => parts.map(([a, b, c]) => part(a, b.join(''), c)).join('') + END)
const change = fc.record({
  at: fc.nat(),
  cut: fc.integer({ min: 0, max: 12 }),
  put: fc.constantFrom(
    '',
    '',
    'a',
    '\r\n',
    '"',
    ';',
    '--xYz',
    '\r\n--xYz\r\n',
    '; filename=""',
    END,
    ':',
    '[',
    '\x00',
  ),
})

t.test(
  'whatever passes, the parser of Automatisch reads without error, in whatever pieces',
  async t => {
    const child = await startAutomatischChild()
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    t.teardown(async () => {
      agent.destroy()
      await child.close()
    })
    const counts = { passed: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(
        form,
        fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, fc.array(change, { maxLength: 3 })),
        fc.array(fc.nat(), { maxLength: 8 }),
        async (text, changes, cuts) => {
          const body = latin1(
            changes.reduce((so, { at, cut, put }) => {
              const place = at % (so.length + 1)
              return so.slice(0, place) + put + so.slice(place + cut)
            }, text),
          )
          if ((await inspect(body)) !== undefined) return ++counts.refused > 0
          counts.passed++
          const { status, text: answered } = await send(child, body, cuts, agent)
          if (status !== 200) return false
          const fields = readForm(TYPE, body)
          const plain = !('reason' in fields) && fields.every(one => !/[[\]_]/.test(one.name))
          if (!plain || new Set(fields.map(one => one.name)).size < fields.length) return true
          const read = JSON.parse(answered) as { readonly body: Record<string, string> }
          return fields.every(one => read.body[one.name] === `${one.value}`)
        },
      ),
      { numRuns: 600 },
    )
    t.ok(counts.passed > 100 && counts.refused > 100, JSON.stringify(counts))
    t.equal(child.child.exitCode, null)
  },
)
