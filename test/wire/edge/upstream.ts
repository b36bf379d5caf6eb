import type { Reaction } from '../../support/recorder.ts'
import { type Answer, connect } from '../../support/sender.ts'
import type { Stage } from '../stage.ts'
import { type Case, type Table, taken } from './case.ts'
import { BODY, delivery, ROOMY } from './deliveries.ts'

const line = (status: string, ...headers: readonly string[]) =>
  `HTTP/1.1 ${status}\r\n${headers.map(header => `${header}\r\n`).join('')}\r\n`
const TAKEN = taken(BODY)

/** An answer that is passed on: its status and text. */
type Passed = readonly [
  what: string,
  write: Reaction['write'],
  status: number,
  text: string,
  after?: 'end',
]

const PASSED: readonly Passed[] = [
  ['204', line('204 No Content'), 204, ''],
  ['200 with a length', `${line('200 OK', 'Content-Length: 2')}ok`, 200, 'ok'],
  [
    '200 in chunks',
    `${line('200 OK', 'Transfer-Encoding: chunked')}2\r\nok\r\n0\r\n\r\n`,
    200,
    'ok',
  ],
  [
    'chunks with a trailer',
    `${line('200 OK', 'Transfer-Encoding: chunked')}2\r\nok\r\n0\r\nX-Late: 1\r\n\r\n`,
    200,
    'ok',
  ],
  ['until the end', [line('200 OK', 'Connection: close'), 'ok'], 200, 'ok', 'end'],
  [
    'a redirect to elsewhere',
    line('302 Found', 'Location: http://127.0.0.1:1/', 'Content-Length: 0'),
    302,
    '',
  ],
  [
    'a redirect that keeps the method',
    line('307 Again', 'Location: /x', 'Content-Length: 0'),
    307,
    '',
  ],
  ['a redirect for ever', line('308 Again', 'Location: /x', 'Content-Length: 0'), 308, ''],
  ['304', line('304 Not Modified'), 304, ''],
  ['401', `${line('401 No', 'WWW-Authenticate: Basic', 'Content-Length: 2')}no`, 401, 'no'],
  ['404', `${line('404 No', 'Content-Length: 2')}no`, 404, 'no'],
  ['429', line('429 Later', 'Retry-After: 1', 'Content-Length: 0'), 429, ''],
  ['500', `${line('500 Oh', 'Content-Length: 2')}oh`, 500, 'oh'],
  ['503', line('503 Oh', 'Content-Length: 0'), 503, ''],
  [
    'early hints first',
    `${line('103 Early Hints', 'Link: </x>')}${line('200 OK', 'Content-Length: 2')}ok`,
    200,
    'ok',
  ],
  ['100, which nobody asked for', `${line('100 Continue')}${line('204 No Content')}`, 204, ''],
  ['a byte at a time', [...`${line('200 OK', 'Content-Length: 2')}ok`], 200, 'ok'],
  ['a status nobody knows', line('299 Odd', 'Content-Length: 0'), 299, ''],
]

const FAILED: readonly (readonly [what: string, reaction: Reaction])[] = [
  ['101', { write: line('101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: h2c') }],
  ['101 without an upgrade', { write: line('101 Switching Protocols') }],
  ['nonsense', { write: 'NONSENSE\r\n\r\n' }],
  ['a status of six digits', { write: line('999999 X') }],
  ['a status below 100', { write: line('099 X', 'Content-Length: 0') }],
  ['two lengths', { write: `${line('200 OK', 'Content-Length: 1', 'Content-Length: 2')}ab` }],
  [
    'a length and chunks',
    {
      write: `${line('200 OK', 'Content-Length: 1', 'Transfer-Encoding: chunked')}1\r\na\r\n0\r\n\r\n`,
    },
  ],
  ['a length that is none', { write: `${line('200 OK', 'Content-Length: x')}ab` }],
  ['NUL in a value', { write: line('200 OK', 'X-A: a\0b', 'Content-Length: 0') }],
  ['a bare CR in a value', { write: line('200 OK', 'X-A: a\rSet-Cookie: b', 'Content-Length: 0') }],
  ['a name that is none', { write: line('200 OK', 'X A: b', 'Content-Length: 0') }],
  ['200 kB of headers', { write: line('200 OK', `X-A: ${'a'.repeat(200_000)}`) }],
  ['half a head, and the end', { write: 'HTTP/1.1 200 OK\r\nX-A', after: 'end' }],
  ['the end', { after: 'end' }],
  ['a reset', { after: 'reset' }],
  ['the end before the body was taken', { after: 'end', at: 'head' }],
  ['a reset before the body was taken', { after: 'reset', at: 'head' }],
]

