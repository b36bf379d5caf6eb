import { connect } from '../../support/sender.ts'
import { GITHUB, type Stage } from '../stage.ts'
import { type Case, type Expected, refused, type Table, taken } from './case.ts'
import { BODY, delivery, ROOMY } from './deliveries.ts'

const SECOND = 1000
const WHOLE = delivery()
const HEAD = WHOLE.slice(0, -BODY.length)
const CHUNKED = delivery({ framing: 'Transfer-Encoding: chunked\r\n', body: '' })
const LATE = refused(408, 'deadline', 'close')
/** Header lines, one after the other. */
const LINES = new Array<string>(60).fill('X-A: b\r\n')
const NOWHERE = (declared: number) =>
  `POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${declared}\r\n\r\n`

/** What is written, and how long nothing comes after it. */
type Step = readonly [bytes: string, quiet: number]

/** Plays steps by the stage's clock. Each step is heard before time goes on. */
function plays(what: string, expected: Expected, steps: readonly Step[]): Case {
  return {
    what,
    ...expected,
    send: async (connection, on) => {
      for (const [bytes, quiet] of steps) {
        const heard = connection.socket.bytesWritten
        await connection.write(bytes)
        if (connection.socket.bytesWritten > heard) await isHeard(on)
        for (let passed = 0; passed < quiet; passed += SECOND / 2) on.clock.advance(SECOND / 2)
      }
    },
  }
}

/** What was written on loopback is read before a turn of another connection is over. */
async function isHeard(on: Stage): Promise<void> {
  const other = await connect(on.port)
  other.destroy()
  await other.closed
}

const trickle = (bytes: string, every: number): Step[] => [...bytes].map(one => [one, every])

const BODIES = [
  plays('a body that never begins', LATE, [[HEAD, 11 * SECOND]]),
  plays('a body that stops', LATE, [[`${HEAD}{"a"`, 11 * SECOND]]),
  plays('chunks that never begin', LATE, [[CHUNKED, 11 * SECOND]]),
  plays('a chunk that stops', LATE, [[`${CHUNKED}7\r\n{"a"`, 11 * SECOND]]),
  plays('chunks without the last', LATE, [[`${CHUNKED}7\r\n${BODY}\r\n`, 11 * SECOND]]),
  plays('a trailer that stops', LATE, [[`${CHUNKED}7\r\n${BODY}\r\n0\r\nX-Late`, 11 * SECOND]]),
  plays('a byte of a body every two seconds', LATE, [
    [HEAD, 0],
    ...trickle(BODY.slice(0, 6), 2 * SECOND),
  ]),
  plays('a byte of a chunk every two seconds', LATE, [
    [`${CHUNKED}7\r\n`, 0],
    ...trickle(BODY.slice(0, 6), 2 * SECOND),
  ]),
  plays('a chunk of a byte every two seconds', LATE, [
    [CHUNKED, 0],
    ...trickle(BODY.slice(0, 6), 0).map(([one]): Step => [`1\r\n${one}\r\n`, 2 * SECOND]),
  ]),
  plays('a byte of a body every second', taken(BODY), [[HEAD, 0], ...trickle(BODY, SECOND)]),
  plays('a body after nine seconds', taken(BODY), [
    [HEAD, 9 * SECOND],
    [BODY, 0],
  ]),
  plays('a sender that is told to go on, and does not', LATE, [
    [HEAD.replace('\r\n\r\n', '\r\nExpect: 100-continue\r\n\r\n'), 11 * SECOND],
  ]),
]

const NOT_FOUND = refused(404, 'no_route')
const RESTS = [
  plays('a small rest that comes', NOT_FOUND, [
    [`${NOWHERE(1000)}${'a'.repeat(500)}`, SECOND],
    ['a'.repeat(500), 0],
  ]),
  plays('a large rest that never comes', { ...NOT_FOUND, after: 'close' }, [
    [NOWHERE(10 ** 6), 3 * SECOND],
  ]),
  plays('a large rest that trickles', { ...NOT_FOUND, after: 'close' }, [
    [NOWHERE(10 ** 6), 0],
    ...trickle('aaaaaa', SECOND),
  ]),
]

const UNREAD: Case[] = [
  {
    what: 'an answer of 8 MiB that is not read',
    send: async (connection, on) => {
      connection.socket.pause()
      const total = on.recorder.requests.length
      await connection.write(WHOLE)
      await on.until(() => on.recorder.requests[total]?.complete === true)
      for (let turn = 0; turn < 20; turn++) await isHeard(on)
      await on.until(async () => {
        on.clock.advance(SECOND / 2) // what the system still takes of the answer is progress
        const metrics = await on.hookwarden.metrics()
        return metrics.get('hookwarden_in_flight_requests') === 0
      })
      connection.socket.resume()
    },
    reaction: {
      write: [
        `HTTP/1.1 200 OK\r\nContent-Length: ${8 * 1024 ** 2}\r\n\r\n`,
        Buffer.alloc(8 * 1024 ** 2),
      ],
    },
    ...taken(BODY),
    answers: [],
    after: 'close',
  },
]

/** What node:http times itself, by the clock on the wall: these run side by side. */
const LONG: Case[] = (
  [
    ['nothing at all', [''], [], []],
    ['an empty line', ['\r\n'], [408], ['deadline']],
    ['half a request line', ['POST /webh'], [408], ['deadline']],
    ['a request line', [`POST ${GITHUB} HTTP/1.1\r\n`], [408], ['deadline']],
    ['half a header', [HEAD.slice(0, 120)], [408], ['deadline']],
    ['a head without its end', [HEAD.slice(0, -2)], [408], ['deadline']],
    ['a head of which a byte comes now and then', [...HEAD.slice(0, 120)], [408], ['deadline']],
    ['header lines without an end', [HEAD.slice(0, -2), ...LINES], [408], ['deadline']],
    ['half a request behind a whole one', [WHOLE + HEAD.slice(0, 30)], [204, 408], ['deadline']],
    ['a byte of a request behind a whole one', [WHOLE, 'P'], [204, 408], ['deadline']],
    ['a small rest that never comes', [NOWHERE(1000)], [404], ['no_route']],
    ['a small rest that stops', [`${NOWHERE(1000)}abc`], [404], ['no_route']],
    ['a small rest that trickles', [NOWHERE(1000), ...'a'.repeat(120)], [404], ['no_route']],
  ] as const
).map(
  ([what, pieces, answers, reasons]): Case => ({
    what,
    send: async connection => {
      for (const piece of pieces) {
        if (!(await connection.write(piece))) return
        await new Promise(resolve => setTimeout(resolve, 40))
      }
    },
    answers,
    reasons,
    after: 'close',
    reaches: answers.includes(204 as never) ? [BODY] : [],
  }),
)

export const SLOW: readonly Table[] = [
  { name: 'bodies', cases: BODIES, options: { map: ROOMY } },
  { name: 'rests of what is refused', cases: RESTS, options: { map: ROOMY } },
  { name: 'answers', cases: UNREAD, options: { map: ROOMY } },
]
/** Side by side, for they wait by the clock on the wall. */
export const LONG_WAITS: Table = {
  name: 'heads and small rests',
  cases: LONG,
  options: {
    map: `limits: { headers: 1s, idle: 1s }\n${ROOMY.replace('limits: {', 'limits: { deadline: 1s,')}`,
  },
}
