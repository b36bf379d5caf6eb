import t from 'tap'
import { History } from '../../../src/report/history.ts'
import { Recent } from '../../../src/report/recent.ts'
import { Tally } from '../../../src/report/tally.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { delivery, refusal } from './subject.ts'

const MINUTE = 60_000

function following() {
  const clock = new ManualClock()
  const tallies = new Map([['github', new Tally()]])
  const history = new History(() => tallies, clock)
  const settle = (times: number, end = delivery()) => {
    for (let i = 0; i < times; i++) tallies.get('github')?.settled(end, clock.wall())
  }
  return { clock, tallies, history, settle }
}

t.test('each minute has what was counted in it, the one that has begun included', async t => {
  const { clock, history, settle } = following()
  settle(3)
  t.same(history.hour('github').accepted.slice(-3), [0, 0, 3])
  clock.advance(MINUTE)
  settle(2, refusal('signature_mismatch'))
  settle(1, delivery({ outcome: 'duplicate' }))
  clock.advance(MINUTE)
  settle(4, delivery({ outcome: 'upstream_error', reason: 'upstream_error' }))
  settle(1, refusal('rate_provider'))
  const { accepted, refused, lost, limited } = history.hour('github')
  t.same(accepted.slice(-4), [0, 3, 1, 0])
  t.same(refused.slice(-4), [0, 0, 2, 1])
  t.same(lost.slice(-4), [0, 0, 0, 4])
  t.same(limited.slice(-4), [0, 0, 0, 1])
  t.equal(accepted.length, 60)
})

t.test('what is older than an hour is forgotten, and the sum of the rest is right', async t => {
  const { clock, history, settle } = following()
  for (let minute = 0; minute < 150; minute++) {
    settle(minute)
    clock.advance(MINUTE)
  }
  settle(7)
  t.same(history.hour('github').accepted, [...Array.from({ length: 59 }, (_, i) => 91 + i), 7])
})

t.test(
  'one that is unknown was quiet, one that left is forgotten, one that comes begins at 0',
  async t => {
    const { clock, tallies, history, settle } = following()
    t.same(new Set(history.hour('nobody').accepted), new Set([0]))
    settle(5)
    clock.advance(MINUTE)
    tallies.set('github', new Tally())
    clock.advance(MINUTE)
    settle(2)
    t.equal(
      history.hour('github').accepted.reduce((a, b) => a + b),
      2,
    )
    history.close()
    t.equal(clock.waiting, 0)
  },
)

t.test('the last refusals are remembered, newest first, with what was found for them', async t => {
  const recent = new Recent()
  for (let i = 0; i < 120; i++)
    recent.saw(refusal('signature_mismatch', { requestId: `r${i}` }), 1000 + i)
  recent.saw(delivery(), 5)
  recent.explained('r118', [{ code: 'secret_space', detail: 'a blank' }])
  recent.explained('r3', [{ code: 'secret_space', detail: 'long gone' }])
  t.equal(recent.refusals.length, 50)
  t.same(
    recent.refusals
      .slice(0, 2)
      .map(({ at, end, findings }) => [at, end.requestId, findings.length]),
    [
      [1119, 'r119', 0],
      [1118, 'r118', 1],
    ],
  )
  t.equal(recent.refusals.at(-1)?.end.requestId, 'r70')
})

t.test('scanners do not push out what reached a provider', async t => {
  const recent = new Recent()
  recent.saw(refusal('signature_mismatch'), 1)
  for (let i = 0; i < 500; i++) recent.saw(refusal('no_route', { provider: 'none' }), 2)
  t.equal(recent.refusals.length, 1)
  t.equal(recent.strays.length, 50)
})
