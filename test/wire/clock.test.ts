import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { exchange } from '../support/sender.ts'
import { genuine, SLACK, STRIPE, stage } from './stage.ts'

const BODY = '{"a":1}'
const HOUR = 3_600_000

t.test('senders refused for a clock that is an hour behind tell that it is', async t => {
  const { clock, port, hookwarden } = await stage(t)
  const wall = clock.wall()
  clock.setWall(wall - HOUR)
  const suspect = async () => (await hookwarden.metrics()).get('hookwarden_clock_suspect')
  t.equal(await suspect(), 0)
  for (const [preset, path] of [
    ['stripe', STRIPE],
    ['slack', SLACK],
  ] as const) {
    const forged = genuine(preset, path, BODY, { wall, sent: '{"a":2}' })
    t.equal((await exchange(port, forged))?.status, 401, 'a stranger tells nothing')
    clock.advance(60_000)
  }
  for (let i = 0; i < 100; i++) await nextTurn()
  t.equal(await suspect(), 0)
  for (const [preset, path] of [
    ['stripe', STRIPE],
    ['slack', SLACK],
  ] as const) {
    t.equal(
      (await exchange(port, genuine(preset, path, BODY, { wall: clock.wall() + HOUR })))?.status,
      401,
    )
    for (let i = 0; i < 100; i++) await nextTurn()
    clock.advance(1_000)
  }
  t.equal(await suspect(), 1)
  clock.advance(100)
  const lines = hookwarden.lines.filter(({ behind_seconds }) => behind_seconds !== undefined)
  t.match(lines, [{ level: 'warn', msg: /set it \(NTP\)$/, behind_seconds: 3600 }])
})