const CUT: readonly (readonly [what: string, reaction: Reaction])[] = [
  ['the end amid a length', { write: [line('200 OK', 'Content-Length: 9'), 'abc'], after: 'end' }],
  [
    'a reset amid a length',
    { write: [line('200 OK', 'Content-Length: 9'), 'abc'], after: 'reset' },
  ],
  [
    'the end amid chunks',
    { write: [line('200 OK', 'Transfer-Encoding: chunked'), '3\r\nabc\r\n'], after: 'end' },
  ],
  [
    'a chunk size that is none',
    { write: [line('200 OK', 'Transfer-Encoding: chunked'), 'zz\r\n'] },
  ],
  [
    'a chunk longer than its size',
    { write: [line('200 OK', 'Transfer-Encoding: chunked'), '1\r\nabc\r\n'] },
  ],
]

const passed = PASSED.map(
  ([what, write, status, text, after]): Case => ({
    what,
    send: delivery(),
    reaction: { ...(write !== undefined && { write }), ...(after && { after }) },
    ...TAKEN,
    answers: [status],
    look: ([answer]: readonly Answer[]) => {
      const got = answer?.text()
      if (got !== text) throw new Error(`${what}: ${got}`)
      if (answer?.interim.length !== 0) throw new Error(`${what}: an interim answer went on`)
      if (/x-late|x-powered|set-cookie/i.test(answer.head.toString('latin1')))
        throw new Error(`${what}: ${answer.head}`)
    },
  }),
)

const failed = FAILED.map(
  ([what, reaction]): Case => ({
    what,
    send: delivery(),
    reaction,
    ...TAKEN,
    answers: [502],
    reasons: ['upstream_error'],
    look: ([answer]: readonly Answer[]) => {
      if (answer?.header('retry-after') === undefined) throw new Error(`${what}: not told when`)
      if (/undici|ECONN|HPE_|127\.0\.0\.1|socket/i.test(`${answer?.head}${answer?.text()}`))
        throw new Error(`${what}: the sender learns of the inside`)
    },
  }),
)

const cut = CUT.map(
  ([what, reaction]): Case => ({
    what,
    send: async connection => {
      await connection.write(delivery())
      await connection.closed
    },
    reaction,
    ...TAKEN,
    answers: [],
    reasons: ['upstream_error'],
    after: 'close',
  }),
)

const late: Case[] = [
  {
    what: 'no answer in 10 s',
    send: async (connection, on) => {
      const total = on.recorder.requests.length
      await connection.write(delivery())
      await on.until(() => on.recorder.requests[total]?.complete === true)
      on.clock.advance(10_500)
    },
    reaction: { write: [] },
    ...TAKEN,
    answers: [504],
    reasons: ['upstream_timeout'],
  },
  {
    what: 'an answer that does not end in 30 s',
    send: async (connection, on) => {
      const total = on.recorder.requests.length
      await connection.write(delivery())
      await on.until(() => on.recorder.requests[total]?.complete === true)
      await answering(on)
      on.clock.advance(31_000)
    },
    reaction: { write: [line('200 OK', 'Content-Length: 9'), 'abc'] },
    ...TAKEN,
    answers: [],
    reasons: ['upstream_timeout'],
    after: 'close',
  },
  {
    what: 'a sender that leaves before the answer',
    send: async (_, on) => {
      const total = on.recorder.requests.length
      on.recorder.hold()
      const other = await connect(on.port)
      await other.write(delivery())
      await on.until(() => on.recorder.requests[total]?.complete === true)
      other.destroy()
      await other.closed
      on.recorder.releaseAll()
    },
    ...TAKEN,
    answers: [],
  },
]

/** Until an answer of the upstream is on its way to the sender. */
function answering(on: Stage): Promise<void> {
  let turns = 0
  return on.until(() => ++turns > 50)
}

const ANSWERS = { map: ROOMY }
export const UPSTREAM: readonly Table[] = [
  { name: 'answers that are passed on', cases: passed, options: ANSWERS },
  { name: 'answers that are none', cases: failed, options: ANSWERS },
  { name: 'answers that are cut', cases: cut, options: ANSWERS },
  { name: 'answers that are late', cases: late, options: ANSWERS },
]
