import { createServer } from 'node:https'
import { createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import t from 'tap'
import { developmentCertificate } from '../support/certificate.ts'
import { bodies, bodyOf, circuit, deliver, head, NO_CONTENT, proceed } from './failing.ts'
import { stage } from './stage.ts'

t.test('a connection that nobody uses is ended before Automatisch ends it', async t => {
  const on = await stage(t)
  const { recorder } = on
  t.equal((await deliver(on, bodyOf()))?.status, 204)
  on.clock.advance(3_000)
  t.equal((await deliver(on, bodyOf()))?.status, 204)
  t.equal(recorder.connections.total, 1, 'used again, and its time begins anew')
  on.clock.advance(3_900)
  t.equal(recorder.connections.open, 1)
  on.clock.advance(1_100)
  await on.until(() => recorder.connections.open === 0)
  t.equal((await deliver(on, bodyOf()))?.status, 204)
  t.equal(recorder.connections.total, 2)
})

t.test('one whose time has passed is not used, though no timer has run yet', async t => {
  const write = head('204 No Content', 'Keep-Alive: timeout=2')
  const on = await stage(t, { recorder: { reaction: { write } } })
  t.equal((await deliver(on, bodyOf()))?.status, 204)
  on.clock.advance(999)
  t.equal((await deliver(on, bodyOf()))?.status, 204)
  t.equal(on.recorder.connections.total, 1)
  on.clock.now = (
    now => () =>
      now + 1_000
  )(on.clock.now()) // the clock goes on, its timers do not
  t.equal((await deliver(on, bodyOf()))?.status, 204)
  t.equal(on.recorder.connections.total, 2)
})

t.test('as many connections as requests at once, and the fewest that do afterwards', async t => {
  const on = await stage(t, { recorder: { hold: true } })
  const { recorder } = on
  const sent = Array.from({ length: 8 }, () => bodyOf())
  const answers = sent.map(body => deliver(on, body))
  await proceed(on, 8)
  t.equal(recorder.connections.total, 8)
  recorder.releaseAll()
  for (const answer of answers) t.equal((await answer)?.status, 204)
  const used = new Set<number>()
  for (let i = 0; i < 5; i++) {
    t.equal((await deliver(on, bodyOf()))?.status, 204)
    used.add(recorder.requests.at(-1)?.connection ?? 0)
  }
  t.equal(used.size, 1, 'the one used last is used first, so that the others may end')
  t.equal(bodies(recorder).length, 13)
})

t.test(
  'an upstream behind TLS is spoken to in TLS, and only where its certificate holds',
  async t => {
    const { cert, key } = await developmentCertificate()
    const names: unknown[] = []
    const server = createServer({ cert, key }, (request, answer) => {
      names.push([request.headers.host, request.url?.slice(0, 16)])
      request.resume().on('end', () => answer.writeHead(201, { 'Content-Length': 2 }).end('ok'))
    })
    let connections = 0
    server.on('secureConnection', () => (connections += 1))
    const port = await listening(server)
    t.teardown(() => {
      server.closeAllConnections()
      server.close()
    })
    const on = await stage(t, { upstreamMap: `https://localhost:${port}` })
    const trusted = getCACertificates()
    const early = deliver(on, bodyOf())
    await circuit(on, 2)
    t.same(names, [], 'as one that is away')
    setDefaultCACertificates([...trusted, cert])
    t.teardown(() => setDefaultCACertificates(trusted))
    on.clock.advance(250)
    t.equal((await early)?.status, 201)
    for (let i = 0; i < 2; i++) {
      const answer = await deliver(on, bodyOf(100_000))
      t.same([answer?.status, answer?.text()], [201, 'ok'])
    }
    t.same(names[1], [`localhost:${port}`, '/webhooks/flows/'])
    t.equal(connections, 2, 'one for the question, one that is kept')
  },
)

t.test('a connection that ends within the handshake of TLS did not come about', async t => {
  const { cert, key } = await developmentCertificate()
  const ends: readonly (readonly [when: string, end: (socket: Socket) => unknown])[] = [
    ['at once', socket => socket.end()],
    ['after the first bytes', socket => socket.once('data', () => socket.end())],
    ['with a reset', socket => socket.resetAndDestroy()],
    ['with what is no TLS', socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ]
  const trusted = getCACertificates()
  setDefaultCACertificates([...trusted, cert])
  t.teardown(() => setDefaultCACertificates(trusted))
  for (const [when, end] of ends) {
    let away = true
    const there = createServer({ cert, key }, (request, answer) => {
      request.resume().on('end', () => answer.writeHead(201, { 'Content-Length': 0 }).end())
    })
    const server = createTcpServer(socket => {
      socket.on('error', () => {})
      if (away) end(socket)
      else there.emit('connection', socket)
    })
    const port = await listening(server)
    t.teardown(() => {
      there.closeAllConnections()
      server.close()
    })
    const on = await stage(t, { upstreamMap: `https://localhost:${port}` })
    const answer = deliver(on, bodyOf())
    await circuit(on, 2)
    away = false
    on.clock.advance(250)
    t.equal(
      (await answer)?.status,
      201,
      `${when}: what is proven waits, and is sent once it is back`,
    )
  }
})

t.test('a request is not written into a connection whose end has come already', async t => {
  const on = await stage(t, { recorder: { reaction: { write: NO_CONTENT } } })
  const { recorder } = on
  for (let i = 0; i < 20; i++) {
    t.equal((await deliver(on, bodyOf()))?.status, 204)
    recorder.reset()
    await on.until(() => recorder.connections.open === 0)
    t.equal((await deliver(on, bodyOf()))?.status, 204)
  }
  t.equal(bodies(recorder).length, 40)
})

/** Lets a server listen on loopback; its port. */
async function listening(server: Server): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
