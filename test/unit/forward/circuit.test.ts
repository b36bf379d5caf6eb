import fc from 'fast-check'
import t from 'tap'
import { Circuit, type CircuitWaiter } from '../../../src/forward/circuit.ts'
import { ManualClock } from '../../support/manual-clock.ts'

/** A circuit whose questions are kept, to be answered by hand. */
function circuitOf() {
  const clock = new ManualClock()
  const asked: { at: number; tell(alive: boolean): void; cancelled: boolean }[] = []
  const changes: boolean[] = []
  const causes: (string | undefined)[] = []
  const circuit = new Circuit({
    clock,
    changed: (open, cause) => {
      changes.push(open)
      if (open) causes.push(cause)
    },
    probe: tell => {
      const question = { at: clock.now(), tell, cancelled: false }
      asked.push(question)
      return { cancel: () => (question.cancelled = true) }
    },
  })
  return { clock, circuit, asked, changes, causes }
}

function waiter(since: number, gone: number[]): CircuitWaiter {
  return { since, resumed: () => gone.push(since) }
}

t.test('one failed connect opens it; it is asked at once, then every 250 ms', async t => {
  const { clock, circuit, asked, changes, causes } = circuitOf()
  t.equal(circuit.level, 0)
  circuit.failed('refused')
  circuit.failed('and again')
  t.equal(circuit.open, true)
  t.equal(circuit.level, 2)
  t.same([changes, causes], [[true], ['refused']])
  t.same(
    asked.splice(0).map(one => one.at),
    [1000],
  )
  clock.advance(999)
  t.same(
    asked.map(one => one.at),
    [1250, 1500, 1750],
  )
  t.equal(circuit.open, true)
})

t.test('it closes with the first sign of life, and what waits goes on in its order', async t => {
  const { clock, circuit, asked, changes } = circuitOf()
  const gone: number[] = []
  circuit.failed('refused')
  const left = waiter(2, gone)
  for (const one of [waiter(5, gone), waiter(1, gone), left, waiter(3, gone)]) circuit.wait(one)
  circuit.abandon(left)
  asked[0]?.tell(false)
  clock.advance(250)
  t.same(gone, [])
  asked[1]?.tell(true)
  t.equal(circuit.open, false)
  t.same(gone, [1, 3, 5])
  t.same(changes, [true, false])
  t.equal(clock.waiting, 0, 'nobody is asked any more')
})

t.test('a question that hangs does not hold up the next, and may be answered late', async t => {
  const { clock, circuit, asked } = circuitOf()
  circuit.failed('refused')
  clock.advance(1_900)
  t.equal(asked.length, 8)
  asked[0]?.tell(true)
  t.equal(circuit.open, false, 'it was frozen and goes on')
  t.ok(asked.slice(1).every(one => one.cancelled))
  asked[1]?.tell(false)
  t.equal(circuit.open, false, 'a question that was taken back says nothing')
})

t.test('a late answer has it asked, and opens it only if nothing comes back', async t => {
  const { clock, circuit, asked, causes } = circuitOf()
  circuit.suspect()
  circuit.suspect()
  t.equal(circuit.level, 1)
  t.equal(circuit.open, false, 'deliveries go on meanwhile')
  t.equal(asked.length, 1)
  asked[0]?.tell(true)
  t.equal(circuit.level, 0)
  circuit.suspect()
  t.equal(asked.length, 1, 'not more often than every 250 ms')
  clock.advance(250)
  t.equal(asked.length, 2)
  clock.advance(1_999)
  t.equal(circuit.open, false)
  clock.advance(1)
  t.equal(circuit.open, true, 'two seconds without a word')
  t.match(causes, [/healthcheck/])
  t.equal(asked.length, 3)
})

t.test('a failed connect opens it also while it is being asked', async t => {
  const { clock, circuit, asked } = circuitOf()
  circuit.suspect()
  circuit.failed('refused')
  t.equal(circuit.open, true)
  clock.advance(250)
  t.equal(asked.length, 2)
  asked[0]?.tell(true)
  t.equal(circuit.open, false)
  t.equal(clock.waiting, 0)
})

t.test('what fails again as it goes on waits again, and comes to no loop', async t => {
  const { clock, circuit, asked } = circuitOf()
  let tries = 0
  const stubborn: CircuitWaiter = {
    since: 1,
    resumed: () => {
      tries++
      circuit.failed('refused')
      circuit.wait(stubborn)
    },
  }
  circuit.failed('refused')
  circuit.wait(stubborn)
  for (let i = 0; i < 8; i++) {
    asked.at(-1)?.tell(true)
    clock.advance(125)
  }
  t.equal(tries, 4, 'one in 250 ms')
  t.ok(asked.length <= 5)
})

t.test('once ended nobody is asked', async t => {
  for (const act of ['failed', 'suspect'] as const) {
    const { clock, circuit, asked } = circuitOf()
    if (act === 'failed') circuit.failed('refused')
    else circuit.suspect()
    circuit.end()
    t.equal(clock.waiting, 0)
    circuit.failed('refused')
    circuit.suspect()
    clock.advance(10_000)
    t.equal(asked.length, 1)
    t.equal(circuit.open, false)
  }
})

type Step = { readonly act: 'failed' | 'suspect' | 'wait' | 'yes' | 'no'; readonly after: number }

const step: fc.Arbitrary<Step> = fc.record({
  act: fc.constantFrom('failed', 'suspect', 'wait', 'yes', 'no'),
  after: fc.integer({ min: 0, max: 700 }),
})

t.test(
  'whatever happens, it is asked seldom enough, nobody waits at a closed one, and it closes in time',
  async t => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), steps => {
        const { clock, circuit, asked, changes } = circuitOf()
        let waiting = 0
        for (const { act, after } of steps) {
          clock.advance(after)
          if (act === 'failed') circuit.failed('refused')
          else if (act === 'suspect') circuit.suspect()
          else if (act !== 'wait') asked.at(-1)?.tell(act === 'yes')
          else if (circuit.open) {
            waiting++
            circuit.wait({ since: clock.now(), resumed: () => waiting-- })
          }
          if (!circuit.open && waiting > 0) return false
        }
        const seldom = asked.every((one, i) => i === 0 || one.at - (asked[i - 1]?.at ?? 0) >= 250)
        const turns = changes.every((open, i) => open === (i % 2 === 0))
        if (circuit.open) clock.advance(250)
        asked.at(-1)?.tell(true)
        return seldom && turns && !circuit.open && waiting === 0
      }),
    )
    t.pass('no counter-example')
  },
)
