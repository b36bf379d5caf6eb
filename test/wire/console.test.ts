import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { wayOf } from '../../src/console/way.ts'
import { certify, type Pair } from '../support/authority.ts'
import { startHookwarden } from '../support/hookwarden.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { connect, exchange, request } from '../support/sender.ts'
import { PROVIDERS, type Stage, type StageOptions, stage } from './stage.ts'

const PAGE =
  'HTTP/1.1 200 OK\r\nX-Powered-By: Express\r\nKeep-Alive: timeout=5\r\nContent-Length: 2\r\n\r\nhi'

interface Lane extends Stage {
  readonly lane: number
  refusals(): Promise<Record<string, number>>
}

/** A stage whose console is open to loopback, unless said. */
async function withConsole(
  t: Test,
  keys = 'allow_ips: [127.0.0.1/32]',
  options: StageOptions = {},
): Promise<Lane> {
  const map = `${PROVIDERS}console: { ${keys} }\n`
  const on = await stage(t, { recorder: { reaction: { write: PAGE } }, ...options, map })
  const lane = on.hookwarden.service.consolePort ?? 0
  const refusals = async () => {
    const series = await on.hookwarden.metrics()
    const counts = [...series].flatMap(([name, value]): [string, number][] => {
      const why = /^hookwarden_console_refusals_total\{reason="(\w+)"\}$/.exec(name)?.[1]
      return why === undefined || value === 0 ? [] : [[why, value]]
    })
    return Object.fromEntries(counts)
  }
  return { ...on, lane, refusals }
}

t.test('pages and the API pass, with what a browser sends, and with what a proxy adds', async t => {
  const { lane, recorder } = await withConsole(t)
  const body = '{"email":"a@example.com"}'
  const got = await exchange(lane, {
    method: 'POST',
    target: '/internal/api/v1/access-tokens?x=1&x=%2F..%2f',
    headers: [
      ['Host', 'console.example:8444'],
      ['Cookie', 'a=b'],
      ['Authorization', 'of-the-session'],
      ['Content-Type', 'application/json'],
      ['X-Forwarded-For', '6.6.6.6'],
      ['X_Forwarded_For', '6.6.6.6'],
      ['Forwarded', 'for=6.6.6.6'],
      ['X-Hookwarden-Verified', 'provider=github'],
      ['Connection', 'keep-alive, x-hop'],
      ['X-Hop', '1'],
      ['TE', 'trailers'],
    ],
    body,
  })
  t.equal(got?.status, 200)
  t.equal(got?.text(), 'hi')
  t.equal(got?.header('x-powered-by'), undefined)
  t.equal(got?.header('x-content-type-options'), 'nosniff')
  t.equal(got?.header('x-frame-options'), 'SAMEORIGIN')
  const [seen] = recorder.requests
  t.equal(seen?.target, '/internal/api/v1/access-tokens?x=1&x=%2F..%2f')
  t.equal(seen?.body.toString(), body)
  const heard = new Map<string, string>()
  for (let i = 0; i < (seen?.headers.length ?? 0); i += 2)
    heard.set(seen?.headers[i]?.toLowerCase() ?? '', seen?.headers[i + 1] ?? '')
  t.same([...heard].sort(), [
    ['authorization', 'of-the-session'],
    ['connection', 'close'],
    ['content-length', String(body.length)],
    ['content-type', 'application/json'],
    ['cookie', 'a=b'],
    ['host', 'console.example:8444'],
    ['x-forwarded-for', '127.0.0.1'],
    ['x-forwarded-host', 'console.example:8444'],
    ['x-forwarded-proto', 'https'],
  ])
})

t.test(
  'a connection is kept between requests, and each reaches Automatisch on one of its own',
  async t => {
    const { lane, recorder } = await withConsole(t)
    const browser = await connect(lane)
    for (const target of ['/', '/static/js/main.js', '/internal/api/v1/users/me']) {
      await browser.send(request({ target }))
      t.equal((await browser.readAnswer()).status, 200, target)
    }
    browser.destroy()
    t.same(
      recorder.requests.map(({ connection }) => connection),
      [1, 2, 3],
    )
  },
)

t.test(
  'nothing is served on the address of webhooks, and no webhook on that of the console',
  async t => {
    const { port, lane, recorder } = await withConsole(t)
    for (const target of ['/', '/login', '/internal/api/v1/users/me', '/admin/queues'])
      t.equal((await exchange(port, { target }))?.status, 404, target)
    t.equal((await exchange(lane, { target: '/login' }))?.status, 200)
    t.equal(recorder.requests.length, 1)
  },
)

