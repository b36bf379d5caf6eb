import t from 'tap'
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

t.test('nobody is held for the sake of distance beyond what its patience has left', async t => {
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
  const slots = [100, 120, 140]
  const limits = {
    reserve: () => ({ wait: slots.shift(), retryAfter: 0, refusedBy: undefined, shared: false }),
  }
  const upstream = { circuit: { open: false } }
  const site = { clock, limits, upstream, lateness: new Lateness() } as unknown as Site
  const provider = { gate: new Gate(9), patience: 410, proven: [] } as unknown as Provider
  const admitted: number[] = []
  for (const id of [1, 2, 3]) {
    const queued = { admitted: () => void admitted.push(id), refused: () => t.fail('refused') }
    new Turn(site, provider, queued, now).wait()
  }
  now = 400
  for (const fire of timers.splice(0)) fire()
  t.same(waits, [100, 120, 140, 10, 10], 'what is left, not the 18 and 36 of their distance')
  now = 410
  for (const fire of timers.splice(0)) fire()
  t.same(admitted, [1, 2, 3], 'and then they go')
})

t.test('turns that come late, because the process stood still, do not crowd', async t => {
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
  const slots = [100, 120]
  const limits = {
    reserve: () => ({ wait: slots.shift(), retryAfter: 0, refusedBy: undefined, shared: false }),
  }
  const upstream = { circuit: { open: false } }
  const site = { clock, limits, upstream, lateness: new Lateness() } as unknown as Site
  const provider = { gate: new Gate(9), patience: 1_000, proven: [] } as unknown as Provider
  const admitted: number[] = []
  for (const id of [1, 2]) {
    const queued = { admitted: () => void admitted.push(id), refused: () => t.fail('refused') }
    new Turn(site, provider, queued, now).wait()
  }
  now = 400
  for (const fire of timers.splice(0)) fire()
  t.same(admitted, [1], 'the first goes, late as it is')
  t.same(waits, [100, 120, 18], 'the second keeps nine tenths of its distance')
  now = 418
  for (const fire of timers.splice(0)) fire()
  t.same(admitted, [1, 2])
})
