import { createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { valuesOf } from '../support/message.ts'
import type { Reaction, RecordedRequest } from '../support/recorder.ts'
import { type Answer, connect, exchange, post } from '../support/sender.ts'
import {
  ENV,
  FLOW,
  GITHUB,
  GITLAB,
  genuine,
  PROVIDERS,
  type Stage,
  stage,
  wordOf,
} from './stage.ts'

const BODY = '{"a":1}'
const MIB = 1024 ** 2

type Lines = readonly (readonly [name: string, value: string])[]

/** Sends a genuine delivery and gives what the upstream saw of it. */
async function forwarded(on: Stage, headers: Lines, target = GITHUB): Promise<RecordedRequest> {
  const body = `{"n":${on.recorder.requests.length}}`
  const answer = await exchange(on.port, genuine('github', GITHUB, body, { headers, target }))
  const last = on.recorder.requests.at(-1)
  if (answer?.status !== 204 || last === undefined) throw new Error(`answered ${answer?.status}`)
  return last
}

t.test('the upstream gets the headers of the sender in their order, and then ours', async t => {
  const on = await stage(t)
  const body = '{"a":1}'
  await exchange(
    on.port,
    genuine('github', GITHUB, body, {
      headers: [
        ['User-Agent', 'GitHub-Hookshot/1'],
        ['X-GitHub-Event', 'push'],
        ['x-twice', 'b'],
        ['X-Twice', 'a'],
        ['X-Latin', 'caf\xe9 "quoted"'],
        ['X-Empty', ''],
      ],
    }),
  )
  const [request] = on.recorder.requests
  const all = request?.headers ?? []
  const id = (request && valuesOf(request, 'x-request-id')[0]) ?? ''
  const signature = (request && valuesOf(request, 'x-hub-signature-256')[0]) ?? ''
  t.match(id, /^[0-9a-f]{16}-[0-9a-z]+$/)
  t.match(signature, /^sha256=[0-9a-f]{64}$/, 'signatures stay: some are checked again')
  const expected = [
    ['Content-Type', 'application/json'],
    ['User-Agent', 'GitHub-Hookshot/1'],
    ['X-GitHub-Event', 'push'],
    ['x-twice', 'b'],
    ['X-Twice', 'a'],
    ['X-Latin', 'caf\xe9 "quoted"'],
    ['X-Empty', ''],
    ['X-Hub-Signature-256', signature],
    ['x-forwarded-for', '127.0.0.1'],
    ['x-forwarded-proto', 'https'],
    ['x-forwarded-host', 'localhost'],
    ['x-request-id', id],
    ['x-hookwarden-verified', 'provider=github; secret=current'],
  ].flat()
  t.same(without(all, ['host', 'connection', 'content-length']), expected)
  t.same(request && valuesOf(request, 'host'), [`127.0.0.1:${on.recorder.port}`])
  t.same(request && valuesOf(request, 'content-length'), ['7'])
  t.equal(request?.body.toString(), body)
})

function without(headers: readonly string[], names: readonly string[]): string[] {
  return headers.filter((_, i) => !names.includes(headers[i - (i % 2)]?.toLowerCase() ?? ''))
}

const DROPPED: Lines = [
  ['Connection', 'keep-alive, X-Named, x-other'],
  ['X-Named', '1'],
  ['x-OTHER', '1'],
  ['Keep-Alive', 'timeout=5'],
  ['Proxy-Connection', 'x-closing'],
  ['Proxy-Authorization', 'Basic YTpi'],
  ['TE', 'trailers'],
  ['Trailer', 'X-Later'],
  ['Upgrade', 'h2c'],
  ['HTTP2-Settings', 'AAMAAABk'],
  ['X-Forwarded-For', '203.0.113.7'],
  ['X-Forwarded-Proto', 'http'],
  ['X-Forwarded-Host', 'evil.example'],
  ['X-Forwarded-Port', '1'],
  ['X-Forwarded-Prefix', '/evil'],
  ['x-forwarded-anything', '1'],
  ['X-Real-IP', '203.0.113.7'],
  ['Forwarded', 'for=203.0.113.7'],
  ['X-Request-Id', 'evil'],
  ['X-Hookwarden-Verified', 'provider=stripe; secret=current'],
  ['x-hookwarden-anything', '1'],
  ['X_Forwarded_For', '203.0.113.7'],
  ['X_Hub_Signature_256', '1'],
  ['A_b', '1'],
  ['Cookie', 'session=1'],
  ['Authorization', 'Bearer abc'],
]

t.test('hop-by-hop headers, claims of a proxy and credentials do not get through', async t => {
  const on = await stage(t)
  const request = await forwarded(on, [['X-Kept', '1'], ...DROPPED])
  const text = request.head.toString('latin1')
  t.match(valuesOf(request, 'x-kept'), ['1'])
  for (const [name, value] of DROPPED) {
    const ours = /^(?:x-forwarded-(?:for|proto|host)|x-request-id|x-hookwarden-verified)$/i
    const wanted = ours.test(name) ? 1 : 0
    if (!/^connection$/i.test(name)) t.equal(valuesOf(request, name).length, wanted, name)
    if (value.length > 4) t.notOk(text.includes(`: ${value}\r\n`), value)
  }
  t.same(valuesOf(request, 'x-forwarded-for'), ['127.0.0.1'])
  t.same(valuesOf(request, 'x-hookwarden-verified'), ['provider=github; secret=current'])
})

t.test(
  'no header shows the upstream a secret, whosever it is and however it is written',
  async t => {
    const on = await stage(t)
    const [own, other] = [ENV.GITHUB ?? '', ENV.SLACK ?? '']
    const leaking: Lines = [
      ['X-Github-Encoded-Secret', Buffer.from(own).toString('base64')],
      ['X-Of-Another', other],
      ['X-Auth', `Bearer ${own}`],
      ['X-Hex', Buffer.from(other).toString('hex')],
    ]
    const lines = on.hookwarden.lines.length
    const request = await forwarded(on, [['X-Kept', `${own}x`], ...leaking])
    t.same(valuesOf(request, 'x-kept'), [`${own}x`])
    for (const [name, value] of leaking) {
      t.same(valuesOf(request, name), [], name)
      t.notOk(request.head.includes(value), name)
    }
    const series = await on.hookwarden.metrics()
    t.equal(series.get('hookwarden_secret_leaks_total{provider="github"}'), 4)
    t.equal(series.get('hookwarden_secret_leaks_total{provider="slack"}'), 0, 'not who was shown')
    on.clock.advance(100) // log lines wait for company
    const told = on.hookwarden.lines.slice(lines)
    t.match(
      told.filter(({ level }) => level === 'warn'),
      leaking.map(([header]) => ({ provider: 'github', header, request_id: /^[0-9a-f]/ })),
    )
    for (const text of [own, other, ...leaking.map(([, value]) => value)]) {
      t.notOk(JSON.stringify(told).includes(text), 'the log does not say what was shown')
    }
  },
)

t.test('a header may not be named by Connection to get rid of our own', async t => {
  const on = await stage(t)
  const named = 'X-Forwarded-For, X-Hookwarden-Verified, X-Request-Id, Content-Length, Host'
  for (const lines of [
    [['Connection', named]],
    named.split(', ').map(one => ['Connection', one]),
  ]) {
    const request = await forwarded(on, lines as unknown as Lines)
    for (const name of named.split(', ')) t.equal(valuesOf(request, name).length, 1, name)
  }
})

t.test('framing and Expect end here, and a trailer goes nowhere', async t => {
  const on = await stage(t)
  const bytes = Buffer.concat(
    genuine('github', GITHUB, BODY, {
      framing: 'chunked',
      headers: [
        ['Expect', '100-continue'],
        ['Trailer', 'X-Late'],
      ],
    }),
  )
  const trailed = `${bytes.toString('latin1').slice(0, -2)}X-Late: 1\r\n\r\n`
  t.equal((await exchange(on.port, trailed))?.status, 400)
  t.same(on.recorder.requests, [])
  t.equal((await exchange(on.port, bytes.toString('latin1')))?.status, 204)
  const [request] = on.recorder.requests
  t.same(request?.framed, [])
  t.same(request && valuesOf(request, 'content-length'), ['7'])
  t.equal(request?.body.toString(), BODY)
  t.notMatch(request?.head.toString('latin1'), /x-late|expect|trailer|transfer/i)
})

t.test('a path is rebuilt from the map, a query goes on as it came', async t => {
  const on = await stage(t)
  for (const query of ['', '?', '?a=1&b=%20&c=a+b&&=&d', `?next=/webhooks//x?y&u=%C3%A9`]) {
    const request = await forwarded(on, [], `${GITHUB}${query}`)
    t.equal(request.target, `/webhooks/flows/${FLOW}${query}`)
  }
  await exchange(on.port, genuine('gitlab', `${GITLAB}?a=1`, BODY))
  t.match(on.recorder.requests.at(-1)?.target, /^\/webhooks\/flows\/[0-9a-f-]{36}\?a=1$/)
})

t.test('a token is not passed on, however it is spelled', async t => {
  const token = 'query-token-of-32-characters-0000'
  const on = await stage(t, {
    map: `${PROVIDERS}
  chat:
    secret: env:CHAT
    path: /in/chat
    to: flow:9a3f8c52-7d1e-4b60-8c2f-5e4d3c2b1a09
    scheme: { alg: token, from: query:token }
`,
    env: { ...ENV, CHAT: token },
  })
  await exchange(on.port, genuine('gitlab', GITLAB, BODY))
  t.notMatch(on.recorder.requests[0]?.head.toString('latin1'), /gitlab-token/i)
  const json: Lines = [['Content-Type', 'application/json']]
  const ask = (query: string) =>
    exchange(on.port, post({ target: `/in/chat?${query}`, body: BODY, headers: json }))
  const spelled = ['token', '%74oken', 't%6Fken', '%74%6f%6b%65%6e']
  for (const name of spelled) {
    t.equal((await ask(`a=1&${name}=${token}&b=%20`))?.status, 204, name)
    t.match(on.recorder.requests.at(-1)?.target, /^\/webhooks\/flows\/[^?]*\?a=1&b=%20$/)
  }
  t.equal((await ask(`token=${token}`))?.status, 204)
  t.notMatch(on.recorder.requests.at(-1)?.target, /\?/)
  for (const name of spelled) t.equal((await ask(`token=${token}&${name}=x`))?.status, 401, name)
  t.equal(on.recorder.requests.length, spelled.length + 2)
})

t.test('an untrusted peer names nobody, a trusted one whom it saw', async t => {
  const spoofed: Lines = [
    ['X-Forwarded-For', '198.51.100.1, 203.0.113.7'],
    ['X-Forwarded-For', '203.0.113.9, 10.1.2.3'],
  ]
  const alone = await stage(t)
  t.same(valuesOf(await forwarded(alone, spoofed), 'x-forwarded-for'), ['127.0.0.1'])

  const on = await stage(t, { map: `trust_proxies: [127.0.0.0/8, 10.0.0.0/8]${PROVIDERS}` })
  const cases: readonly (readonly [lines: Lines, seen: string])[] = [
    [spoofed, '203.0.113.9'],
    [[], '127.0.0.1'],
    [[['X-Forwarded-For', '10.1.2.3']], '10.1.2.3'],
    [[['X-Forwarded-For', '203.0.113.7, evil']], '127.0.0.1'],
    [[['X-Forwarded-For', '203.0.113.7, , 10.1.2.3']], '10.1.2.3'],
    [[['X-Forwarded-For', '203.0.113.7:4711']], '203.0.113.7'],
    [[['X-Forwarded-For', '2001:DB8:0::1']], '2001:db8::1'],
  ]
  for (const [lines, seen] of cases) {
    const got = valuesOf(await forwarded(on, lines), 'x-forwarded-for')
    t.same(got, [seen], JSON.stringify(lines))
  }
})

/** The answer to a delivery that the upstream reacts to as said. */
async function answered(on: Stage, reaction: Reaction, body = BODY): Promise<Answer | undefined> {
  on.recorder.react(reaction)
  return exchange(on.port, genuine('github', GITHUB, `${body.slice(0, -1)},"n":${Math.random()}}`))
}

const own = (answer: Answer | undefined) =>
  without(answer?.headers ?? [], ['date', 'connection', 'keep-alive'])

t.test(
  'an answer goes back less what tells of the upstream, and cannot run in a browser',
  async t => {
    const on = await stage(t)
    const lines = [
      'HTTP/1.1 201 Made Up',
      'X-Powered-By: Express',
      'Set-Cookie: a=1',
      'Set-Cookie: b=2',
      'Connection: close, X-Named',
      'X-Named: 1',
      'Keep-Alive: timeout=5',
      'Proxy-Authenticate: Basic',
      'Trailer: X-Late',
      'Upgrade: h2c',
      'Content-Security-Policy: default-src *',
      'X-Content-Type-Options: none',
      'Content-Type: text/html',
      'ETag: "x"',
      'X-Twice: b',
      'x-twice: a',
      'Content-Length: 4',
    ]
    const answer = await answered(on, { write: `${lines.join('\r\n')}\r\n\r\n<b/>` })
    t.equal(answer?.status, 201)
    t.same(
      own(answer),
      [
        ['content-type', 'text/html'],
        ['etag', '"x"'],
        ['x-twice', 'b'],
        ['x-twice', 'a'],
        ['content-length', '4'],
        ['X-Content-Type-Options', 'nosniff'],
        ['Content-Security-Policy', "sandbox; default-src 'none'"],
      ].flat(),
    )
    t.equal(answer?.text(), '<b/>')
  },
)

t.test('whatever the upstream answers well is passed on as it is, and asked for once', async t => {
  const on = await stage(t)
  const chunked = 'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-Late: 1\r\n\r\n'
  const cases: readonly (readonly [write: string, status: number, text: string])[] = [
    ['204 No Content\r\n\r\n', 204, ''],
    ['302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n', 302, ''],
    ['307 Again\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n', 307, ''],
    ['401 No\r\nWWW-Authenticate: Basic\r\nContent-Length: 2\r\n\r\nno', 401, 'no'],
    ['404 Not Found\r\nContent-Length: 2\r\n\r\nno', 404, 'no'],
    ['500 Oh\r\nContent-Length: 2\r\n\r\nno', 500, 'no'],
    [`200 OK\r\n${chunked}`, 200, 'abcde'],
    [
      '103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
      200,
      'ok',
    ],
    ['200 OK\r\nConnection: close\r\n\r\nuntil the end', 200, 'until the end'],
  ]
  for (const [write, status, text] of cases) {
    const after = write.includes('close') ? 'end' : 'keep'
    const answer = await answered(on, { write: `HTTP/1.1 ${write}`, after })
    t.equal(answer?.status, status, write)
    t.equal(answer?.text(), text, write)
    t.same(answer?.interim, [], write)
    t.notMatch(answer?.head.toString('latin1'), /X-Late/)
  }
  t.equal(on.recorder.requests.length, cases.length)
  t.same(on.recorder.faults, [])
})

t.test('an answer that is none is a 502 of ours', async t => {
  const on = await stage(t)
  const cases: readonly Reaction[] = [
    { write: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n' },
    { write: 'HTTP/1.1 101 Switching Protocols\r\n\r\n' },
    { write: 'NONSENSE\r\n\r\n' },
    { write: 'HTTP/1.1 999999 X\r\n\r\n' },
    { write: 'HTTP/1.1 099 X\r\nContent-Length: 0\r\n\r\n' },
    { write: 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab' },
    {
      write:
        'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n',
    },
    { write: 'HTTP/1.1 200 OK\r\nX-A: a\0b\r\n\r\n' },
    { write: `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(200_000)}\r\n\r\n` },
    { write: 'HTTP/1.1 200 OK\r\nX-A', after: 'end' },
    { after: 'end' },
    { after: 'reset' },
    { after: 'end', at: 'head' },
  ]
  for (const reaction of cases) {
    const what = JSON.stringify(reaction).slice(0, 100)
    const moves = await on.counted(async () => {
      const answer = await answered(on, reaction)
      t.equal(answer?.status, 502, what)
      if (answer?.status === 502) t.equal(wordOf(answer), 'upstream', what)
    })
    t.same(moves, FAILED, what)
  }
  t.equal(on.recorder.requests.length, cases.length, 'none was sent twice')
})

const FAILED = {
  'hookwarden_requests_total{provider="github",outcome="upstream_error"}': 1,
  'hookwarden_rejections_total{provider="github",reason="upstream_error",mode="enforce"}': 1,
}

t.test('a cut answer cuts the connection of the sender', async t => {
  const on = await stage(t)
  const cases: readonly Reaction[] = [
    { write: 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc', after: 'end' },
    { write: ['HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n', 'abc'], after: 'reset' },
    { write: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n', after: 'end' },
    { write: ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', 'zz\r\n'] },
  ]
  for (const reaction of cases) {
    const moves = await on.counted(async () => {
      t.equal(await answered(on, reaction), undefined, 'never taken for a whole one')
    })
    t.same(moves, FAILED)
  }
})

/** An upstream that answers with `size` bytes as fast as they are taken, and tells how many it could not send yet. */
async function generous(t: Test, size: number): Promise<{ port: number; left(): number }> {
  const block = Buffer.alloc(65_536)
  let left = size
  const sockets: Socket[] = []
  const server = createServer(socket => {
    const more = (): void => {
      while (left > 0) {
        left -= block.length
        if (!socket.write(block)) return void socket.once('drain', more)
      }
    }
    sockets.push(socket)
    socket.on('error', () => socket.destroy())
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
      more()
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { port, left: () => left }
}

for (const reads of [true, false]) {
  const what = reads ? 'arrives whole when it does' : 'is cut when it never does'
  t.test(`a large answer waits upstream for a sender that does not read, and ${what}`, async t => {
    const size = 64 * MIB
    const upstream = await generous(t, size)
    const on = await stage(t, { upstreamMap: `http://127.0.0.1:${upstream.port}` })
    const connection = await connect(on.port)
    t.teardown(() => connection.destroy())
    await connection.send(genuine('github', GITHUB, BODY))
    connection.socket.pause()
    let quiet = 0
    let left = size
    await on.until(() => {
      quiet = upstream.left() === left && left < size ? quiet + 1 : 0
      left = upstream.left()
      return quiet > 300
    })
    t.ok(left > size / 2, `${left} bytes still upstream`)
    if (!reads) on.clock.advance(11_000)
    const answer = connection.answerOrClose()
    connection.socket.resume()
    t.equal((await answer)?.body.length, reads ? size : undefined)
    const metrics = await on.hookwarden.metrics()
    t.equal(metrics.get('hookwarden_in_flight_requests'), 0)
    t.equal(metrics.get('hookwarden_requests_total{provider="github",outcome="accepted"}'), 1)
  })
}

t.test(
  'what was proven is delivered also when its sender hangs up while the upstream works',
  async t => {
    const on = await stage(t, { recorder: { hold: true } })
    const moves = await on.counted(async () => {
      const connection = await connect(on.port)
      await connection.send(genuine('github', GITHUB, BODY))
      await on.recorder.complete(1)
      connection.end()
      await connection.closed
      on.recorder.releaseAll()
      const open = () =>
        on.hookwarden.metrics().then(all => all.get('hookwarden_in_flight_requests'))
      await on.until(async () => (await open()) === 0)
    })
    t.same(moves, { 'hookwarden_requests_total{provider="github",outcome="accepted"}': 1 })
    const again = await exchange(on.port, genuine('github', GITHUB, BODY))
    t.equal(wordOf(again), 'duplicate', 'it was taken, and is not taken again')
    t.equal(on.recorder.requests.length, 1)
  },
)