/** Each leads to webhooks or queues for some reader, or is a spelling of its own. */
const CLOSED: readonly string[] = [
  '/webhooks',
  '/webhooks/',
  '/webhooks/flows/0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11',
  '/WEBHOOKS/flows/1',
  '/Webhooks?x',
  '/webhooks.json',
  '/%77ebhooks/flows/1',
  '/webhook%73',
  '/%2577ebhooks',
  '//webhooks/flows/1',
  '/webhooks//flows/1',
  '///webhooks',
  '/./webhooks/flows/1',
  '/login/../webhooks/flows/1',
  '/login/%2e%2e/webhooks',
  '/login/..%2fwebhooks',
  '/login/..%5cwebhooks',
  '/login\\..\\webhooks',
  '/;x/webhooks',
  '/login;/../webhooks',
  '/admin/queues',
  '/admin/queues/api/queues',
  '/ADMIN/Queues',
  '/admin//queues',
  '/admin/./queues',
  '/admin%2fqueues',
  '/admin%2Fqueues',
  '/%61dmin/queues',
  '/admin/queue%73',
  '/x/../admin/queues',
  'http://localhost/webhooks/flows/1',
  'http://localhost/admin/queues',
  'HTTP://localhost/login',
  '//localhost/admin/queues',
  'webhooks',
  '*',
  '/login#/../webhooks',
  '/%00/webhooks',
  '/log%in',
  '/log%0d%0ain',
  '/caf\xe9',
]

t.test('webhooks and queues are never reached, however they are spelt', async t => {
  const { lane, recorder, refusals } = await withConsole(t)
  for (const target of CLOSED) {
    for (const method of ['GET', 'POST']) {
      const got = await exchange(lane, request({ method, target }))
      t.ok(got === undefined || got.status === 404 || got.status === 400, `${method} ${target}`)
    }
  }
  t.same(recorder.requests, [])
  t.same(recorder.faults, [])
  const { path = 0, framing = 0 } = await refusals()
  t.ok(path > 15 && framing > 40)
})

t.test('no target that leads to webhooks or queues after any decoding is open', async t => {
  const piece = fc.constantFrom(
    ...[
      'webhooks',
      'WebHooks',
      'admin',
      'queues',
      'login',
      '.',
      '..',
      '/',
      '//',
      '\\',
      ';',
      '%2f',
      '%2e',
    ],
    ...['%77', '%57', '%252f', '%5c', '%61', '?', '#', '%', '%zz', '~', '%7e', 'flows'],
  )
  /** What a careless reader makes of it: decoded until nothing changes, dots resolved, slashes folded. */
  const careless = (target: string): string => {
    let path = target.split(/[?#]/, 1)[0] ?? ''
    for (let i = 0; i < 4; i++)
      path = path.replace(/%([0-9a-f]{2})/gi, (_, hex) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      )
    const parts: string[] = []
    for (const part of path
      .toLowerCase()
      .replaceAll('\\', '/')
      .replace(/;[^/]*/g, '')
      .split('/')) {
      if (part === '..') parts.pop()
      else if (part !== '.' && part !== '') parts.push(part)
    }
    return `/${parts.join('/')}`
  }
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), pieces => {
      const target = `/${pieces.join('')}`
      const led = careless(target)
      const kept = led.startsWith('/webhooks') || led.startsWith('/admin/queues')
      return !kept || wayOf(target) !== 'open'
    }),
    { numRuns: 5_000 },
  )
  t.pass('no counter-example')
  for (const target of [
    '/',
    '/login',
    '/admin-settings/users',
    '/admin',
    '/app/github/flows?a=%2f..',
    '/a%20b',
    '/apps/x/assets/favicon.svg',
    '/internal/api/v1/apps/webhook/auth',
  ])
    t.equal(wayOf(target), 'open', target)
})

