import t from 'tap'
import { valuesOf } from '../support/message.ts'
import { type Connection, connect, connectPlain, exchange, type Pieces } from '../support/sender.ts'
import { GITHUB, genuine, PROVIDERS, type Stage, type StageOptions, stage } from './stage.ts'

const BODY = '{"a":1}'
const BALANCER = '127.0.0.1'
const STRANGER = '127.0.0.9'
/** Behind a balancer at 127.0.0.1, with a proxy at 10.1.2.3 that is believed too. */
const TRUST = `trust_proxies: [127.0.0.1, 10.0.0.0/8]`
const BEHIND: StageOptions = { listen: 'proxy_protocol: true', map: `${TRUST}${PROVIDERS}` }
const BOTH: StageOptions = { ...BEHIND, listen: 'proxy_protocol: true, http: 127.0.0.1:8080' }

const line = (source: string) => `PROXY TCP4 ${source} 10.0.0.1 4711 443\r\n`
const MARK = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const LOCAL = Buffer.concat([MARK, Buffer.from('20000000', 'hex')])
const SECOND = Buffer.concat([
  MARK,
  Buffer.from('2111000ccb0071070a000001', 'hex'),
  Buffer.from([0x30, 0x39, 0x01, 0xbb]),
])

let sent = 0
const delivery = (headers: readonly (readonly [string, string])[] = []): Pieces =>
  genuine('github', GITHUB, `{"n":${++sent}}`, { headers })

/** What the upstream was told of the newest delivery. */
async function told(on: Stage, count: number) {
  const request = (await on.recorder.complete(count))[count - 1]
  const value = (name: string) => (request === undefined ? [] : valuesOf(request, name))
  return { address: value('x-forwarded-for'), protocol: value('x-forwarded-proto') }
}

const closed = async (connecting: Promise<Connection>): Promise<boolean> => {
  try {
    const connection = await connecting
    connection.destroy()
    return false
  } catch {
    return true
  }
}

const rejected = async (on: Stage, reason: string) =>
  (await on.hookwarden.metrics()).get(`hookwarden_connections_rejected_total{reason="${reason}"}`)

t.test('the address of a PROXY header takes the place of the peer', async t => {
  const on = await stage(t, BEHIND)
  const headers: readonly (readonly [ahead: readonly (string | Uint8Array)[], source: string])[] = [
    [[line('203.0.113.7')], '203.0.113.7'],
    [[...line('203.0.113.7')], '203.0.113.7'],
    [['PROXY TCP6 2001:DB8::7 ::1 1 2\r\n'], '2001:db8::7'],
    [['PROXY TCP6 ::ffff:203.0.113.8 ::1 1 2\r\n'], '203.0.113.8'],
    [[LOCAL], BALANCER],
    [[...LOCAL].map(byte => Uint8Array.of(byte)), BALANCER],
    [['PROXY UNKNOWN\r\n'], BALANCER],
  ]
  for (const [i, [ahead, source]] of headers.entries()) {
    t.equal((await exchange(on.port, delivery(), { ahead }))?.status, 204, source)
    t.same(await told(on, i + 1), { address: [source], protocol: ['https'] })
    on.clock.advance(1_000) // lines are written in blocks
    t.equal(on.hookwarden.lines.at(-1)?.address, source, 'and in the log')
  }
})

t.test('the second version, with the handshake in the same packet', async t => {
  const on = await stage(t, BOTH)
  const ahead = [Buffer.concat([SECOND, Buffer.from(delivery()[0] ?? [])])]
  const connection = await connectPlain(on.hookwarden.plainPort ?? 0, { ahead })
  t.equal((await connection.readAnswer()).status, 204)
  t.same(await told(on, 1), { address: ['203.0.113.7'], protocol: ['http'] })
  connection.destroy()
  t.equal((await exchange(on.port, delivery(), { ahead: [SECOND] }))?.status, 204)
  t.same(await told(on, 2), { address: ['203.0.113.7'], protocol: ['https'] })
})

