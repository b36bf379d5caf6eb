import t, { type Test } from 'tap'
import { connect, exchange, type Pieces, request } from '../support/sender.ts'
import { GITHUB, genuine, type Stage, stage, wordOf } from './stage.ts'

const POST = `POST ${GITHUB} HTTP/1.1\r\n`
const HOST = 'Host: localhost\r\n'
/** A head that lacks only its end. */
const HEAD = `${POST}${HOST}Content-Type: application/json\r\n`
/** The same with a claim that gets as far as the body, whatever that is. */
const CLAIM = `${HEAD}X-Hub-Signature-256: sha256=${'0'.repeat(64)}\r\n`
const CHUNKED = `${CLAIM}Transfer-Encoding: chunked\r\n\r\n`
const MIB = 1024 ** 2

const get = (target: string) => `GET ${target} HTTP/1.1\r\n${HOST}\r\n`
const version = (name: string) => `POST ${GITHUB} ${name}\r\n${HOST}\r\n`
const length = (lines: string) => `${CLAIM}${lines}\r\n\r\na`
const coding = (lines: string) => `${CLAIM}${lines}\r\n\r\n1\r\na\r\n0\r\n\r\n`

/** What the answer says, and whether it ends the connection. */
type Expected = readonly [status: 400 | 401 | 404 | 405 | 417 | 431, then: 'close' | 'keep']
const GARBLED: Expected = [400, 'close']
/** What follows is certain: nothing that could hide in it. */
const CERTAIN: Expected = [400, 'keep']