const SMUGGLED = 'POST /webhooks/flows/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n'
const chunked = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`
/** A request in which two readers may see one or two. */
const SMUGGLING: readonly (readonly [string, string])[] = [
  [
    'a chunked DELETE',
    `DELETE /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(SMUGGLED)}`,
  ],
  [
    'a chunked OPTIONS',
    `OPTIONS /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(SMUGGLED)}`,
  ],
  [
    'a DELETE with a body',
    `DELETE /x HTTP/1.1\r\nHost: a\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
  ],
  [
    'a GET with a body',
    `GET /x HTTP/1.1\r\nHost: a\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
  ],
  [
    'a chunked GET',
    `GET /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(SMUGGLED)}`,
  ],
  [
    'a chunked POST',
    `POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(SMUGGLED)}`,
  ],
  [
    'length and chunks',
    `POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  ],
  [
    'two lengths',
    `POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
  ],
  ['a list of lengths', `POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0, 0\r\n\r\n${SMUGGLED}`],
  ['a length with a sign', `POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: +0\r\n\r\n${SMUGGLED}`],
  [
    'chunks in capitals and a tab',
    `POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\tCHUNKED\r\n\r\n${chunked(SMUGGLED)}`,
  ],
  [
    'an unknown coding',
    `POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n${SMUGGLED}`,
  ],
  [
    'a coding after chunked',
    `POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n${SMUGGLED}`,
  ],
  [
    'a blank before the colon',
    `POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n${chunked(SMUGGLED)}`,
  ],
  [
    'a folded line',
    `POST /x HTTP/1.1\r\nHost: a\r\nX: y\r\n Transfer-Encoding: chunked\r\n\r\n${chunked(SMUGGLED)}`,
  ],
  [
    'a length that Connection lists',
    `POST /x HTTP/1.1\r\nHost: a\r\nConnection: content-length\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
  ],
  ['a host that Connection lists', `GET /x HTTP/1.1\r\nHost: a\r\nConnection: host\r\n\r\n`],
  ['bare line feeds', `POST /x HTTP/1.1\nHost: a\nContent-Length: 0\n\n${SMUGGLED}`],
  [
    'a bare carriage return in a value',
    `GET /x HTTP/1.1\r\nHost: a\r\nX: a\rContent-Length: 5\r\n\r\n`,
  ],
  ['two hosts', `GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`],
  [
    'chunks under 1.0',
    `POST /x HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(SMUGGLED)}`,
  ],
  [
    'a second protocol',
    `GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n${SMUGGLED}`,
  ],
  [
    'a WebSocket with a request behind it',
    `GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n${SMUGGLED}`,
  ],
  [
    'a WebSocket by POST',
    `POST /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
  ],
  ['a tunnel', `CONNECT localhost:3000 HTTP/1.1\r\nHost: a\r\n\r\n${SMUGGLED}`],
  [
    'an expectation',
    `POST /x HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
  ],
  ['TRACE', `TRACE /x HTTP/1.1\r\nHost: a\r\n\r\n`],
  ['the preface of HTTP/2', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${SMUGGLED}`],
]

t.test(
  'nothing is smuggled past it: Automatisch sees one request or none, and never a webhook',
  async t => {
    const { lane, recorder } = await withConsole(t)
    for (const [what, bytes] of SMUGGLING) {
      const before = recorder.requests.length
      const connection = await connect(lane)
      await connection.write(bytes)
      await connection.answerOrClose()
      connection.end() // a second request on the connection would be answered before its end
      await connection.closed
      const seen = recorder.requests.slice(before)
      t.ok(seen.length <= 1, `${what}: ${seen.length} requests`)
      for (const one of seen) {
        t.equal(one.target, '/x', what)
        t.ok(one.complete, what)
      }
    }
    t.same(recorder.faults, [])
  },
)

t.test(
  'an upgrade that Automatisch does not answer with 101 is one answer, and the connection ends',
  async t => {
    const { lane, recorder } = await withConsole(t)
    const connection = await connect(lane)
    await connection.send(
      request({
        target: '/x',
        headers: [
          ['Connection', 'Upgrade'],
          ['Upgrade', 'websocket'],
          ['Sec-WebSocket-Version', '13'],
          ['Sec-WebSocket-Key', 'x'],
        ],
      }),
    )
    t.equal((await connection.readAnswer()).status, 200)
    await connection.write(SMUGGLED)
    await connection.closed
    t.equal(recorder.requests.length, 1)
    t.same(recorder.faults, [])
  },
)

t.test('a WebSocket is upgraded, carries bytes both ways, and ends with its idleness', async t => {
  const upstream = createServer()
  let gone = (): void => {}
  const left = new Promise<void>(resolve => {
    gone = resolve
  })
  upstream.on('upgrade', (req, socket) => {
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Seen: ${req.headers['x-forwarded-for']}\r\n\r\n`,
    )
    socket.on('data', (chunk: Buffer) => socket.write(String(chunk).toUpperCase()))
    socket.on('error', () => {})
    socket.on('end', () => socket.end())
    socket.on('close', gone)
  })
  await new Promise<void>(done => upstream.listen(0, '127.0.0.1', done))
  const clock = new ManualClock()
  const hookwarden = await startHookwarden({
    map: `${PROVIDERS}console: { allow_ips: [127.0.0.1], limits: { idle: 5m } }\n`,
    upstream: (upstream.address() as AddressInfo).port,
    clock,
  })
  t.teardown(async () => {
    await hookwarden.close()
    upstream.close()
  })
  const { socket } = await connect(hookwarden.service.consolePort ?? 0)
  socket.removeAllListeners('data')
  let text = ''
  const said = (wanted: RegExp) =>
    new Promise<void>(resolve => {
      const look = () => wanted.test(text) && resolve()
      socket.on('data', look)
      look()
    })
  socket.on('data', (chunk: Buffer) => {
    text += chunk
  })
  socket.write(
    'GET /live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n\r\n',
  )
  await said(/\r\n\r\n/)
  t.match(text, /^HTTP\/1\.1 101 [\s\S]*x-seen: 127\.0\.0\.1/i)
  socket.write('hello')
  await said(/HELLO$/)
  const closed = new Promise(resolve => socket.on('close', resolve))
  for (let i = 0; i < 3; i++) clock.advance(300_000)
  await closed
  await left
  t.pass('ended on both sides')
})

