import t, { type Test } from 'tap'
import type { Flow, Sending } from '../../src/forward/sending.ts'
import { Upstream } from '../../src/forward/upstream.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { type Reaction, type Recorder, startRecorder } from '../support/recorder.ts'
import { head } from './failing.ts'

const MOMENTS = ['written', 'started', 'data', 'ended', 'failed'] as const
type Moment = (typeof MOMENTS)[number]

/** One request: what was told of it, and what is done as that happens. */
class Asked {
  readonly told: string[] = []
  body = ''
  readonly over: Promise<void>
  flow: Flow | undefined
  sending: Sending | undefined
  #over: () => void = () => {}
  readonly #act: (moment: Moment, asked: Asked) => void

  constructor(upstream: Upstream, act: (moment: Moment, asked: Asked) => void = () => {}) {
    this.#act = act
    this.over = new Promise(resolve => {
      this.#over = resolve
    })
    const request = { method: 'POST', target: '/x', headers: [], body: [], length: 0 }
    this.sending = upstream.send(request, {
      answerWritten: () => this.#tell('written'),
      answerStarted: (_, flow) => {
        this.flow = flow
        this.#tell('started')
      },
      answerData: chunk => {
        this.body += chunk
        this.#tell('data')
      },
      answerEnded: () => this.#end('ended'),
      answerFailed: () => this.#end('failed'),
    })
  }

  #tell(moment: Moment): void {
    this.told.push(moment)
    this.#act(moment, this)
  }

  #end(moment: Moment): void {
    this.#tell(moment)
    this.#over()
  }
}

const HELLO: Reaction = { write: `${head('200 OK', 'Content-Length: 5')}hello` }
const ALL = ['written', 'started', 'data', 'ended']

async function between(t: Test, reaction: Reaction): Promise<[Upstream, Recorder, ManualClock]> {
  const recorder = await startRecorder({ reaction })
  const clock = new ManualClock()
  const upstream = new Upstream({
    url: recorder.url,
    connect: 2_000,
    clock,
    changed: () => {},
  })
  t.teardown(async () => {
    upstream.close()
    await recorder.close()
  })
  return [upstream, recorder, clock]
}

/** Resolves once it holds; looks in each turn. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(resolve => setImmediate(resolve))
}

for (const moment of MOMENTS) {
  const reaction: Reaction = moment === 'failed' ? { after: 'end' } : HELLO
  const path = moment === 'failed' ? ['written', 'failed'] : ALL
  const before = path.slice(0, path.indexOf(moment) + 1)

  t.test(`a request may be given up as it is told: ${moment}`, async t => {
    const [upstream, recorder] = await between(t, reaction)
    const asked = new Asked(upstream, (now, { sending }) => {
      if (now === moment) sending?.abort()
    })
    await until(() => asked.told.includes(moment))
    recorder.react(HELLO)
    const next = new Asked(upstream)
    await next.over
    t.same([next.told, next.body], [ALL, 'hello'], 'another is not touched')
    t.same(asked.told, before, 'nothing is told of it after that')
    const kept = moment === 'ended'
    t.equal(recorder.connections.total, kept ? 1 : 2, kept ? 'it was over' : 'nor its connection')
  })

  t.test(`everything may be closed as it is told: ${moment}`, async t => {
    const [upstream, recorder, clock] = await between(t, reaction)
    recorder.hold()
    const others = [new Asked(upstream), new Asked(upstream)]
    await until(() => recorder.held === 2)
    const asked = new Asked(upstream, now => {
      if (now === moment) upstream.close()
    })
    const late = new Asked(upstream)
    await until(() => recorder.held > 2 || asked.told.includes(moment))
    recorder.releaseAll()
    await Promise.all([asked, late, ...others].map(({ over }) => over))
    for (const { told } of [asked, late, ...others]) {
      const ends = told.filter(one => one === 'ended' || one === 'failed')
      t.equal(ends.length, 1, `one end: ${told}`)
      t.ok(ends[0] === told.at(-1), 'and nothing after it')
    }
    await until(() => recorder.connections.open === 0)
    t.equal(clock.waiting, 0, 'no timer is left')
    const after = new Asked(upstream)
    await after.over
    t.same(after.told, ['failed'], 'nothing is sent any more')
  })
}

const ends: readonly (readonly [how: string, reaction: Reaction, told: 'ended' | 'failed'])[] = [
  [
    'is whole',
    { write: `${head('200 OK', 'Content-Length: 900000')}${'x'.repeat(900_000)}` },
    'ended',
  ],
  [
    'goes on until the end',
    { write: `${head('200 OK')}${'x'.repeat(900_000)}`, after: 'end' },
    'ended',
  ],
  [
    'is cut',
    { write: `${head('200 OK', 'Content-Length: 900001')}${'x'.repeat(900_000)}`, after: 'end' },
    'failed',
  ],
]

for (const [how, reaction, end] of ends)
  t.test(`an answer that is read slowly comes whole, and so does its end: it ${how}`, async t => {
    const [upstream, recorder] = await between(t, reaction)
    let pauses = 0
    const asked = new Asked(upstream, (now, { flow }) => {
      if (now !== 'data') return
      pauses += 1
      flow?.pause()
      setImmediate(() => flow?.resume())
    })
    await asked.over
    t.ok(pauses > 1)
    t.equal(asked.body.length, 900_000)
    t.equal(asked.told.at(-1), end)
    asked.flow?.pause() // too late: the connection is another's
    recorder.react(HELLO)
    const next = new Asked(upstream)
    await next.over
    t.same([next.told, next.body], [ALL, 'hello'])
  })

/** One after the other, each sent in the turn in which the one before ends. */
async function chain(upstream: Upstream, length: number): Promise<unknown[]> {
  const ends: unknown[] = []
  for (let at = 0; at < length; at++) {
    const asked = new Asked(upstream)
    await asked.over
    ends.push(asked.told.at(-1))
  }
  return ends
}

const TWENTY = new Array(20).fill('ended')

t.test(
  'what is sent as an answer ends is not written into a connection that ends with it',
  async t => {
    const [upstream, recorder] = await between(t, { ...HELLO, after: 'end' })
    const chains = [1, 2, 3].map(() => chain(upstream, 20))
    t.same(await Promise.all(chains), [TWENTY, TWENTY, TWENTY])
    t.equal(recorder.connections.total, 60)
  },
)

t.test('it is carried by the same connection where that stays, without one more', async t => {
  const [upstream, recorder, clock] = await between(t, HELLO)
  const chains = [1, 2, 3].map(() => chain(upstream, 20))
  t.same(await Promise.all(chains), [TWENTY, TWENTY, TWENTY])
  t.equal(recorder.connections.total, 3)
  await until(() => {
    clock.advance(500)
    return recorder.connections.open === 0
  })
  t.equal(clock.waiting, 0, 'all are ended in their time, and nobody looks for them any more')
})
