import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { startHookwarden } from '../support/hookwarden.ts'
import { startRecorder } from '../support/recorder.ts'
import { exchange } from '../support/sender.ts'
import { ENV, GITHUB, genuine, PROVIDERS } from '../wire/stage.ts'

const EVERY = 20
const DELIVERIES = 350
/** When Automatisch goes, in deliveries, and for how long. */
const AWAY = { from: 75, time: 3_000 }

t.test('Automatisch away for 3 s under 50 deliveries a second: each arrives once', async t => {
  const before = await startRecorder()
  const hookwarden = await startHookwarden({ map: PROVIDERS, env: ENV, upstream: before.port })
  t.teardown(() => hookwarden.close())
  const start = performance.now()
  const statuses: (number | undefined)[] = []
  const sent: Promise<void>[] = []
  let after = before
  let back: Promise<void> | undefined
  const outage = async () => {
    await before.close()
    await sleep(AWAY.time)
    after = await startRecorder({ port: before.port })
  }
  for (let id = 0; id < DELIVERIES; id++) {
    await sleep(Math.max(0, start + id * EVERY - performance.now()))
    // nothing is on its way just then: what is cut may have been taken, and is another test's
    if (id >= AWAY.from && statuses.length === sent.length) back ??= outage()
    const answer = exchange(hookwarden.port, genuine('github', GITHUB, `{"id":${id}}`))
    sent.push(answer.then(got => void statuses.push(got?.status)))
  }
  await Promise.all(sent)
  await back
  t.teardown(() => after.close())
  t.same([...new Set(statuses)], [204], 'every sender was told that it was taken')
  const ids = [...before.requests, ...after.requests].map(
    ({ body }) => (JSON.parse(body.toString()) as { id: number }).id,
  )
  t.equal(ids.length, DELIVERIES, 'none came twice')
  t.equal(new Set(ids).size, DELIVERIES, 'and each came')
  t.ok(before.requests.length >= AWAY.from, 'many had come before')
  t.ok(after.requests.length >= AWAY.time / EVERY, 'as many waited as came while it was away')
  t.ok(after.probes.length > 0)
})

t.test('an idle connection is given up before Automatisch would end it', async t => {
  const recorder = await startRecorder()
  t.teardown(() => recorder.close())
  const hookwarden = await startHookwarden({ map: PROVIDERS, env: ENV, upstream: recorder.port })
  t.teardown(() => hookwarden.close())
  // as Automatisch says it: it would end the connection after five to six seconds
  recorder.react({ write: 'HTTP/1.1 204 No Content\r\nKeep-Alive: timeout=5\r\n\r\n' })
  for (const [i, { wait, connections }] of [
    { wait: 0, connections: 1 },
    { wait: 3_000, connections: 1 },
    { wait: 4_500, connections: 2 },
  ].entries()) {
    await sleep(wait)
    const answer = await exchange(hookwarden.port, genuine('github', GITHUB, `{"id":${i}}`))
    t.equal(answer?.status, 204)
    t.equal(recorder.connections.total, connections, `after ${wait} ms`)
    t.equal(recorder.connections.open, 1)
  }
})