t.test('an address that is not listed is closed before its handshake', async t => {
  const { lane, recorder, refusals } = await withConsole(t, 'allow_ips: [127.0.0.2]')
  await t.rejects(connect(lane))
  t.equal((await exchange(lane, { target: '/login' }, { localAddress: '127.0.0.2' }))?.status, 200)
  t.same(await refusals(), { address: 1 })
  t.equal(recorder.requests.length, 1)
})

const sixes = await new Promise<boolean>(resolve => {
  const probe = listenTo(() => probe.close(() => resolve(true)))
  probe.on('error', () => resolve(false))
})

function listenTo(then: () => void) {
  return createServer().listen(0, '::', then)
}

t.test(
  'where it listens on IPv6 too, an IPv4 address is itself: listed, limited, told and passed on',
  { skip: !sixes && 'this machine has no IPv6' },
  async t => {
    const { lane, recorder, hookwarden, clock } = await withConsole(
      t,
      'allow_ips: [127.0.0.0/30], limits: { per_address: 1/1h }',
      { listen: "console: '[::]:8444'" },
    )
    const from = (localAddress: string) => exchange(lane, { target: '/login' }, { localAddress })
    t.equal((await from('127.0.0.1'))?.status, 200)
    t.equal((await from('127.0.0.2'))?.status, 200, 'a bucket of its own')
    t.equal((await from('127.0.0.2'))?.status, 429)
    await t.rejects(from('127.0.0.9'))
    const told = recorder.requests.map(({ headers }) => {
      const at = headers.findIndex(name => name.toLowerCase() === 'x-forwarded-for')
      return headers[at + 1]
    })
    t.same(told, ['127.0.0.1', '127.0.0.2'])
    clock.advance(1_000)
    const logged = hookwarden.lines.filter(({ address }) => address !== undefined)
    t.same(
      logged.map(({ why, address }) => [why, address]),
      [['rate', '127.0.0.2']],
    )
  },
)

t.test('where a certificate is asked for, nothing goes without one of that authority', async t => {
  const root = await certify({ name: 'People', authority: true })
  const other = await certify({ name: 'Others', authority: true })
  const anna = await certify({ name: 'anna.example', by: root })
  const bert = await certify({ name: 'bert.example', by: root })
  const mallory = await certify({ name: 'anna.example', by: other })
  const folder = t.testdir({})
  const ca = join(folder, 'people.pem')
  writeFileSync(ca, root.cert)
  const status = async (lane: number, pair?: Pair) =>
    (await exchange(lane, { target: '/login' }, pair))?.status
  const any = await withConsole(t, `allow_ips: [0.0.0.0/0], client_certificate: { ca: ${ca} }`)
  t.equal(await status(any.lane), 403)
  t.equal(await status(any.lane, mallory), 403)
  t.equal(await status(any.lane, anna), 200)
  t.equal(await status(any.lane, bert), 200)
  t.equal(any.recorder.requests.length, 2)
  const one = await withConsole(
    t,
    `allow_ips: [127.0.0.0/8], client_certificate: { ca: ${ca}, subject: Anna.example }`,
  )
  t.equal(await status(one.lane, anna), 200)
  t.equal(await status(one.lane, bert), 403)
  const upgrade = request({
    target: '/',
    headers: [
      ['Connection', 'Upgrade'],
      ['Upgrade', 'websocket'],
    ],
  })
  t.equal((await exchange(one.lane, upgrade))?.status, 403, 'upgrades included')
  t.same(await one.refusals(), { certificate: 2 })
})

