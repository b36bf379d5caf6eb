import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createServer as createTls } from 'node:tls'
import t, { type Test } from 'tap'
import { type Get, getter } from '../../../src/errands/get.ts'
import { developmentCertificate } from '../../support/certificate.ts'

const NEVER = new AbortController().signal

/** A host on loopback that answers by path, and a getter that reaches it by the name of its certificate. */
async function host(t: Test): Promise<{ get: Get; seen: string[]; server: Server }> {
  const { cert, key } = await developmentCertificate()
  const seen: string[] = []
  const server = createServer({ cert, key }, (req, res) => {
    seen.push(`${req.method} ${req.headers.host} ${req.url} ${Object.keys(req.headers).sort()}`)
    if (req.url === '/moved') res.writeHead(302, { Location: '/a.pem' }).end()
    else if (req.url === '/long') res.end('x'.repeat(100))
    else if (req.url === '/silent') res.flushHeaders()
    else if (req.url === '/cut') res.writeHead(200, { 'Content-Length': 9 }).write('half')
    else res.end('hello')
    if (req.url === '/cut') setImmediate(() => res.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { get: getter({ host: '127.0.0.1', port, ca: cert }), seen, server }
}

t.test('a URL is fetched with a GET that says nothing more', async t => {
  const { get, seen } = await host(t)
  const got = await get('https://localhost/a.pem?x=1', { most: 5, signal: NEVER })
  t.equal(got.status, 200)
  t.equal(got.body.toString(), 'hello')
  t.same(seen, ['GET localhost /a.pem?x=1 accept,connection,host,user-agent'])
})

t.test('who is asked does not choose who is asked next', async t => {
  const { get, seen } = await host(t)
  const got = await get('https://localhost/moved', { most: 100, signal: NEVER })
  t.equal(got.status, 302)
  t.equal(seen.length, 1)
})

t.test('an answer that is too long, cut, late, or of somebody else is none', async t => {
  const { get, seen, server } = await host(t)
  const all = { most: 1000, signal: NEVER }
  await t.rejects(get('https://localhost/long', { most: 99, signal: NEVER }), /longer than 99/)
  t.equal((await get('https://localhost/long', { most: 100, signal: NEVER })).body.length, 100)
  await t.rejects(get('https://localhost/cut', all), /aborted|hang up/)
  const late = new AbortController()
  server.once('request', () => setImmediate(() => late.abort(new Error('too late'))))
  await t.rejects(get('https://localhost/silent', { most: 9, signal: late.signal }))
  const before = seen.length
  await t.rejects(get('https://sns.eu-central-1.amazonaws.com/a.pem', all), /altnames|Hostname/)
  t.equal(seen.length, before, 'nothing was asked of who is not the one')
})

t.test('who answers with another protocol, or leaves, is waited for no longer', async t => {
  const { cert, key } = await developmentCertificate()
  const upgrade = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'
  for (const answer of [upgrade, '']) {
    const server = createTls({ cert, key }, socket => {
      socket.on('error', () => {})
      socket.once('data', () => socket.end(answer))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => server.close())
    const gone = new Promise(resolve => server.once('connection', one => one.on('close', resolve)))
    const { port } = server.address() as AddressInfo
    const get = getter({ host: '127.0.0.1', port, ca: cert })
    let why: unknown
    get('https://localhost/a.pem', { most: 9, signal: NEVER }).catch(error => {
      why = error
    })
    await gone
    for (let turn = 0; turn < 100 && why === undefined; turn++)
      await new Promise(resolve => setImmediate(resolve))
    t.match(why, { message: /closed|hang up/ }, answer)
  }
})

t.test('a certificate that no authority signed is not believed', async t => {
  const { server } = await host(t)
  const { port } = server.address() as AddressInfo
  const get = getter({ host: '127.0.0.1', port, ca: '' })
  await t.rejects(get('https://localhost/a.pem', { most: 9, signal: NEVER }), /self-signed|unable/)
})
