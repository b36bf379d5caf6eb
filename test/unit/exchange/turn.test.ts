import t from 'tap'
import type { Provider } from '../../../src/exchange/route.ts'
import type { Site } from '../../../src/exchange/site.ts'
import { Turn } from '../../../src/exchange/turn.ts'
import { Gate } from '../../../src/limit/gate.ts'
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
