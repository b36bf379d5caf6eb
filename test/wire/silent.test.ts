import { once } from 'node:events'
import { connect as dial, type Socket } from 'node:net'
import { type SecureVersion, connect as secure, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { connect, exchange } from '../support/sender.ts'
import { GITHUB, genuine, PROVIDERS, stage } from './stage.ts'

const MAP = `limits: { headers: 1s, connections: 20 }${PROVIDERS}`
const CONNECTIONS = 'hookwarden_connections'

const delivery = (id: string): Buffer =>
  Buffer.concat(genuine('github', GITHUB, JSON.stringify({ id })))

/** A connection of which both layers are in our hands. */
async function shaken(
  t: Test,
  port: number,
  version: SecureVersion,
): Promise<{ raw: Socket; tls: TLSSocket }> {
  const raw = dial({ port, host: '127.0.0.1', allowHalfOpen: true })
  const of = { minVersion: version, maxVersion: version }
  const tls = secure({ socket: raw, rejectUnauthorized: false, ...of })
  tls.on('error', () => {})
  t.teardown(() => raw.destroy())
  await once(tls, 'secureConnect')
  return { raw, tls }
}

t.test('whoever says nothing after the handshake is ended when a head would be due', async t => {
  const { hookwarden, port, clock, until } = await stage(t, { map: MAP })
  const connection = await connect(port)
  await until(async () => (await hookwarden.metrics()).get(CONNECTIONS) === 1)
  clock.advance(900)
  const first = connection.readAnswer()
  await connection.write(delivery('late'))
  t.equal((await first).status, 204, 'who speaks in time is heard')

  const silent = await connect(port)
  await until(async () => (await hookwarden.metrics()).get(CONNECTIONS) === 2)
  clock.advance(900)
  t.equal((await exchange(port, delivery('meanwhile')))?.status, 204)
  t.equal(silent.socket.destroyed, false, 'not before')
  clock.advance(200)
  await silent.closed
  t.equal(silent.socket.bytesRead, 0, 'it is told nothing')
  const next = connection.readAnswer()
  await connection.write(delivery('next'))
  t.equal((await next).status, 204, 'who has spoken keeps its connection')
})

t.test('one byte does not buy a first head more time', async t => {
  const { port, clock, counted, recorder } = await stage(t, { map: MAP })
  const slow = await connect(port)
  clock.advance(900)
  await slow.write('P')
  t.equal((await exchange(port, delivery('meanwhile')))?.status, 204)
  const answer = slow.readAnswer()
  const moved = await counted(async () => {
    clock.advance(200)
    t.equal((await answer).status, 408)
  })
  t.same(moved, {
    'hookwarden_rejections_total{provider="none",reason="deadline",mode="enforce"}': 1,
    'hookwarden_requests_total{provider="none",outcome="rejected"}': 1,
  })
  clock.advance(5_000)
  t.equal(recorder.requests.length, 1)
})

t.test('nothing behind the answer to a late head is taken', async t => {
  const { port, clock, recorder, until } = await stage(t, { map: MAP })
  const bytes = delivery('late')
  const slow = await connect(port)
  const answer = slow.readAnswer()
  await slow.write(bytes.subarray(0, 50))
  t.equal((await exchange(port, delivery('meanwhile')))?.status, 204)
  clock.advance(1_000)
  t.equal((await answer).status, 408)
  await slow.write(Buffer.concat([bytes.subarray(50), delivery('behind')]))
  await slow.write(delivery('and behind that'))
  t.equal((await exchange(port, delivery('next')))?.status, 204)
  clock.advance(1_000)
  await slow.closed
  await until(() => recorder.requests.length >= 2)
  t.equal(recorder.requests.length, 2, 'it was told that it came too late')
})

t.test('a first head that was refused is not late as well', async t => {
  const { port, clock, counted } = await stage(t, { map: MAP.replace('1s', '500ms') })
  for (const head of ['CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n', 'no head at all\r\n\r\n']) {
    const moved = await counted(async () => {
      const connection = await connect(port)
      const answer = connection.readAnswer()
      await connection.write(head)
      t.equal((await answer).status, 400)
      clock.advance(5_000)
      await connection.closed
    })
    t.same(moved, {
      'hookwarden_rejections_total{provider="none",reason="malformed_http",mode="enforce"}': 1,
      'hookwarden_requests_total{provider="none",outcome="rejected"}': 1,
    })
  }
})

t.test('who speaks first and in whatever pieces is heard', async t => {
  const { recorder, port } = await stage(t, { map: MAP })
  for (const cut of [0, 1, 2, 60, -1]) {
    const bytes = delivery(`cut at ${cut}`)
    const connection = await connect(port)
    const answer = connection.readAnswer()
    for (const piece of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
      if (piece.length > 0) await connection.write(piece)
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    t.equal((await answer).status, 204, `cut at ${cut}`)
    connection.destroy()
  }
  const early = secure({ port, host: '127.0.0.1', rejectUnauthorized: false })
  early.write(delivery('early')) // behind the last word of the handshake
  const [answer] = await once(early, 'data')
  t.match(String(answer), /^HTTP\/1\.1 204 /)
  early.destroy()
  t.equal(recorder.requests.length, 6)
})

t.test('several requests behind the first byte are answered in their order', async t => {
  const { port, recorder } = await stage(t, { map: MAP })
  const connection = await connect(port)
  const answers = Promise.all([connection.readAnswer(), connection.readAnswer()])
  await connection.write(Buffer.concat([delivery('one'), delivery('two')]))
  t.same(
    (await answers).map(({ status }) => status),
    [204, 204],
  )
  t.equal(recorder.requests.length, 2)
})

t.test('whatever happens to a silent connection happens to it alone', async t => {
  const { hookwarden, port, until } = await stage(t, { map: MAP })
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const gone = await shaken(t, port, version)
    gone.raw.resetAndDestroy()
    const left = await shaken(t, port, version)
    left.raw.end()
    const said = await shaken(t, port, version)
    said.tls.end() // a farewell of TLS and nothing before it
    const noise = await shaken(t, port, version)
    noise.raw.write('no record of TLS')
    await until(async () => (await hookwarden.metrics()).get(CONNECTIONS) === 0)
  }
  const metrics = await hookwarden.metrics()
  t.equal(metrics.get('hookwarden_requests_total{provider="none",outcome="rejected"}'), 0)
  const next = await exchange(port, delivery('next'))
  t.equal(next?.status, 204)
})

t.test('silent connections are counted, and ended when no more are let in', async t => {
  const { hookwarden, port, until } = await stage(t, { map: MAP })
  const silent = await Promise.all(Array.from({ length: 20 }, () => connect(port)))
  await until(async () => (await hookwarden.metrics()).get(CONNECTIONS) === 20)
  await t.rejects(connect(port), 'there is no room for another')
  const ending = hookwarden.close()
  await Promise.all(silent.map(({ closed }) => closed))
  await ending
})
