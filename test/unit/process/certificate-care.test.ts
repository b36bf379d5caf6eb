import { join } from 'node:path'
import t from 'tap'
import type { Keyring, Renewal } from '../../../src/listen/keyring.ts'
import type { TlsServer } from '../../../src/listen/tls-server.ts'
import { CertificateCare } from '../../../src/process/certificate-care.ts'
import type { Log } from '../../../src/report/log.ts'
import { ManualClock } from '../../support/manual-clock.ts'

t.test('what cannot be read is read again until it can, and each state is told once', async t => {
  const path = join(t.testdir({ 'tls.crt': 'any' }), 'tls.crt')
  const clock = new ManualClock()
  let result: Renewal = { changed: false, faults: ['tls.crt: cannot be read (EIO)'] }
  let read = 0
  const keyring = {
    paths: [path],
    served: [],
    renew: () => {
      read++
      return result
    },
  } as unknown as Keyring
  const told: string[] = []
  const say = (text: string, more: object = {}) =>
    void told.push([text, ...Object.values(more)].join(' '))
  const care = new CertificateCare({
    keyring,
    tls: { use: () => {} } as unknown as TlsServer,
    clock,
    log: { error: say, info: say } as unknown as Log,
    ticketKeys: () => new Uint8Array(48),
    renewed: said => void told.push(said),
  })
  t.teardown(() => care.close())
  const untilRead = async (times: number) => {
    while (read < times) {
      clock.advance(1_000)
      await new Promise(resolve => setImmediate(resolve))
    }
  }
  await untilRead(4)
  t.same(told.splice(0), [
    'a changed certificate cannot be used: the one before stays tls.crt: cannot be read (EIO)',
    'failed',
  ])
  result = { changed: true, faults: [] }
  await untilRead(5)
  t.same(told.splice(0), ['certificates were read again ', 'renewed'])
  for (let i = 0; i < 100; i++) {
    clock.advance(1_000)
    await new Promise(resolve => setImmediate(resolve))
  }
  t.equal(read, 5, 'what is well is left alone')
})
