import t from 'tap'
import { connect } from '../support/sender.ts'
import { GITHUB, genuine, stage } from './stage.ts'

const MIB = 1024 ** 2
/** Less than what is dropped before a connection is cut off all the same. */
const MORE = Buffer.alloc(MIB, 'x')
const NOWHERE = `POST /nowhere HTTP/1.1\r\nHost: localhost\r\n`

/** What is sent, how much follows it, and what its sender has to be told. */
const CASES: [what: string, sent: string, more: number, told: number[]][] = [
  ['no request line', 'hello\r\n\r\n', 3, [400]],
  ['a head with a space in a name', `${NOWHERE}X A: b\r\n\r\n`, 3, [400]],
  ['a head that is too large', `${NOWHERE}X-A: ${'a'.repeat(20_000)}\r\n\r\n`, 3, [431]],
  ['two lengths', `${NOWHERE}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`, 3, [400]],
  ['a chunk that is none', `${NOWHERE}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 3, [404]],
  ['CONNECT', 'CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n', 3, [400]],
  ['a large body that leads nowhere', `${NOWHERE}Content-Length: ${9 * MIB}\r\n\r\n`, 0.9, [404]],
]

/** Requests whose answer ends the connection, as far as they say, with more behind them. */
const LAST = [
  'GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
  'GET /nowhere HTTP/1.0\r\nHost: localhost\r\n\r\n',
]
for (const last of LAST) CASES.push([`more behind ${last.split('\r\n', 1)}`, last, 3, [404]])

for (const [what, sent, more, told] of CASES) {
  t.test(`whoever sends ${what}, and reads only when all is sent, is told`, async t => {
    const { port, clock, hookwarden, until } = await stage(t)
    for (const delivery of [undefined, '{"a":1}', '{"a":2}']) {
      const connection = await connect(port)
      connection.socket.pause()
      const before =
        delivery === undefined
          ? Buffer.alloc(0)
          : Buffer.concat(genuine('github', GITHUB, delivery, { wall: clock.wall() }))
      await connection.write(Buffer.concat([before, Buffer.from(sent)]))
      for (let i = 0; i < more; i++) await connection.write(MORE.subarray(0, (more - i) * MIB))
      connection.socket.resume()
      const expected = delivery === undefined ? told : [204, ...told]
      const statuses: (number | undefined)[] = []
      for (const _ of expected) statuses.push((await connection.answerOrClose())?.status)
      t.same(statuses, expected, delivery === undefined ? 'alone' : 'behind a delivery')
      connection.destroy()
      await connection.closed
      await until(async () => {
        clock.advance(500)
        return (await hookwarden.metrics()).get('hookwarden_connections') === 0
      })
    }
  })
}

t.test(
  'whoever goes on behind an answer that ends the connection is cut off after some',
  async t => {
    const { port, recorder } = await stage(t)
    const connection = await connect(port)
    await connection.write(Buffer.from(LAST[0] ?? ''))
    t.equal((await connection.answerOrClose())?.status, 404)
    const next = Buffer.from('GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await connection.write(Buffer.concat(Array.from({ length: 100 }, () => next)))
    await connection.closed // the clock stands still: no deadline did it
    t.same(recorder.requests, [])
  },
)
