import t from 'tap'
import { connect } from '../support/sender.ts'
import { GITHUB, genuine, type Stage, stage } from './stage.ts'

const BODIES = ['{"n":1}', '{"n":2}', '{"n":3}']
const WIRE = Buffer.concat(BODIES.flatMap(body => genuine('github', GITHUB, body)))
const CONNECT = 'CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n'

const inFlight = (on: Stage) =>
  on.hookwarden.metrics().then(all => all.get('hookwarden_in_flight_requests'))

for (const [what, behind] of [
  ['nothing', ''],
  ['CONNECT', CONNECT],
  ['no HTTP', '\0\0'],
] as const) {
  t.test(
    `deliveries in one write with ${what} behind them are answered in their order`,
    async t => {
      const on = await stage(t, { recorder: { hold: true } })
      const connection = await connect(on.port)
      t.teardown(() => connection.destroy())
      const last = behind === '' ? [] : [400]
      const coming = [...BODIES.map(() => 204), ...last].map(() => connection.answerOrClose())
      await connection.write(Buffer.concat([WIRE, Buffer.from(behind, 'latin1')]))
      await on.recorder.complete(3)
      on.recorder.releaseAll()
      const statuses = (await Promise.all(coming)).map(answer => answer?.status)
      t.same(statuses, [204, 204, 204, ...last])
      if (behind !== '') await connection.closed
      await on.until(async () => (await inFlight(on)) === 0)
      t.same(on.recorder.requests.map(one => one.body.toString()).toSorted(), BODIES)
    },
  )

  t.test(`a sender that leaves ${what} behind its deliveries leaves nothing over`, async t => {
    const on = await stage(t, { recorder: { hold: true } })
    const connection = await connect(on.port)
    await connection.write(Buffer.concat([WIRE, Buffer.from(behind, 'latin1')]))
    await on.recorder.complete(3)
    t.equal(await inFlight(on), 3)
    connection.destroy()
    await connection.closed
    on.recorder.releaseAll()
    await on.until(async () => (await inFlight(on)) === 0)
    const metrics = await on.hookwarden.metrics()
    t.equal(metrics.get('hookwarden_requests_total{provider="github",outcome="accepted"}'), 3)
    await on.until(async () => (await on.hookwarden.metrics()).get('hookwarden_connections') === 0)
    t.equal(on.recorder.requests.length, 3)
  })
}