const MALFORMED: readonly (readonly [what: string, bytes: string, expected?: Expected])[] = [
  ['bytes that are no text', '\r\n\r\n\0\0\0'],
  ['TLS inside of TLS', '\x16\x03\x01\x02\0\x01'],
  ['a method in lower case', `post ${GITHUB} HTTP/1.1\r\n${HOST}\r\n`],
  ['a method nobody knows', `BREW ${GITHUB} HTTP/1.1\r\n${HOST}\r\n`],
  ['a method of another protocol', `M-SEARCH ${GITHUB} HTTP/1.1\r\n${HOST}\r\n`, [405, 'keep']],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['HTTP/0.9', `GET ${GITHUB}\r\n\r\n`],
  ['a version 0.9', version('HTTP/0.9')],
  ['a version 1.2', version('HTTP/1.2')],
  ['a version 1.10', version('HTTP/1.10')],
  ['a version 2.0', version('HTTP/2.0')],
  ['a version in lower case', version('http/1.1')],
  ['HTTP/1.0 in chunks', coding('Transfer-Encoding: chunked').replace('HTTP/1.1', 'HTTP/1.0')],
  ['HTTP/1.0 without a host', `POST ${GITHUB} HTTP/1.0\r\n\r\n`],
  ['no host', `${POST}\r\n`, CERTAIN],
  ['two hosts', `${POST}${HOST}${HOST}\r\n`, CERTAIN],
  ['an empty host', `${POST}Host:\r\n\r\n`, CERTAIN],
  ['a host with a path', `${POST}Host: a/b\r\n\r\n`, CERTAIN],
  ['a host with a user', `${POST}Host: a@b\r\n\r\n`, CERTAIN],
  ['a list of hosts', `${POST}Host: a, b\r\n\r\n`, CERTAIN],
  ['one length twice', length('Content-Length: 1\r\nContent-Length: 1')],
  ['two lengths', length('Content-Length: 1\r\nContent-Length: 2')],
  ['a list of lengths', length('Content-Length: 1, 1')],
  ['a length with a plus', length('Content-Length: +1')],
  ['a length below nothing', length('Content-Length: -1')],
  ['a hexadecimal length', length('Content-Length: 0x1')],
  ['an empty length', length('Content-Length:')],
  ['a length of 23 digits', length(`Content-Length: ${'9'.repeat(23)}`)],
  ['a length of 16 digits', length('Content-Length: 0000000000000001')],
  ['a length, then chunks', coding('Content-Length: 1\r\nTransfer-Encoding: chunked')],
  ['chunks, then a length', coding('Transfer-Encoding: chunked\r\nContent-Length: 1')],
  ['gzip as transfer coding', coding('Transfer-Encoding: gzip')],
  ['gzip, chunked', coding('Transfer-Encoding: gzip, chunked')],
  ['chunked, chunked', coding('Transfer-Encoding: chunked, chunked')],
  ['chunked, identity', coding('Transfer-Encoding: chunked, identity')],
  ['identity as transfer coding', coding('Transfer-Encoding: identity')],
  ['a coding that ends alike', coding('Transfer-Encoding: xchunked')],
  ['two codings', coding('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked')],
  ['a coding in quotes', coding('Transfer-Encoding: "chunked"')],
  ['a coding behind a vertical tab', coding('Transfer-Encoding: \x0bchunked')],
  ['a folded coding', coding('Transfer-Encoding:\r\n chunked')],
  ['an empty coding', `${CLAIM}Transfer-Encoding:\r\n\r\n`],
  ['a folded header', `${HEAD}X-A: b\r\n c\r\n\r\n`],
  ['a head that begins with a fold', `${POST} X-A: b\r\n${HOST}\r\n`],
  ['NUL in a value', `${HEAD}X-A: a\0b\r\n\r\n`],
  ['CR in a value', `${HEAD}X-A: a\rb\r\n\r\n`],
  ['a control character in a value', `${HEAD}X-A: a\x01b\r\n\r\n`],
  ['DEL in a value', `${HEAD}X-A: a\x7fb\r\n\r\n`],
  ['a space before a colon', `${HEAD}X-A : b\r\n\r\n`],
  ['a space before the colon of a length', length('Content-Length : 1')],
  ['a space in a name', `${HEAD}X A: b\r\n\r\n`],
  ['a line without a colon', `${HEAD}X-A\r\n\r\n`],
  ['an empty name', `${HEAD}: b\r\n\r\n`],
  ['a name beyond ASCII', `${HEAD}X-\xe9: b\r\n\r\n`],
  ['lines that end in LF', `${HEAD}\r\n`.replaceAll('\r\n', '\n')],
  ['one line that ends in LF', `${HEAD}X-A: b\nX-B: c\r\n\r\n`],
  ['a head that ends in LF', `${HEAD}\n`],
  ['lines that end in CR', `${HEAD}\r\n`.replaceAll('\r\n', '\r')],
  ['a chunk size that is none', `${CHUNKED}zz\r\n`],
  ['a chunk longer than its size', `${CHUNKED}1\r\nab\r\n0\r\n\r\n`],
  ['a chunk size with a prefix', `${CHUNKED}0x1\r\na\r\n0\r\n\r\n`],
  ['a chunk size below nothing', `${CHUNKED}-1\r\na\r\n0\r\n\r\n`],
  ['a chunk size beyond 64 bits', `${CHUNKED}${'f'.repeat(17)}\r\na\r\n0\r\n\r\n`],
  ['chunks with LF', `${CHUNKED}1\na\n0\n\n`],
  ['a space behind a chunk size', `${CHUNKED}1 \r\na\r\n0\r\n\r\n`],
  ['an endless chunk extension', `${CHUNKED}1;${'a'.repeat(20_000)}\r\na\r\n0\r\n\r\n`],
  ['an endless trailer', `${CHUNKED}0\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, [431, 'close']],
  ['a length in a trailer', `${CHUNKED}0\r\nContent-Length: 3\r\n\r\n`],
  ['a target that names its host', get(`https://localhost${GITHUB}`), CERTAIN],
  ['a target that is a host alone', get('localhost:443')],
  ['an asterisk', `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`, CERTAIN],
  ['no target', `POST  HTTP/1.1\r\n${HOST}\r\n`],
  ['a space in the target', get(`${GITHUB} x`)],
  ['a fragment', get(`${GITHUB}#x`), CERTAIN],
  ['a target beyond ASCII', get(`${GITHUB}?\xe9`)],
  ['a control character in the target', get(`${GITHUB}?\x01`)],
  ['a tab in the target', get(`${GITHUB}\tx`)],
  ['a percent sign alone', get(`${GITHUB}%zz`), [404, 'keep']],
  ['a target of 20 kB', get(`/${'a'.repeat(20_000)}`), [431, 'close']],
  ['CONNECT', `CONNECT localhost:443 HTTP/1.1\r\n${HOST}\r\n`],
  ['CONNECT to a flow', `CONNECT ${GITHUB} HTTP/1.1\r\n${HOST}\r\nabc`],
  [
    'an upgrade to WebSocket',
    `GET ${GITHUB} HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    [405, 'keep'],
  ],
  [
    'an upgrade to HTTP/2',
    `${HEAD}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n`,
    [401, 'keep'],
  ],
  ['101 header lines', `${POST}${HOST}${'X-A: b\r\n'.repeat(100)}\r\n`, [431, 'keep']],
  ['3,001 header lines', `${POST}${HOST}${'a:b\r\n'.repeat(3000)}\r\n`, [431, 'keep']],
  ['a header of 20 kB', `${HEAD}X-A: ${'b'.repeat(20_000)}\r\n\r\n`, [431, 'close']],
  ['an expectation nobody knows', `${HEAD}Expect: x\r\n\r\n`, [417, 'keep']],
  ['an expectation twice', `${HEAD}${'Expect: 100-continue\r\n'.repeat(2)}\r\n`, [417, 'close']],
]

t.test(
  'whatever is malformed gets an answer of ours, is counted once and goes nowhere',
  async t => {
    const on = await stage(t)
    const moves = await on.counted(async () => {
      for (const [what, bytes, [status, then] = GARBLED] of MALFORMED) {
        const connection = await connect(on.port)
        const answer = connection.answerOrClose()
        await connection.write(bytes)
        const got = await answer
        t.equal(got?.status, status, what)
        t.match(got?.text(), OURS, what)
        if (then === 'close') await connection.closed
        else t.equal(got?.header('connection'), 'keep-alive', what)
        t.equal(connection.fault, undefined, what)
        connection.destroy()
      }
    })
    t.equal(
      sum(moves, /requests_total\{.*outcome="rejected"/),
      MALFORMED.length,
      'one outcome each',
    )
    t.equal(sum(moves, /rejections_total/), MALFORMED.length, 'one reason each')
    t.equal(sum(moves, /./), MALFORMED.length * 2, 'and nothing else')
    t.equal(on.recorder.connections.total, 0)
  },
)

function sum(moves: Record<string, number>, name: RegExp): number {
  let total = 0
  for (const [series, by] of Object.entries(moves)) if (name.test(series)) total += by
  return total
}

const OURS = /^\{"error":"[a-z_]+","request_id":"[0-9a-f]{16}-[0-9a-z]+"\}\n$/

t.test('a connection that ends early is counted where a request began', async t => {
  const on = await stage(t)
  const cases: readonly (readonly [bytes: string, answers: boolean, outcome: string[]])[] = [
    ['', false, []],
    ['\r\n', false, []],
    ['POS', true, ['rejected']],
    [HEAD.slice(0, -9), true, ['rejected']],
    [`${CLAIM}Content-Length: 10\r\n\r\nabc`, false, ['aborted']],
    [`${CHUNKED}5\r\nab`, false, ['aborted']],
  ]
  for (const [bytes, answers, outcomes] of cases) {
    const moves = await on.counted(async () => {
      const connection = await connect(on.port)
      const answer = connection.answerOrClose()
      await connection.write(bytes)
      connection.end()
      const got = await answer
      t.equal(got?.status, answers ? 400 : undefined, bytes)
      await connection.closed
      const open = () => on.hookwarden.metrics().then(all => all.get('hookwarden_connections'))
      await on.until(async () => (await open()) === 0)
    })
    const counted = Object.keys(moves).flatMap(name => /outcome="(.*)"/.exec(name)?.[1] ?? [])
    t.same(counted, outcomes, bytes)
  }
  t.equal(on.recorder.connections.total, 0)
})

for (const expects of ['', 'Expect: 100-continue\r\n']) {
  t.test(`2 MiB declared are refused at the head${expects && ', without a 100'}`, async t => {
    const on = await stage(t)
    const answer = await exchange(on.port, `${CLAIM}${expects}Content-Length: ${2 * MIB}\r\n\r\n`)
    t.equal(answer?.status, 413)
    t.equal(wordOf(answer), 'size')
    t.same(answer?.interim, [])
    t.equal(answer?.header('connection'), 'close')
    t.equal(on.recorder.connections.total, 0)
  })
}

t.test('chunks are refused with the first byte beyond 1 MiB', async t => {
  const on = await stage(t)
  const connection = await connect(on.port)
  t.teardown(() => connection.destroy())
  let answered = false
  const answer = connection.readAnswer().finally(() => {
    answered = true
  })
  await connection.write(CHUNKED)
  for (let i = 0; i < 16; i++) await connection.write(`10000\r\n${'a'.repeat(65_536)}\r\n`)
  const held = () => on.hookwarden.metrics().then(all => all.get('hookwarden_buffered_bytes'))
  await on.until(async () => (await held()) === MIB)
  t.equal(answered, false, '1 MiB is not too much')
  await connection.write('1\r\na\r\n')
  t.equal((await answer).status, 413)
  t.equal(await held(), 0)
  t.equal(on.recorder.connections.total, 0)
})

for (const [kind, status] of [
  ['genuine', 204],
  ['forged', 401],
] as const) {
  t.test(`ten ${kind} bytes get their verdict, and the 2 MiB behind them none`, async t => {
    const on = await stage(t)
    const sent = kind === 'genuine' ? '0123456789' : '0123456780'
    const [bytes = new Uint8Array()] = genuine('github', GITHUB, '0123456789', { sent })
    const connection = await connect(on.port)
    const moves = await on.counted(async () => {
      const [verdict, rest] = [connection.readAnswer(), connection.answerOrClose()]
      void connection.write(Buffer.concat([bytes, Buffer.alloc(2 * MIB, 'x')]))
      t.equal((await verdict).status, status)
      t.equal((await rest)?.status, 400)
      await connection.closed
    })
    const [outcome, refused] = kind === 'genuine' ? ['accepted', {}] : ['rejected', MISMATCH]
    t.same(moves, {
      [`hookwarden_requests_total{provider="github",outcome="${outcome}"}`]: 1,
      'hookwarden_requests_total{provider="none",outcome="rejected"}': 1,
      'hookwarden_rejections_total{provider="none",reason="malformed_http",mode="enforce"}': 1,
      ...(refused as object),
    })
    t.same(
      on.recorder.requests.map(one => one.body.toString()),
      kind === 'genuine' ? ['0123456789'] : [],
    )
  })
}

const MISMATCH = {
  'hookwarden_rejections_total{provider="github",reason="signature_mismatch",mode="enforce"}': 1,
}

t.test(
  'a sender that waits for a 100 gets it when its head is fine, and then its answer',
  async t => {
    const on = await stage(t)
    const expects = { headers: [['Expect', '100-Continue']] } as const
    const wire = Buffer.concat(genuine('github', GITHUB, '{"a":1}', expects))
    const connection = await connect(on.port)
    t.teardown(() => connection.destroy())
    const interim = connection.readInterim()
    const answer = connection.readAnswer()
    await connection.write(wire.subarray(0, -7))
    t.equal(await interim, 100)
    t.equal(on.recorder.connections.total, 0)
    await connection.write(wire.subarray(-7))
    t.equal((await answer).status, 204)
    t.same(on.recorder.requests[0]?.body.toString(), '{"a":1}')
  },
)

t.test('a sender that waits for a 100 is refused without one', async t => {
  const on = await stage(t)
  const answer = await exchange(on.port, `${HEAD}Expect: 100-continue\r\nContent-Length: 7\r\n\r\n`)
  t.equal(answer?.status, 401)
  t.same(answer?.interim, [])
  t.equal(answer?.header('connection'), 'close', 'nobody knows whether the body comes')
})

t.test('HTTP/1.0 knows no 100, so none is sent', async t => {
  const on = await stage(t)
  const expects = { headers: [['Expect', '100-continue']] } as const
  const wire = Buffer.concat(genuine('github', GITHUB, '{"a":1}', expects)).toString('latin1')
  const answer = await exchange(on.port, wire.replace('HTTP/1.1', 'HTTP/1.0'))
  t.equal(answer?.status, 204)
  t.same(answer?.interim, [])
})

t.test('a refused body of up to 64 KiB is dropped and its connection serves the next', async t => {
  const on = await stage(t)
  const connection = await connect(on.port)
  t.teardown(() => connection.destroy())
  const refused = connection.readAnswer()
  await connection.write(`${HEAD}Content-Length: 65536\r\n\r\n`)
  const answer = await refused
  t.equal(answer.status, 401, 'before its body')
  t.equal(answer.header('connection'), 'keep-alive')
  const next = connection.readAnswer()
  await connection.write(Buffer.alloc(65_536, HEAD))
  await connection.send(genuine('github', GITHUB, '{"a":1}'))
  t.equal((await next).status, 204)
  t.equal(on.recorder.requests.length, 1, 'nothing in what was dropped was taken for a request')
})

t.test('before a larger rest the connection ends', async t => {
  const on = await stage(t)
  for (const framing of [`Content-Length: 65537`, 'Transfer-Encoding: chunked']) {
    const connection = await connect(on.port)
    const refused = connection.readAnswer()
    await connection.write(`${HEAD}${framing}\r\n\r\n`)
    const answer = await refused
    t.equal(answer.status, 401)
    t.equal(answer.header('connection'), 'close')
    on.clock.advance(5_000)
    await connection.closed
  }
})

t.test('requests in one write are answered in their order', async t => {
  const on = await stage(t, { recorder: { hold: true } })
  const pipelined: readonly (readonly [status: number, bytes: Pieces])[] = [
    [204, genuine('github', GITHUB, '{"a":1}')],
    [401, genuine('github', GITHUB, '{"a":1}', { sent: '{"a":2}' })],
    [404, request({ target: '/' })],
    [204, genuine('github', GITHUB, '{"b":1}', { framing: 'chunked' })],
    [405, request({ target: GITHUB })],
    [200, genuine('github', GITHUB, '{"b":1}')],
    [400, [Buffer.from(`${HEAD}Host: b\r\n\r\n`)]],
  ]
  const connection = await connect(on.port)
  t.teardown(() => connection.destroy())
  const answers = pipelined.map(() => connection.readAnswer())
  await connection.write(Buffer.concat(pipelined.slice(0, -2).flatMap(([, bytes]) => bytes)))
  await on.recorder.complete(2)
  t.same(on.recorder.requests.map(one => one.body.toString()).sort(), ['{"a":1}', '{"b":1}'])
  on.recorder.releaseAll()
  await answers[3]
  await connection.write(Buffer.concat(pipelined.slice(-2).flatMap(([, bytes]) => bytes)))
  t.same(
    (await Promise.all(answers)).map(answer => answer.status),
    pipelined.map(([status]) => status),
  )
  t.equal(on.recorder.requests.length, 2)
})

t.test('what follows a whole request is refused on its own account', async t => {
  const on = await stage(t)
  await smuggled(t, on, 'GARBAGE\r\n\r\n')
  await smuggled(t, on, '0\r\n\r\n')
  await smuggled(t, on, '\0')
})

async function smuggled(t: Test, on: Stage, rest: string): Promise<void> {
  const connection = await connect(on.port)
  const [verdict, answer] = [connection.readAnswer(), connection.answerOrClose()]
  const body = `{"at":${JSON.stringify(rest)}}`
  await connection.write(Buffer.concat([...genuine('github', GITHUB, body), Buffer.from(rest)]))
  t.equal((await verdict).status, 204)
  t.equal((await answer)?.status, 400)
  await connection.closed
}

t.test('a sender that writes on while its verdict is due may hang up all the same', async t => {
  const on = await stage(t, { recorder: { hold: true } })
  const moves = await on.counted(async () => {
    const connection = await connect(on.port)
    const wire = Buffer.concat([...genuine('github', GITHUB, '{"a":1}'), Buffer.alloc(MIB, 'x')])
    void connection.write(wire)
    await on.recorder.complete(1)
    connection.destroy()
    on.recorder.releaseAll()
    const open = () => on.hookwarden.metrics().then(all => all.get('hookwarden_connections'))
    await on.until(async () => (await open()) === 0)
  })
  t.equal(moves['hookwarden_requests_total{provider="github",outcome="accepted"}'], 1)
  t.equal((await exchange(on.port, genuine('github', GITHUB, '{"a":1}')))?.status, 200)
})
