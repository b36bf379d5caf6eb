import t, { type Test } from 'tap'
import type { Settings } from '../../../src/config/settings.ts'
import { openStores, type Stores } from '../../../src/process/stores.ts'
import { Log } from '../../../src/report/log.ts'
import { ManualClock } from '../../support/manual-clock.ts'

/** Nobody listens there, and it is no loopback address by its looks. */
const NOBODY = { host: '0.0.0.0', port: 1, tls: false, database: 0, prefix: 'p:' } as const
const NO_WORDS = { user: undefined, password: undefined, ca: undefined } as const

/** The lines that opening a store says. */
async function said(t: Test, store: Partial<Settings['store']>, env = {}): Promise<string[]> {
  const clock = new ManualClock()
  const lines: string[] = []
  const log = new Log({
    clock,
    put(written, done) {
      lines.push(...Buffer.from(written).toString().trimEnd().split('\n'))
      done(undefined)
    },
  })
  const stores: Stores = await openStores({
    settings: { store: { ...NOBODY, ...NO_WORDS, ...store }, onStoreError: 'local' },
    sources: { env, readFile: () => new Uint8Array(), dev: false },
    clock,
    log,
  })
  t.teardown(() => stores.close())
  await log.flush()
  return lines.map(line => `${(JSON.parse(line) as { readonly msg: string }).msg}`)
}

const WARNING = /asks for no password/
const PASSWORD = { password: 'env:REDIS_PASSWORD' }

t.test('a shared store without a password is warned of at start, but on loopback', async t => {
  const env = { REDIS_PASSWORD: 'of-sixteen-bytes' }
  const lines = await said(t, {})
  t.match(lines[0], WARNING)
  t.equal(lines.filter(line => WARNING.test(line)).length, 1)
  t.notMatch((await said(t, PASSWORD, env)).join(), WARNING)
  for (const host of ['127.0.0.1', 'localhost']) {
    t.notMatch((await said(t, { host })).join(), WARNING, host)
  }
})

t.test('a password that cannot be read is a fault, not a try without one', async t => {
  await t.rejects(said(t, PASSWORD), { code: 'store_unusable', message: /store\.password/ })
})
