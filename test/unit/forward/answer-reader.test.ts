import { request as ask } from 'node:http'
import { Duplex } from 'node:stream'
import fc from 'fast-check'
import t from 'tap'
import { AnswerReader, type Reading } from '../../../src/forward/answer-reader.ts'

/** Everything that was told of the bytes of one connection. */
interface Read {
  status: number | undefined
  headers: readonly string[]
  coded: boolean
  body: string
  interim: number
  keep: number | undefined
  ended: boolean
  fault: string | undefined
}

/** Reads `bytes` in pieces of these sizes, the rest at once, and then the end. */
function read(bytes: Buffer, cuts: readonly number[] = [], bodiless = false): Read {
  const seen: Read = {
    status: undefined,
    headers: [],
    coded: false,
    body: '',
    interim: 0,
    keep: undefined,
    ended: false,
    fault: undefined,
  }
  const told: Reading = {
    interim: () => (seen.interim += 1),
    head: ({ status, headers, coded }) => Object.assign(seen, { status, headers, coded }),
    data(chunk) {
      seen.body += chunk.toString('latin1')
    },
    end: keep => Object.assign(seen, { keep, ended: true }),
    fault(why) {
      seen.fault = why
    },
  }
  const reader = new AnswerReader(told)
  reader.begin(bodiless)
  let at = 0
  for (const size of cuts) {
    // read into one room, as from a socket: whatever is kept of it is overwritten
    const room = Buffer.from(bytes.subarray(at, at + size))
    reader.push(room)
    room.fill('?')
    at += size
  }
  if (at < bytes.length) reader.push(bytes.subarray(at))
  reader.finish()
  return seen
}

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')
const lines = (...given: readonly string[]): string => given.map(line => `${line}\r\n`).join('')

const name = fc
  .stringMatching(/^[a-zA-Z][a-zA-Z0-9!#$%&'*+.^_`|~-]{0,12}$/)
  .filter(text => !/^(?:connection|content-length|transfer-encoding|keep-alive)$/i.test(text))
const value = fc.stringMatching(
  /^[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]{0,18}[\x21-\x7e\x80-\xff])?$/,
)
const padding = fc.stringMatching(/^[\t ]{0,3}$/)
const field = fc.tuple(name, padding, value, padding)
const body = fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes).toString('latin1'))
const status = fc.integer({ min: 200, max: 599 }).filter(one => one !== 204 && one !== 304)

/** A whole answer in every framing, and what is in it. */
const answer = fc
  .record({
    status,
    phrase: fc.constantFrom(' OK', ' ', '', ' N\xf6 w\xe4y'),
    fields: fc.array(field, { maxLength: 6 }),
    body,
    framing: fc.constantFrom('length', 'chunked', 'until end'),
    sizes: fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 8 }),
    extension: fc.constantFrom('', ';a=b', ';a="b;c"'),
    trailers: fc.array(field, { maxLength: 2 }),
    interim: fc.integer({ min: 0, max: 2 }),
  })
  .map(made => {
    const { fields, framing } = made
    const framed = {
      length: [`Content-Length: ${made.body.length}`],
      chunked: ['transfer-Encoding: Chunked'],
      'until end': [],
    }[framing]
    const written = fields.map(
      ([name, before, value, after]) => `${name}:${before}${value}${after}`,
    )
    const head = lines(`HTTP/1.1 ${made.status}${made.phrase}`, ...written, ...framed, '')
    const content = framing === 'chunked' ? chunked(made) : made.body
    return {
      ...made,
      text: `${lines('HTTP/1.1 103 Early', 'Link: </x>', '').repeat(made.interim)}${head}${content}`,
    }
  })

function chunked(made: {
  body: string
  sizes: readonly number[]
  extension: string
  trailers: readonly (readonly string[])[]
}): string {
  let out = ''
  let at = 0
  for (const size of [...made.sizes, Number.POSITIVE_INFINITY]) {
    const piece = made.body.slice(at, at + size)
    if (piece !== '') out += `${piece.length.toString(16)}${made.extension}\r\n${piece}\r\n`
    at += size
  }
  const trailers = made.trailers.map(
    ([name, before, value, after]) => `${name}:${before}${value}${after}`,
  )
  return `${out}0${made.extension}\r\n${lines(...trailers)}\r\n`
}