t.test('a peer that is believed has to send the header', async t => {
  const on = await stage(t, BEHIND)
  const wrong = [undefined, 'PROXY TCP4 1.2.3.4\r\n', 'x', Buffer.concat([MARK, MARK])]
  for (const [i, header] of wrong.entries()) {
    const options = header === undefined ? {} : { ahead: [header] }
    t.ok(await closed(connect(on.port, options)), String(header))
    t.equal(await rejected(on, 'proxy_header'), i + 1)
  }
  t.equal(on.recorder.connections.total, 0)
})

t.test(
  'a header has the deadline of a handshake, and takes a place among the connections',
  async t => {
    const on = await stage(t, { ...BEHIND, map: `limits: { connections: 1 }\n${BEHIND.map}` })
    const slow = await connectPlain(on.port, { ahead: ['PROXY TCP4 203.0.113.7 '] })
    await on.until(async () => (await on.hookwarden.metrics()).get('hookwarden_connections') === 1)
    t.ok(await closed(connect(on.port, { ahead: [LOCAL] })))
    t.equal(await rejected(on, 'connections'), 1)
    on.clock.advance(5_000)
    await slow.closed
    t.equal(await rejected(on, 'proxy_header'), 1)
    const connection = await connect(on.port, { ahead: [LOCAL] })
    on.clock.advance(6_000)
    const answer = connection.readAnswer()
    await connection.send(delivery())
    t.equal((await answer).status, 204, 'a header in time has no deadline any more')
    connection.destroy()
  },
)

t.test('a sender that leaves before its header is whole ends nothing but itself', async t => {
  const on = await stage(t, BEHIND)
  for (const ahead of [[], ['PROXY '], ['PROXY TCP4 203.0.113.7 10.0.0.1 1 2\r']]) {
    const connection = await connectPlain(on.port, { ahead })
    connection.socket.resetAndDestroy()
    await connection.closed
  }
  await on.until(async () => (await rejected(on, 'proxy_header')) === 3)
  t.equal((await exchange(on.port, delivery(), { ahead: [LOCAL] }))?.status, 204)
})

t.test('from any other peer a header is refused, and without one it is itself', async t => {
  const on = await stage(t, BOTH)
  const options = { localAddress: STRANGER }
  t.ok(await closed(connect(on.port, { ...options, ahead: [line('203.0.113.7')] })))
  t.ok(await closed(connect(on.port, { ...options, ahead: [SECOND] })))
  for (const header of [line('203.0.113.7'), SECOND]) {
    const ahead = [header, ...delivery()]
    const plain = await connectPlain(on.hookwarden.plainPort ?? 0, { ...options, ahead })
    t.equal((await plain.readAnswer()).status, 400)
    plain.destroy()
  }
  t.equal(on.recorder.connections.total, 0)
  const claims = delivery([['X-Forwarded-For', '203.0.113.7']])
  t.equal((await exchange(on.port, claims, options))?.status, 204)
  t.same((await told(on, 1)).address, [STRANGER])
})

t.test('X-Forwarded-For is believed only of a named address that is itself believed', async t => {
  const on = await stage(t, BEHIND)
  const claims = [['X-Forwarded-For', '198.51.100.1, 203.0.113.9']] as const
  const cases: readonly (readonly [ahead: string | Uint8Array, seen: string])[] = [
    [line('203.0.113.7'), '203.0.113.7'],
    [line('10.1.2.3'), '203.0.113.9'],
    [LOCAL, BALANCER], // it passes bytes on: what they say is its sender's word
    ['PROXY UNKNOWN\r\n', BALANCER],
  ]
  for (const [i, [ahead, seen]] of cases.entries()) {
    t.equal((await exchange(on.port, delivery(claims), { ahead: [ahead] }))?.status, 204)
    t.same((await told(on, i + 1)).address, [seen], String(ahead))
  }
})

