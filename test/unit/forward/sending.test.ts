import t from 'tap'
import type { Outgoing } from '../../../src/forward/request.ts'
import { type Answering, type Carrier, Sending } from '../../../src/forward/sending.ts'

const REQUEST: Outgoing = {
  method: 'POST',
  target: '/a',
  headers: ['X-A', 'b'],
  body: [Buffer.from('abc')],
  length: 3,
}

/** One that is carried, and everything that came of it. */
function carried(): { sending: Sending; log: string[] } {
  const log: string[] = []
  const answering: Answering = {
    answerWritten: () => log.push('written'),
    answerStarted: ({ status }) => log.push(`started ${status}`),
    answerData: chunk => log.push(`data ${chunk}`),
    answerEnded: () => log.push('ended'),
    answerFailed: ({ kind }) => log.push(`failed ${kind}`),
  }
  const carrier: Carrier = {
    pause: () => log.push('pause'),
    resume: () => log.push('resume'),
    destroy: () => log.push('destroy'),
  }
  const sending = new Sending(REQUEST, answering)
  sending.carriedBy(carrier)
  return { sending, log }
}

const ends: readonly (readonly [how: string, end: (sending: Sending) => void])[] = [
  ['is answered', sending => sending.ended()],
  ['failed', sending => sending.failed({ kind: 'cut', message: 'x' })],
  ['is given up', sending => sending.abort()],
]

for (const [how, end] of ends)
  t.test(`one that ${how} is over`, async t => {
    const { sending, log } = carried()
    sending.pause()
    t.equal(sending.over, false)
    end(sending)
    t.equal(sending.over, true)
    const before = [...log]
    sending.pause()
    sending.resume()
    sending.abort()
    sending.failed({ kind: 'cut', message: 'x' })
    t.same(log, before, 'nothing is told of it, and its connection is not its own any more')
    t.same(sending.request.body, [], 'its body is not kept while a slow sender reads the answer')
  })
