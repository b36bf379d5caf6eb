import fc from 'fast-check'
import t from 'tap'
import { Gate, type Waiter } from '../../../src/limit/gate.ts'

/** A waiter that writes its name down when it gets in. */
function named(name: string, log: string[]): Waiter {
  return { admitted: () => log.push(name) }
}

t.test('as many as fit go in at once, the others in the order they came', async t => {
  const log: string[] = []
  const gate = new Gate(2)
  t.equal(gate.enter(named('a', log)), true)
  t.equal(gate.enter(named('b', log)), true)
  t.equal(gate.enter(named('c', log)), false)
  t.equal(gate.enter(named('d', log)), false)
  t.equal(gate.tryEnter(), false)
  t.same([gate.inside, gate.waiting, log], [2, 2, []])
  gate.leave()
  t.same(log, ['c'])
  gate.leave()
  t.same(log, ['c', 'd'])
  gate.leave()
  gate.leave()
  t.same([gate.inside, gate.waiting], [0, 0])
  t.equal(gate.tryEnter(), true)
  t.throws(() => {
    gate.leave()
    gate.leave()
  }, 'leaving without being inside is a bug')
})

t.test('who gave up waiting is passed over', async t => {
  const log: string[] = []
  const gate = new Gate(1)
  const [a, b] = [named('a', log), named('b', log)]
  gate.tryEnter()
  gate.enter(a)
  gate.enter(b)
  gate.abandon(a)
  gate.abandon(a)
  gate.leave()
  t.same(log, ['b'])
  gate.abandon(b)
  t.equal(gate.inside, 1, 'who is inside leaves, it cannot give up')
  t.equal(gate.waiting, 0)
})

t.test('a waiter cannot stand in the queue twice', async t => {
  const gate = new Gate(0)
  const a = named('a', [])
  gate.enter(a)
  t.throws(() => gate.enter(a))
})

t.test('more room lets waiters in at once, less is reached as others leave', async t => {
  const log: string[] = []
  const gate = new Gate(1)
  for (const name of ['a', 'b', 'c', 'd']) gate.enter(named(name, log))
  gate.resize(3)
  t.same(log, ['b', 'c'])
  gate.resize(1)
  gate.leave()
  gate.leave()
  t.same([gate.inside, log.length], [1, 2])
  gate.leave()
  t.same(log, ['b', 'c', 'd'])
})

t.test('a hundred thousand that leave as soon as they are let in need no deep stack', async t => {
  const gate = new Gate(1)
  let left = 0
  gate.tryEnter()
  const hurried: Waiter[] = Array.from({ length: 100_000 }, () => ({
    admitted() {
      left++
      gate.leave()
    },
  }))
  for (const waiter of hurried) gate.enter(waiter)
  gate.leave()
  t.equal(left, 100_000)
  t.same([gate.inside, gate.waiting], [0, 0])
})

t.test('who comes while another is let in does not overtake those who wait', async t => {
  const log: string[] = []
  const gate = new Gate(1)
  gate.tryEnter()
  gate.enter({
    admitted() {
      log.push('a')
      gate.leave()
      t.equal(gate.tryEnter(), false, 'b waits')
      t.equal(gate.enter(named('c', log)), false)
    },
  })
  gate.enter(named('b', log))
  gate.leave()
  gate.leave()
  t.same(log, ['a', 'b', 'c'])
})

t.test('it behaves as a plain list would', async t => {
  const act = fc.tuple(
    fc.constantFrom('enter', 'enter', 'enter', 'try', 'leave', 'leave', 'abandon', 'resize'),
    fc.integer({ min: 0, max: 7 }),
  )
  fc.assert(
    fc.property(fc.array(act, { maxLength: 120 }), acts => {
      const [log, expected]: [string[], string[]] = [[], []]
      const gate = new Gate(2)
      const waiters = new Map<string, Waiter>()
      let [capacity, inside, queue]: [number, number, string[]] = [2, 0, []]
      for (const [i, [what, n]] of acts.entries()) {
        if (what === 'enter') {
          const waiter = named(`${i}`, log)
          waiters.set(`${i}`, waiter)
          if (gate.enter(waiter)) inside++
          else queue = [...queue, `${i}`]
        }
        if (what === 'try' && gate.tryEnter()) inside++
        if (what === 'leave' && inside > 0) {
          inside--
          gate.leave()
        }
        if (what === 'abandon' && queue[n] !== undefined) {
          gate.abandon(waiters.get(queue[n]) as Waiter)
          queue = queue.toSpliced(n, 1)
        }
        if (what === 'resize') {
          capacity = n
          gate.resize(n)
        }
        while (inside < capacity && queue.length > 0) {
          inside++
          expected.push(queue[0] as string)
          queue = queue.slice(1)
        }
        if (gate.inside !== inside || gate.waiting !== queue.length) return false
      }
      return log.join() === expected.join()
    }),
  )
  t.pass('no counter-example')
})
