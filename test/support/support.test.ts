import { createHash } from 'node:crypto'
import { connect as connectTcp } from 'node:net'
import { createServer } from 'node:tls'
import t from 'tap'
import { startAutomatisch, startAutomatischChild } from './automatisch.ts'
import { developmentCertificate } from './certificate.ts'
import { ManualClock } from './manual-clock.ts'
import { MessageReader } from './message.ts'
import { moved, parseMetrics } from './metrics.ts'
import { startRecorder } from './recorder.ts'
import { connect, exchange, post, request } from './sender.ts'

const FLOW = '0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11'

/** Writes plain bytes to a port and gives everything that came back until it closed. */
function overTcp(port: number, bytes: string | Uint8Array, end = false): Promise<string> {
  return new Promise(resolve => {
    let got = ''
    const socket = connectTcp(port, '127.0.0.1', () => {
      if (end) socket.end(bytes)
      else socket.write(bytes)
    })
    socket.setEncoding('latin1').on('data', text => {
      got += text
    })
    socket.on('error', () => resolve(got))
    socket.on('close', () => resolve(got))
  })
}

t.test('the reader finds the same messages however the bytes are cut', async t => {
  const wire = Buffer.from(
    'POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc' +
      'POST /b HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n4;x=1\r\nwxyz\r\n1\r\n!\r\n0\r\nT: 1\r\n\r\n' +
      'GET /c HTTP/1.1\r\nA: 1\r\na:  2 \r\n\r\n',
  )
  for (const size of [1, 2, 7, wire.length]) {
    const seen: unknown[] = []
    const reader = new MessageReader('request', {
      end: m => seen.push([m.line, m.headers, m.body.toString(), m.framed, m.trailers]),
      fault: why => seen.push(why),
    })
    for (let at = 0; at < wire.length; at += size) reader.push(wire.subarray(at, at + size))
    reader.finish()
    t.same(seen, [
      ['POST /a HTTP/1.1', ['Host', 'x', 'Content-Length', '3'], 'abc', [], []],
      ['POST /b HTTP/1.1', ['transfer-encoding', 'chunked'], 'wxyz!', [4, 1], ['T', '1']],
      ['GET /c HTTP/1.1', ['A', '1', 'a', '2'], '', [], []],
    ])
  }
})

t.test('the reader faults a message that ends early and a chunk size that is none', async t => {
  for (const wire of [
    'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    'HTTP/1.1 200',
  ]) {
    const seen: string[] = []
    const reader = new MessageReader('response', {
      end: () => seen.push('end'),
      fault: () => seen.push('fault'),
    })
    reader.push(Buffer.from(wire))
    reader.finish()
    t.same(seen, ['fault'], wire)
  }
})

t.test('the recorder keeps raw bytes, holds answers and lets them go in order', async t => {
  const recorder = await startRecorder({ hold: true })
  t.teardown(() => recorder.close())
  const bytes = Buffer.concat(post({ target: '/a', body: 'hello', headers: [['X-A', 'é']] }))
  const got = overTcp(recorder.port, bytes)
  const [first] = await recorder.complete(1)
  t.equal(first?.method, 'POST')
  t.same(Buffer.concat([first?.head ?? bytes, first?.body ?? bytes]), bytes)
  t.equal(recorder.held, 1)
  recorder.react({ write: ['HTTP/1.1 200 OK\r\n\r\n', 'later'], after: 'end' })
  recorder.releaseAll()
  t.equal(await got, 'HTTP/1.1 200 OK\r\n\r\nlater')
  recorder.react(undefined)
  await overTcp(
    recorder.port,
    'nonsense\r\n\r\nPOST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab',
    true,
  )
  t.equal(recorder.requests.length, 3)
  t.equal(recorder.requests[2]?.complete, false)
  t.same(recorder.faults, ['ended inside a message'])
  t.equal(recorder.connections.total, 2)
})

