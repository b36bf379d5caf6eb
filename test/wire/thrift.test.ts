import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { startProcess } from '../support/process.ts'
import { connect } from '../support/sender.ts'

t.test('memory is given back once half of the connections are open', async t => {
  const hookwarden = await startProcess(t, { map: 'limits: { connections: 40 }' })
  const young = async () =>
    (await hookwarden.metrics()).get('nodejs_heap_space_size_total_bytes{space="new"}') ?? 0
  const before = await young()
  const open = await Promise.all(Array.from({ length: 21 }, () => connect(hookwarden.port)))
  t.teardown(() => {
    for (const one of open) one.destroy()
  })
  while ((await young()) > before / 2) await pause(50)
  t.pass('the young generation is small now')
})
