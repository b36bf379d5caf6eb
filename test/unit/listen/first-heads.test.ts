import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { FirstHeads, forgetFirst } from '../../../src/listen/first-heads.ts'
import { developmentCertificate } from '../../support/certificate.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const WITHIN = 1000
const LATE = 'ERR_HTTP_REQUEST_TIMEOUT'

/** A server of node:https whose connections come by way of first heads, and what it told of them. */
async function serving(t: Test) {
  const { certFile, keyFile } = await developmentCertificate()
  const server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) })
  const clock = new ManualClock()
  const heads = new FirstHeads(server as unknown as Server, clock, WITHIN)
  server.on('secureConnection', (socket: TLSSocket) => heads.expect(socket))
  const late: string[] = []
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    late.push(`${error.code}`)
    socket.destroy()
  })
  server.on('request', (req, res) => {
    forgetFirst.call(req.socket)
    req.resume()
    res.end('heard')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    heads.endSilent()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const dial = async (): Promise<TLSSocket> => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
    socket.on('error', () => {})
    t.teardown(() => socket.destroy())
    const [[shaken]] = await Promise.all([
      once(server, 'secureConnection'),
      once(socket, 'secureConnect'),
    ])
    closed.set(socket, once(shaken, 'close'))
    return socket
  }
  /** When the server's end of it is closed. */
  const closed = new Map<TLSSocket, Promise<unknown>>()
  return { heads, clock, late, dial, closed }
}

t.test('nobody is waited for who is gone or was heard', async t => {
  const { heads, clock, late, dial, closed } = await serving(t)
  const gone = await dial()
  const begun = await dial()
  const heard = await dial()
  t.equal(heads.count, 3)
  gone.destroy()
  await closed.get(gone)
  t.equal(heads.count, 2, 'gone without a word')
  begun.write('GET / HT')
  heard.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  t.match(String((await once(heard, 'data'))[0]), /heard/)
  t.equal(heads.count, 1, 'its head was whole')
  begun.destroy()
  await closed.get(begun)
  t.equal(heads.count, 0, 'gone in the middle of a word')
  clock.advance(WITHIN)
  heads.sweep(clock.now())
  t.notOk(late.includes(LATE), 'and nobody is late')
})

t.test('the deadline counts from the handshake, for each, once', async t => {
  const { heads, clock, late, dial, closed } = await serving(t)
  const first = await dial()
  clock.advance(WITHIN - 1)
  await dial()
  heads.sweep(clock.now())
  t.same([heads.count, late], [2, []])
  clock.advance(1)
  heads.sweep(clock.now())
  heads.sweep(clock.now())
  t.same([heads.count, late], [1, [LATE]])
  await closed.get(first)
  t.equal(heads.count, 1)
})

t.test('only who has said nothing is ended as silent', async t => {
  const { heads, dial, closed } = await serving(t)
  const silent = await dial()
  const heard = await dial()
  heard.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(heard, 'data')
  const begun = await dial()
  begun.write('G')
  heard.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(heard, 'data')
  heads.endSilent()
  await closed.get(silent)
  begun.write('ET / HTTP/1.1\r\nHost: a\r\n\r\n')
  t.match(String((await once(begun, 'data'))[0]), /heard/)
  t.equal(heads.count, 0)
})
