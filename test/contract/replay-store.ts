import type { Test } from 'tap'
import type { ReplayStore } from '../../src/replay/store.ts'

const LEASE = 1_000
const WINDOW = 10_000

/** What every ReplayStore promises. Each implementation's test calls this; each `open` starts empty. */
export function replayStoreContract(t: Test, open: () => Promise<ReplayStore>): void {
  t.test(
    'a delivery is fresh once, in flight while its owner has it, delivered once kept',
    async t => {
      const store = await open()
      t.teardown(() => store.close())
      const claim = async (owner: string, now: number) =>
        store.claim('k', owner, LEASE, WINDOW, now)
      t.equal(await claim('one', 0), 'fresh')
      t.equal(await claim('two', 1), 'in_flight')
      t.equal(await claim('one', 1), 'in_flight', 'also for the owner: it is one delivery, not two')
      store.keep('k', 'one')
      t.equal(await claim('two', 2), 'delivered')
      t.equal(await store.claim('other', 'two', LEASE, WINDOW, 2), 'fresh', 'another key is not it')
    },
  )

  t.test('what is released can be claimed again at once', async t => {
    const store = await open()
    t.teardown(() => store.close())
    await store.claim('k', 'one', LEASE, WINDOW, 0)
    store.release('k', 'one')
    t.equal(await store.claim('k', 'two', LEASE, WINDOW, 1), 'fresh')
  })

  t.test('the window counts from the claim', async t => {
    const store = await open()
    t.teardown(() => store.close())
    await store.claim('k', 'one', LEASE, WINDOW, 500)
    store.keep('k', 'one')
    t.equal(await store.claim('k', 'two', LEASE, WINDOW, 500 + WINDOW - 1), 'delivered')
    t.equal(await store.claim('k', 'two', LEASE, WINDOW, 500 + WINDOW), 'fresh')
  })

  t.test('a lease that ran out blocks nobody, and its late owner changes nothing', async t => {
    const store = await open()
    t.teardown(() => store.close())
    await store.claim('k', 'one', LEASE, WINDOW, 0)
    t.equal(await store.claim('k', 'two', LEASE, WINDOW, LEASE - 1), 'in_flight')
    t.equal(await store.claim('k', 'two', LEASE, WINDOW, LEASE), 'fresh')
    store.release('k', 'one')
    t.equal(await store.claim('k', 'three', LEASE, WINDOW, LEASE + 1), 'in_flight')
    store.keep('k', 'one')
    t.equal(await store.claim('k', 'three', LEASE, WINDOW, LEASE + 1), 'in_flight')
    store.keep('k', 'two')
    t.equal(await store.claim('k', 'three', LEASE, WINDOW, LEASE + 1), 'delivered')
  })

  t.test('what was kept late, but claimed by nobody else, still counts as delivered', async t => {
    const store = await open()
    t.teardown(() => store.close())
    await store.claim('k', 'one', LEASE, WINDOW, 0)
    await store.claim('other', 'one', LEASE, WINDOW, LEASE + 1)
    store.keep('k', 'one')
    t.equal(await store.claim('k', 'two', LEASE, WINDOW, LEASE + 2), 'delivered')
  })

  t.test('what was delivered is not released any more', async t => {
    const store = await open()
    t.teardown(() => store.close())
    await store.claim('k', 'one', LEASE, WINDOW, 0)
    store.keep('k', 'one')
    store.release('k', 'one')
    t.equal(await store.claim('k', 'two', LEASE, WINDOW, 1), 'delivered')
  })

  t.test('keeping and releasing what was never claimed does nothing', async t => {
    const store = await open()
    t.teardown(() => store.close())
    store.keep('k', 'one')
    store.release('k', 'one')
    t.equal(await store.claim('k', 'one', LEASE, WINDOW, 0), 'fresh')
  })
}