t.test('a whole answer is read as it was written', async t => {
  fc.assert(
    fc.property(answer, made => {
      const seen = read(latin1(made.text))
      t.equal(seen.fault, undefined, made.text)
      t.equal(seen.status, made.status)
      t.equal(seen.body, made.body)
      t.equal(seen.interim, made.interim)
      t.equal(seen.keep, made.framing === 'until end' ? undefined : Number.POSITIVE_INFINITY)
      const wanted = made.fields.flatMap(([name, , value]) => [name.toLowerCase(), value])
      t.same(seen.headers.slice(0, wanted.length), wanted)
    }),
    { numRuns: 300 },
  )
})

t.test('where the bytes are cut says nothing', async t => {
  const cuts = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 200 })
  fc.assert(
    fc.property(answer, cuts, fc.nat(), fc.nat(255), (made, cuts, at, byte) => {
      const bytes = latin1(made.text)
      if (at % 2 === 0) bytes[at % bytes.length] = byte // whole answers, and such as are none
      const [whole, cut] = [read(bytes), read(bytes, cuts)]
      const each = read(bytes, new Array(bytes.length).fill(1))
      if (whole.fault === undefined) t.same([cut, each], [whole, whole], bytes.toString('latin1'))
      // how much of the body was told before it is found out may differ, and the words of the fault
      else t.ok(cut.fault !== undefined && each.fault !== undefined, bytes.toString('latin1'))
    }),
    { numRuns: 500 },
  )
})

/** What Node's own client makes of the bytes; undefined for no answer, or no whole one. */
function nodes(
  bytes: Buffer,
): Promise<{ status: number; headers: string[]; body: string } | undefined> {
  const socket = new Duplex({
    read() {},
    write(_, __, done) {
      done()
    },
  })
  return new Promise(resolve => {
    const request = ask({ method: 'POST', createConnection: () => socket as never }, got => {
      let body = ''
      got.setEncoding('latin1')
      got.on('data', (chunk: string) => {
        body += chunk
      })
      got.on('error', () => resolve(undefined))
      got.on('end', () => {
        const headers = got.rawHeaders.map((text, i) => (i % 2 === 0 ? text.toLowerCase() : text))
        resolve(got.complete ? { status: got.statusCode ?? 0, headers, body } : undefined)
      })
    })
    request.on('error', () => resolve(undefined))
    request.on('upgrade', () => resolve(undefined))
    request.end()
    socket.push(bytes)
    socket.push(null)
  })
}

t.test(
  'what is taken for an answer is one for the parser of Node as well, and the same',
  async t => {
    let taken = 0
    await fc.assert(
      fc.asyncProperty(
        answer,
        fc.array(fc.tuple(fc.nat(), fc.constantFrom(...'\r\n\0\t :;,0123456789aAfx-\x7f\x80')), {
          maxLength: 2,
        }),
        async (made, flips) => {
          const bytes = latin1(made.text)
          for (const [at, char] of flips) bytes[at % bytes.length] = char.charCodeAt(0)
          const ours = read(bytes)
          // one that is coded is refused by whoever is told of it
          if (ours.fault !== undefined || !ours.ended || ours.coded) return
          taken += 1
          const { status, headers, body } = ours
          t.same(
            { status, headers, body },
            await nodes(bytes),
            JSON.stringify(bytes.toString('latin1')),
          )
        },
      ),
      { numRuns: 4000 },
    )
    t.ok(taken > 100, `${taken} taken`)
  },
)

const head = (...fields: readonly string[]): string => lines('HTTP/1.1 200 OK', ...fields, '')
const FOR_EVER = Number.POSITIVE_INFINITY

t.test('a connection is kept as long as the upstream says', async t => {
  const none = 'Content-Length: 0'
  for (const [what, text, keep] of [
    ['nothing is said', head(none), FOR_EVER],
    ['keep-alive', head(none, 'Connection: keep-alive'), FOR_EVER],
    ['close', head(none, 'Connection: Close'), undefined],
    ['close among others', head(none, 'Connection: x, close'), undefined],
    ['close on a second line', head(none, 'Connection: x', 'Connection: close'), undefined],
    ['a time', head(none, 'Keep-Alive: timeout=5'), 5000],
    ['a time among others', head(none, 'Keep-Alive: max=9, TIMEOUT = 7'), 7000],
    ['no time', head(none, 'Keep-Alive: max=9'), FOR_EVER],
    ['HTTP/1.0', lines('HTTP/1.0 200 OK', none, ''), undefined],
    ['HTTP/1.0 that keeps', lines('HTTP/1.0 200 OK', none, 'Connection: keep-alive', ''), FOR_EVER],
    ['a body until the end', `${head()}abc`, undefined],
  ] as const)
    t.same([read(latin1(text)).ended, read(latin1(text)).keep], [true, keep], what)
})

