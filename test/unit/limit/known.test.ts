import fc from 'fast-check'
import t from 'tap'
import { type Asked, Known } from '../../../src/limit/known.ts'
import { MemoryLimits } from '../../../src/limit/memory-limits.ts'
import { type Bucket, limitOf } from '../../../src/limit/store.ts'

const ten: readonly Bucket[] = [{ limit: limitOf('ten', { count: 10, per: 1_000 }), key: 'a' }]
const at = (asked: number, answered = asked): Asked => ({ asked, answered })

t.test('what is spent beyond patience is refused until that has passed', async t => {
  const known = new Known()
  t.equal(known.refusal(ten, 1_000, 0), undefined, 'of nothing nothing is known')
  known.learn(ten, [1_000], at(1_000)) // full: the next is due in 100 ms
  t.same(known.refusal(ten, 1_000, 0), {
    wait: undefined,
    retryAfter: 100,
    refusedBy: 0,
    shared: false,
  })
  t.equal(known.refusal(ten, 1_050, 0)?.retryAfter, 50)
  t.equal(known.refusal(ten, 1_000, 100), undefined, 'who may wait for it is not refused')
  t.equal(known.refusal(ten, 1_100, 0), undefined, 'nor who comes when it is due')
})

t.test('an answer is as old as its question, and a sender is told the later time', async t => {
  const known = new Known()
  known.learn(ten, [1_000], at(1_000, 1_030))
  t.equal(known.refusal(ten, 1_030, 0)?.retryAfter, 100)
  t.equal(known.refusal(ten, 1_099, 0), undefined, 'it may be due')
})

t.test('nothing is believed for longer than 250 ms: another may have given back', async t => {
  const known = new Known()
  known.learn(ten, [100_000], at(1_000))
  t.equal(known.refusal(ten, 1_250, 0)?.refusedBy, 0)
  t.equal(known.refusal(ten, 1_251, 0), undefined)
})

t.test('what this process gives back is forgotten at once', async t => {
  const known = new Known()
  known.learn(ten, [1_000], at(1_000))
  known.forget()
  t.equal(known.refusal(ten, 1_000, 0), undefined)
})

t.test('a refusal is one that the schedule itself would give', async t => {
  const rate = fc.record({
    count: fc.integer({ min: 1, max: 40 }),
    per: fc.constantFrom(300, 1_000, 60_000, 3_600_000),
  })
  const act = fc.record({
    gap: fc.double({ min: 0, max: 60, noNaN: true }),
    late: fc.double({ min: 0, max: 40, noNaN: true }),
    patience: fc.double({ min: 0, max: 300, noNaN: true }),
    replica: fc.nat({ max: 2 }),
  })
  let refusals = 0
  fc.assert(
    fc.property(
      fc.array(rate, { minLength: 1, maxLength: 3 }),
      fc.array(act, { minLength: 50, maxLength: 200 }),
      (rates, acts) => {
        const schedule = new MemoryLimits(100)
        const buckets = rates.map((rate, i) => ({ limit: limitOf('law', rate), key: `${i}` }))
        const replicas = [new Known(), new Known(), new Known()]
        let now = 1.7e12
        for (const { gap, late, patience, replica } of acts) {
          now += gap
          const known = replicas[replica] as Known
          const refusal = known.refusal(buckets, now, patience)
          const truth = schedule.reserve(buckets, now, patience)
          if (refusal === undefined) {
            const ahead = buckets.map(bucket => Math.ceil(schedule.ahead(bucket, now)))
            known.learn(buckets, ahead, at(now - late, now))
            continue
          }
          refusals++
          // others may have spent more since, also of what comes first; how late the answer came is added
          if (truth.wait !== undefined || Number(truth.refusedBy) > Number(refusal.refusedBy))
            return false
          if (refusal.retryAfter > truth.retryAfter + 41.01) return false
        }
        return true
      },
    ),
    { numRuns: 300 },
  )
  t.ok(refusals > 1_000, `${refusals} refusals without a question`)
})