t.test('connections are capped by the address that is named, IPv6 by its /64', async t => {
  const map = `limits: { connections_per_address: 2 }\n${BEHIND.map}`
  const on = await stage(t, { ...BEHIND, map })
  const open: Connection[] = []
  const enters = async (ahead: string | Uint8Array): Promise<boolean> => {
    try {
      open.push(await connect(on.port, { ahead: [ahead] }))
      return true
    } catch {
      return false
    }
  }
  const four = line('203.0.113.7')
  const six = (host: string) => `PROXY TCP6 2001:db8:0:1:${host} ::1 1 2\r\n`
  t.same([await enters(four), await enters(four), await enters(four)], [true, true, false])
  t.same([await enters(six(':1')), await enters(six('a::2'))], [true, true])
  t.equal(await enters(six('b::3')), false, 'the third of its /64')
  t.equal(await enters('PROXY TCP6 2001:db8:0:2::1 ::1 1 2\r\n'), true)
  t.same([await enters(LOCAL), await enters(LOCAL), await enters(LOCAL)], [true, true, true])
  t.equal(await rejected(on, 'connections_per_address'), 2)
  for (const connection of open) connection.destroy()
  await on.until(async () => (await on.hookwarden.metrics()).get('hookwarden_connections') === 0)
  t.equal(await enters(four), true, 'who leaves gives the place back')
  open.at(-1)?.destroy()
})

t.test('the per-address limit is spent by the address that is named', async t => {
  const map = `defaults: { limits: { per_address: 1/1h } }\n${BEHIND.map}`
  const on = await stage(t, { ...BEHIND, map })
  const forged = () => genuine('github', GITHUB, BODY, { sent: '{"a":2}' })
  const status = async (source: string) =>
    (await exchange(on.port, forged(), { ahead: [line(source)] }))?.status
  t.equal(await status('203.0.113.7'), 401)
  t.equal(await status('203.0.113.7'), 429)
  t.equal(await status('203.0.113.8'), 401)
})

const PLAIN: StageOptions = { listen: 'http: 127.0.0.1:8080', map: `${TRUST}${PROVIDERS}` }

t.test('behind a proxy that ends TLS a delivery is admitted as ever', async t => {
  const on = await stage(t, PLAIN)
  const connection = await connectPlain(on.hookwarden.plainPort ?? 0)
  const ask = async (bytes: Pieces) => {
    const answer = connection.readAnswer()
    await connection.send(bytes)
    return (await answer).status
  }
  t.equal(await ask(genuine('github', GITHUB, BODY, { sent: '{"a":2}' })), 401)
  t.equal(await ask(delivery([['Content-Encoding', 'gzip']])), 415)
  t.equal(await ask(genuine('github', `${GITHUB}/`, BODY)), 404)
  t.equal(on.recorder.connections.total, 0)
  const hops = '198.51.100.1, 203.0.113.7, 10.1.2.3'
  const from = ['X-Forwarded-For', hops] as const
  const cases: readonly (readonly [proto: readonly (readonly [string, string])[], seen: string])[] =
    [
      [[], 'http'],
      [[['X-Forwarded-Proto', 'https']], 'https'],
      [[['X-Forwarded-Proto', 'http']], 'http'],
      [[['X-Forwarded-Proto', 'https, http']], 'http'],
      [[['X-Forwarded-Proto', 'ftp']], 'http'],
    ]
  for (const [i, [proto, seen]] of cases.entries()) {
    t.equal(await ask(delivery([from, ...proto])), 204)
    t.same(await told(on, i + 1), { address: ['203.0.113.7'], protocol: [seen] })
  }
  connection.destroy()
})

t.test('a stranger on the plain listener is believed nothing', async t => {
  const on = await stage(t, PLAIN)
  const claims = delivery([
    ['X-Forwarded-For', '203.0.113.7'],
    ['X-Forwarded-Proto', 'https'],
  ])
  const ahead = claims
  const connection = await connectPlain(on.hookwarden.plainPort ?? 0, {
    localAddress: STRANGER,
    ahead,
  })
  t.equal((await connection.readAnswer()).status, 204)
  t.same(await told(on, 1), { address: [STRANGER], protocol: ['http'] })
  connection.destroy()
})

t.test('TLS on the plain listener is no request', async t => {
  const on = await stage(t, PLAIN)
  t.ok(await closed(connect(on.hookwarden.plainPort ?? 0)))
  t.equal(on.recorder.connections.total, 0)
})