t.test('an answer without a body ends with its head', async t => {
  for (const [what, text, bodiless] of [
    ['204', lines('HTTP/1.1 204 No Content', 'Content-Length: 3', ''), false],
    ['304', lines('HTTP/1.1 304 Not Modified', 'Transfer-Encoding: chunked', ''), false],
    ['to HEAD', head('Content-Length: 3'), true],
    ['to HEAD, in chunks', head('Transfer-Encoding: chunked'), true],
  ] as const) {
    const { ended, body, fault } = read(latin1(text), [], bodiless)
    t.same([ended, body, fault], [true, '', undefined], what)
  }
})

t.test('what cannot become an answer is found out with its first byte that is wrong', async t => {
  for (const text of ['X', 'HTTP/2', 'HTTP/1.1 200 OK\n', 'ICY 200 OK\r\n', '\r\n']) {
    let fault: string | undefined
    const told = {
      interim() {},
      head() {},
      data() {},
      end() {},
      fault: (why: string) => (fault = why),
    }
    const reader = new AnswerReader(told)
    reader.begin(false)
    reader.push(latin1(text))
    t.ok(fault, JSON.stringify(text))
  }
})

t.test('neither a head nor what is around chunks grows without end', async t => {
  const long = 'a'.repeat(20_000)
  const chunks = head('Transfer-Encoding: chunked')
  for (const [what, text] of [
    ['a head', `HTTP/1.1 200 OK\r\nX: ${long}`],
    ['a whole head', head(`X: ${long}`, 'Content-Length: 0')],
    ['a size', `${chunks}${'0'.repeat(20_000)}`],
    ['an extension', `${chunks}1;${long}`],
    ['many extensions', `${chunks}${`1;${'a'.repeat(1000)}\r\nx\r\n`.repeat(20)}`],
    ['trailers', `${chunks}0\r\n${'X: a\r\n'.repeat(4000)}`],
  ] as const) {
    t.ok(read(latin1(text)).fault, what)
    t.ok(read(latin1(text), new Array(text.length).fill(1)).fault, `${what}, byte by byte`)
  }
})

t.test('an answer may be of as many chunks as its server likes', async t => {
  const start = head('Transfer-Encoding: chunked')
  for (const [what, chunk, length] of [
    ['of one byte', '1\r\na\r\n', 1],
    ['of a hundred', `64\r\n${'a'.repeat(100)}\r\n`, 100],
    ['with leading zeros', `00000000000000064\r\n${'a'.repeat(100)}\r\n`, 100],
    ['each with an extension', `64;a="${'b'.repeat(80)}"\r\n${'a'.repeat(100)}\r\n`, 100],
  ] as const) {
    const { ended, body, fault } = read(latin1(`${start}${chunk.repeat(20_000)}0\r\n\r\n`))
    t.same([ended, body.length, fault], [true, 20_000 * length, undefined], what)
  }
})

t.test('nothing is waited for where the length is none, however that is written', async t => {
  for (const length of ['0', '00', '000000000000000']) {
    const { ended, body, keep } = read(latin1(head(`Content-Length: ${length}`)))
    t.same([ended, body, keep], [true, '', FOR_EVER], length)
  }
})

t.test('how long a head may be does not depend on where it is cut', async t => {
  const bare = head('X-A: ', 'Content-Length: 0').length - 4
  for (const [length, fits] of [
    [16 * 1024, true],
    [16 * 1024 + 1, false],
  ] as const) {
    const text = head(`X-A: ${'a'.repeat(length - bare)}`, 'Content-Length: 0')
    for (const cuts of [[], [100], [text.length - 4], [text.length - 2], [text.length - 1]])
      t.equal(read(latin1(text), cuts).ended, fits, `${length} bytes, cut at ${cuts}`)
  }
})

t.test('nothing is told after it was stopped', async t => {
  const told: string[] = []
  const reader: AnswerReader = new AnswerReader({
    interim: () => told.push('interim'),
    head() {
      told.push('head')
      reader.stop()
    },
    data: () => told.push('data'),
    end: () => told.push('end'),
    fault: () => told.push('fault'),
  })
  reader.begin(false)
  reader.push(latin1(`${head('Content-Length: 3')}abcnonsense`))
  reader.finish()
  t.same(told, ['head'])
})