t.test('certificates that change are shown here too', async t => {
  const certified = await Promise.all(
    ['first', 'second', 'third'].map(name => certify({ name: `${name}.example` })),
  )
  const [first, second, third] = certified.map(({ cert, key }) => ({ cert, key }))
  const folder = t.testdir({ 'a.crt': first?.cert ?? '', 'a.key': first?.key ?? '' })
  const [cert, key] = [join(folder, 'a.crt'), join(folder, 'a.key')]
  const listen = `tls: [{ cert: ${cert}, key: ${key} }]`
  const { lane, clock, until } = await withConsole(t, 'allow_ips: [127.0.0.1]', { listen })
  const shown = async () => {
    const { socket } = await connect(lane)
    const { subject } = socket.getPeerX509Certificate() ?? {}
    socket.destroy()
    return subject
  }
  t.equal(await shown(), 'CN=first.example')
  for (const next of [second, third]) {
    writeFileSync(cert, next?.cert ?? '')
    writeFileSync(key, next?.key ?? '')
    const name = next === second ? 'second' : 'third'
    await until(async () => {
      clock.advance(1_000)
      return (await shown()) === `CN=${name}.example`
    })
  }
  t.equal((await exchange(lane, { target: '/login' }))?.status, 200)
})

t.test('it has limits of its own: connections, bodies, requests of an address', async t => {
  const limits = 'limits: { connections: 2, body: 10B, per_address: 2/1h }'
  const { lane, refusals, port } = await withConsole(t, `allow_ips: [127.0.0.0/8], ${limits}`)
  const first = await connect(lane)
  const second = await connect(lane)
  await t.rejects(connect(lane))
  await first.send(request({ method: 'POST', target: '/x', body: '0123456789a' }))
  t.equal((await first.readAnswer()).status, 413)
  await first.closed
  await second.send(request({ method: 'POST', target: '/x', body: '0123456789' }))
  t.equal((await second.readAnswer()).status, 200)
  t.equal((await exchange(lane, { target: '/x' }))?.status, 429)
  t.same(await refusals(), { body: 1, connections: 1, rate: 1 })
  t.equal((await exchange(port, { target: '/none' }))?.status, 404, 'deliveries have their own')
})

t.test('Automatisch being away, or silent for too long, is a 502', async t => {
  const keys = 'allow_ips: [127.0.0.0/8], limits: { answer: 100ms }'
  const { lane, recorder, refusals } = await withConsole(t, keys, { recorder: { hold: true } })
  t.equal((await exchange(lane, { target: '/slow' }))?.status, 502)
  recorder.stop()
  recorder.reset()
  t.equal((await exchange(lane, { target: '/x' }))?.status, 502)
  t.same(await refusals(), { upstream: 2 })
})

t.test('an answer that is cut off cuts the browser off: half a page is no page', async t => {
  const { lane, recorder } = await withConsole(t)
  for (const after of ['end', 'reset'] as const) {
    for (const length of ['Content-Length: 100', 'Transfer-Encoding: chunked']) {
      recorder.react({ write: `HTTP/1.1 200 OK\r\n${length}\r\n\r\n4\r\nhalf\r\n`, after })
      const browser = await connect(lane)
      await browser.send(request({ target: '/x' }))
      await browser.closed
      t.notOk((await browser.answerOrClose())?.status === 200, `${after}, ${length}`)
    }
  }
})

t.test(
  'off by default: no listener, and nothing of it is loaded before it is asked for',
  async t => {
    const { hookwarden } = await stage(t)
    t.equal(hookwarden.service.consolePort, undefined)
    const loads =
      /^(?:import|export) (?!type\b).*from '(?:http-proxy|\.\.\/console\/.*|\.\/console-lane\.ts)'$/m
    const eager = globSync('src/**/*.ts')
      .filter(file => !/^src\/(?:console\/|process\/console-lane)/.test(file))
      .filter(file => loads.test(readFileSync(file, 'utf8')))
    t.same(eager, [])
  },
)
