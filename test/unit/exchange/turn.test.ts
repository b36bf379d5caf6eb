import t, { type Test } from 'tap'
import type { Provider } from '../../../src/exchange/route.ts'
import type { Site } from '../../../src/exchange/site.ts'
import { Turn } from '../../../src/exchange/turn.ts'
import { Gate } from '../../../src/limit/gate.ts'
import { Lateness } from '../../../src/limit/lateness.ts'
import type { Reservation } from '../../../src/limit/store.ts'
import { ManualClock } from '../../support/manual-clock.ts'

t.test(
  'a turn that ended before its reservation was answered gives it back, and enters nothing',
  async t => {
    const clock = new ManualClock()
    const gate = new Gate(1)
    const back: boolean[] = []
    const asked = Promise.withResolvers<Reservation>()
    const limits = {
      reserve: () => asked.promise,
      giveBack: (_buckets: unknown, _now: number, shared: boolean) => back.push(shared),
    }
    const site = { clock, limits, upstream: { circuit: { open: false } } } as unknown as Site
    const provider = { gate, patience: 1_000, proven: [] } as unknown as Provider
    const told: string[] = []
    const queued = { admitted: () => told.push('admitted'), refused: () => told.push('refused') }
    const turn = new Turn(site, provider, queued, clock.now())
    turn.wait()
    turn.end(clock.now())
    back.length = 0 // nothing was reserved yet
    asked.resolve({ wait: 0, retryAfter: 0, refusedBy: undefined, shared: true })
    await new Promise(resolve => setImmediate(resolve))
    t.same(told, [])
    t.equal(gate.inside, 0)
    t.same(back, [true])
  },
)

/** Turns that all come at once, when the process has stood still until `now` 400. */
function stoodStill(t: Test, slots: readonly number[], patience: number) {
  let now = 0
  const timers: (() => void)[] = []
  const waits: number[] = []
  const clock = {
    now: () => now,
    after<T>(wait: number, run: (subject: T) => void, subject: T) {
      waits.push(wait)
      timers.push(() => run(subject))
      return { cancel: () => {} }
    },
  }
  const left = [...slots]
  const limits = {
    reserve: () => ({ wait: left.shift(), retryAfter: 0, refusedBy: undefined, shared: false }),
  }
  const upstream = { circuit: { open: false } }
  const site = { clock, limits, upstream, lateness: new Lateness() } as unknown as Site
  const provider = { gate: new Gate(9), patience, proven: [] } as unknown as Provider
  const admitted: number[] = []
  const at = (time: number): void => {
    now = time
    for (const fire of timers.splice(0)) fire()
  }
  for (const [index] of slots.entries()) {
    const admit = () => void admitted.push(index + 1)
    new Turn(site, provider, { admitted: admit, refused: () => t.fail('refused') }, now).wait()
  }
  at(400)
  return { waits, admitted, at }
}

t.test('nobody is held for the sake of distance beyond what its patience has left', async t => {
  const { waits, admitted, at } = stoodStill(t, [100, 120, 140], 410)
  t.same(waits, [100, 120, 140, 10, 10], 'what is left, not the 18 and 36 of their distance')
  at(410)
  t.same(admitted, [1, 2, 3], 'and then they go')
})

t.test('turns that come late, because the process stood still, do not crowd', async t => {
  const { waits, admitted, at } = stoodStill(t, [100, 120], 1_000)
  t.same(admitted, [1], 'the first goes, late as it is')
  t.same(waits, [100, 120, 18], 'the second keeps nine tenths of its distance')
  at(418)
  t.same(admitted, [1, 2])
})