t.test('the sender reads interim, counted, chunked and close-delimited answers', async t => {
  const { cert, key } = await developmentCertificate()
  const answers = [
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\n\r\nok',
  ]
  const server = createServer({ cert, key, ALPNProtocols: ['http/1.1'] }, socket => {
    const queue = [...answers]
    const reader = new MessageReader('request', {
      end: () =>
        queue.length > 1 ? socket.write(queue.shift() ?? '') : socket.end(queue.shift() ?? ''),
      fault: why => t.fail(why),
    })
    socket.on('data', (chunk: Buffer) => reader.push(chunk))
  })
  t.teardown(() => server.close())
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const port = (server.address() as { readonly port: number }).port
  const connection = await connect(port, { localAddress: '127.0.0.2' })
  for (const [index, interim] of [[100], [], []].entries()) {
    const cut = index === 0 ? 'bytes' : 'whole'
    await connection.send(request({ method: 'POST', target: '/', body: 'b', cut }))
    const answer = await connection.readAnswer()
    t.match(answer, { status: 200, interim })
    t.equal(answer.text(), 'ok')
  }
  await connection.closed
  t.rejects(connection.readAnswer(), /closed before an answer/)
  t.match(await exchange(port, { target: '/', framing: 'none' }), { status: 200 })
})

t.test('the manual clock fires in order, and each timer sees its own instant', async t => {
  const clock = new ManualClock({ start: 0, wall: 5_000 })
  const seen: unknown[] = []
  const note = (name: string): void => {
    seen.push([name, clock.now()])
    if (name === 'a') clock.after(5, note, 'made on the way')
  }
  clock.after(20, note, 'b')
  clock.after(10, note, 'a')
  clock.after(12, note, 'cancelled').cancel()
  clock.advance(30)
  t.same(seen, [
    ['a', 10],
    ['made on the way', 15],
    ['b', 20],
  ])
  clock.setWall(0)
  t.same([clock.now(), clock.wall(), clock.waiting], [30, 0, 0])
})

t.test('metrics are read strictly, and moved series are named', async t => {
  const before = parseMetrics('# HELP a x\na{b="c d"} 1\nz +Inf\n')
  const after = parseMetrics('a{b="c d"} 3\nnew 1\nz +Inf\n')
  t.same(
    [...moved(before, after)],
    [
      ['a{b="c d"}', 2],
      ['new', 1],
    ],
  )
  t.throws(() => parseMetrics('a 1\na 2'))
  t.throws(() => parseMetrics('nonsense'))
})

t.test('the stand-in answers as Automatisch does', async t => {
  const standIn = await startAutomatisch()
  t.teardown(() => standIn.close())
  const json = { 'content-type': 'application/json' }
  const ask = async (path: string, init: RequestInit = {}): Promise<number> =>
    (await fetch(`${standIn.url}${path}`, { method: 'POST', ...init })).status
  const at = `/webhooks/flows/${FLOW}`
  const cases: [string, RequestInit, number][] = [
    [at, { headers: json, body: '{"a":1}' }, 204],
    [`${at}/sync`, { headers: json, body: '{"a":1}' }, 200],
    [`/webhooks/${FLOW}`, { headers: { 'content-type': 'text/plain' }, body: 'a' }, 204],
    [at, { headers: json, body: `"${'a'.repeat(2 ** 20)}"` }, 413],
    [at, { headers: json, body: '{' }, 400],
    [at, { headers: { 'content-type': 'multipart/mixed' }, body: 'x' }, 500],
    [at, { headers: { 'content-type': 'text/xml' }, body: 'x' }, 204],
    [at, { method: 'GET' }, 204],
    [at, { method: 'DELETE' }, 404],
    ['/webhooks/flows/nonsense', {}, 400],
    ['/elsewhere', {}, 404],
  ]
  for (const [path, init, status] of cases) {
    t.equal(await ask(path, init), status, `${init.method ?? 'POST'} ${path} is ${status}`)
  }
  const sha256 = createHash('sha256').update('{"a":1}').digest('hex')
  t.match(standIn.deliveries[0], { method: 'POST', url: at, sha256, bytes: 7 })
})

t.test('the multipart request that ends Automatisch ends the stand-in', async t => {
  const standIn = await startAutomatischChild()
  t.teardown(() => standIn.close())
  const body =
    '--x\r\nContent-Disposition: form-data; name="f"; filename=""\r\n' +
    'Content-Type: application/octet-stream\r\n\r\nabc\r\n--'
  const [bytes] = post({
    target: `/webhooks/flows/${FLOW}`,
    headers: [['Content-Type', 'multipart/form-data; boundary=x']],
    body,
  })
  const answer = overTcp(standIn.port, bytes ?? '')
  t.match(await standIn.exited, { code: 1 })
  await answer
})
