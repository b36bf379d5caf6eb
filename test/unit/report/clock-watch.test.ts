import t from 'tap'
import { ClockWatch } from '../../../src/report/clock-watch.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const SECOND = 1000

function watching() {
  const clock = new ManualClock()
  const told: (number | undefined)[] = []
  return { clock, told, watch: new ClockWatch(clock, off => told.push(off)) }
}

t.test(
  'two providers off by about the same make the clock suspect, which is told once',
  async t => {
    const { watch, told } = watching()
    watch.saw('stripe', -120 * SECOND)
    t.equal(watch.suspect, false, 'one alone may be late')
    watch.saw('slack', -124 * SECOND)
    watch.saw('stripe', -121 * SECOND)
    t.equal(watch.suspect, true)
    t.same(told, [-122 * SECOND])
    watch.saw('slack', 0)
    t.equal(watch.suspect, false, 'one that is right is enough')
    t.same(told, [-122 * SECOND, undefined])
  },
)

t.test('what says nothing of the clock makes it not suspect', async t => {
  const cases: readonly [string, readonly number[]][] = [
    ['all in time', [0, 2, -3]],
    ['a little off', [20, 25]],
    ['one right, two repeating old deliveries', [0, -600, -600]],
    ['off by different times', [-100, -500]],
    ['off in different directions', [40, -40]],
  ]
  for (const [name, skews] of cases) {
    const { watch, told } = watching()
    for (const [i, skew] of skews.entries()) watch.saw(`provider-${i}`, skew * SECOND)
    t.equal(watch.suspect, false, name)
    t.same(told, [], name)
  }
})

t.test('what was seen long ago does not count', async t => {
  const { watch, clock } = watching()
  watch.saw('stripe', 900 * SECOND)
  clock.advance(599 * SECOND)
  watch.saw('slack', 901 * SECOND)
  t.equal(watch.suspect, true)
  clock.advance(2 * SECOND)
  t.equal(watch.suspect, false, 'of two one is forgotten')
})
