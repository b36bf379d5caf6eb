import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { startProcess } from '../support/process.ts'
import { connect } from '../support/sender.ts'

t.test('memory is given back once bodies and connections need much of their room', async t => {
  const map = 'limits: { connections: 40, buffered: 8MiB }' // 26 connections are 15 % of it
  const hookwarden = await startProcess(t, { map })
  const young = async () =>
    (await hookwarden.metrics()).get('nodejs_heap_space_size_total_bytes{space="new"}') ?? 0
  const open = async (count: number): Promise<void> => {
    const more = await Promise.all(Array.from({ length: count }, () => connect(hookwarden.port)))
    t.teardown(() => {
      for (const one of more) one.destroy()
    })
  }
  await open(20)
  await pause(500) // it is looked at every 100 ms
  const before = await young()
  t.ok(before > 2 ** 21, `${before} bytes with half of the connections`)
  await open(15)
  while ((await young()) > before / 2) await pause(50)
  t.pass('the young generation is small now')
})
