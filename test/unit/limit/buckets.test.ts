import fc from 'fast-check'
import t from 'tap'
import { AddressBuckets, addressKey } from '../../../src/limit/address-buckets.ts'
import { BucketTable } from '../../../src/limit/bucket-table.ts'
import { type Limit, reserve, returned } from '../../../src/limit/gcra.ts'
import { keyedHash } from '../../../src/limit/keyed-hash.ts'
import { MemoryLimits } from '../../../src/limit/memory-limits.ts'
import { limitOf } from '../../../src/limit/store.ts'
import { limitStoreContract } from '../../contract/limit-store.ts'

const tenPerSecond: Limit = { name: 'test', emission: 100, burst: 300 }
const twoPerMinute = limitOf('test', { count: 2, per: 60_000 })
const hashKey = Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 7])
const one = (limit: Limit, key: string) => [{ limit, key }]
const instant = fc.integer({ min: 0, max: 1e9 })

t.test(
  'a bucket never seen grants its burst at once, then makes the next wait its turn',
  async t => {
    let tat = 0
    for (let i = 0; i < 3; i++) {
      const slot = reserve(tenPerSecond, tat, 1_000, 0)
      t.equal(slot.wait, 0, `reservation ${i + 1} of 3`)
      tat = slot.tat
    }
    t.equal(reserve(tenPerSecond, tat, 1_000, 500).wait, 100)
    t.same(reserve(tenPerSecond, tat, 1_000, 0), { wait: undefined, retryAfter: 100, tat })
  },
)

t.test(
  'a rate of N lets exactly N go at once, at whatever instant, however it divides',
  async t => {
    const rate = fc.record({
      count: fc.integer({ min: 1, max: 7_000 }),
      per: fc.constantFrom(1_000, 60_000, 3_600_000),
    })
    const fraction = fc.double({ min: 0, max: 1e9, noNaN: true })
    fc.assert(
      fc.property(rate, fraction, (rate, now) => {
        const limit = limitOf('test', rate)
        let tat = 0
        let granted = 0
        for (let i = 0; i < rate.count + 2; i++) {
          const slot = reserve(limit, tat, now, 0)
          if (slot.wait === 0) granted++
          tat = slot.tat
        }
        return granted === rate.count
      }),
      { numRuns: 300 },
    )
    t.pass('no counter-example')
  },
)

t.test('coming back when told is always early enough', async t => {
  fc.assert(
    fc.property(instant, instant, fc.integer({ min: 0, max: 9_999 }), (tat, now, patience) => {
      const first = reserve(tenPerSecond, tat, now, patience)
      const again = reserve(tenPerSecond, tat, now + first.retryAfter, patience)
      return first.wait !== undefined || again.wait !== undefined
    }),
  )
  t.pass('no counter-example')
})

t.test('a reservation given back at once leaves the next as it would have been', async t => {
  fc.assert(
    fc.property(instant, instant, (tat, now) => {
      const slot = reserve(tenPerSecond, tat, now, 1e9)
      const after = reserve(tenPerSecond, returned(tenPerSecond, slot.tat, now), now, 1e9)
      return after.wait === slot.wait && after.tat === slot.tat
    }),
  )
  t.pass('no counter-example')
})

t.test('what is given back never lies below now', async t => {
  fc.assert(fc.property(instant, instant, (tat, now) => returned(tenPerSecond, tat, now) >= now))
  t.equal(returned(tenPerSecond, 1_250, 1_000), 1_150)
})

t.test('only what is forgotten before it has refilled counts as evicted', async t => {
  for (let max = 33; max < 60; max++) {
    const table = new BucketTable(max)
    const spent: string[] = []
    const fill = (key: string, place: number | undefined, tat: number) => {
      if (tat > 2_000) spent.push(key)
      table.tat[place ?? -1] = tat
    }
    for (let i = 0; i < max; i++) fill(`${i}`, table.add(`${i}`, 0), i < 24 ? 9_000 : 1_000)
    for (let i = 0; i < max; i++) fill(`new ${i}`, table.displace(`new ${i}`, 2_000), 9_999)
    const lost = spent.filter(key => table.find(key) === undefined)
    t.equal(table.evicted, lost.length, `${lost.length} of ${max}`)
    t.equal(table.size, max)
  }
})

t.test('memory limits', async t => {
  limitStoreContract(t, async () => new MemoryLimits(100))

  t.test('when full, a refilled bucket goes before a spent one, and is no loss', async t => {
    const store = new MemoryLimits(2)
    for (let i = 0; i < 2; i++) store.reserve(one(twoPerMinute, 'spent'), 0, 0)
    store.reserve(one(tenPerSecond, 'refilled'), 0, 0)
    store.reserve(one(twoPerMinute, 'new'), 1_000, 0)
    t.equal(store.size, 2)
    t.equal(store.evicted, 0)
    t.equal(store.reserve(one(twoPerMinute, 'spent'), 1_000, 0).wait, undefined, 'still spent')
  })

  t.test('when all are spent, the least spent one is forgotten and counted', async t => {
    const store = new MemoryLimits(2)
    for (let i = 0; i < 2; i++) store.reserve(one(twoPerMinute, 'more'), 0, 0)
    store.reserve(one(twoPerMinute, 'less'), 0, 0)
    store.reserve(one(twoPerMinute, 'new'), 1, 0)
    t.equal(store.size, 2)
    t.equal(store.evicted, 1)
    t.equal(store.reserve(one(twoPerMinute, 'more'), 1, 0).wait, undefined, 'remembered')
  })

  t.test('a bound of none refuses', async t => {
    t.equal(new MemoryLimits(0).reserve(one(twoPerMinute, 'a'), 0, 0).wait, undefined)
  })
})

t.test('the keyed hash is HalfSipHash-2-4', async t => {
  // vectors_hsip32 of the reference implementation: key 00 01 … 07, input 00 01 … of that length
  const published = [
    0x5b9f35a9, 0xb85a4727, 0x03a662fa, 0x04e7fe8a, 0x89466e2a, 0x69b6fac5, 0x23fc6358, 0xc563cf8b,
  ]
  for (const [length, expected] of published.entries()) {
    const input = String.fromCharCode(...Array.from({ length }, (_, i) => i))
    t.equal(keyedHash(hashKey, input), expected, `${length} bytes`)
  }
})

t.test('address buckets', async t => {
  /** How many of `count` spends are granted at `now`. */
  function granted(buckets: AddressBuckets, key: string, now: number, count = 5): number {
    let sum = 0
    for (let i = 0; i < count; i++) if (buckets.spend(twoPerMinute, key, now).granted) sum++
    return sum
  }

  t.test(
    'each address spends its own under each provider, and is told when to come back',
    async t => {
      const buckets = new AddressBuckets({ max: 10, hashKey })
      const key = addressKey('github', '192.0.2.1')
      t.equal(granted(buckets, key, 0), 2)
      t.same(buckets.spend(twoPerMinute, key, 10_000), { granted: false, retryAfter: 20_000 })
      t.same(buckets.spend(twoPerMinute, key, 30_000), { granted: true, retryAfter: 0 })
      t.equal(granted(buckets, addressKey('gitlab', '192.0.2.1'), 0), 2)
      t.equal(granted(buckets, addressKey('github', '192.0.2.2'), 0), 2)
      t.equal(buckets.size, 3)
    },
  )

  t.test('what a proven delivery gives back can be spent, and no more than that', async t => {
    const buckets = new AddressBuckets({ max: 10, hashKey })
    const key = addressKey('github', '192.0.2.1')
    granted(buckets, key, 0)
    buckets.giveBack(twoPerMinute, key, 0)
    t.equal(granted(buckets, key, 0), 1)
    for (let i = 0; i < 9; i++) buckets.giveBack(twoPerMinute, key, 0)
    t.equal(granted(buckets, key, 0), 2)
  })

  t.test(
    'when full, newcomers of one /24 or /48 share, and known addresses notice nothing',
    async t => {
      const cases = [
        ['198.51.100.1', '198.51.100.2', '198.51.101.1'],
        ['2001:db8:1:1', '2001:db8:1:2', '2001:db8:2:1'],
      ]
      for (const [one = '', neighbour = '', far = ''] of cases) {
        const buckets = new AddressBuckets({ max: 2, hashKey })
        const known = [addressKey('p', '192.0.2.1'), addressKey('p', '192.0.2.2')]
        for (const key of known) buckets.spend(twoPerMinute, key, 0)
        t.equal(granted(buckets, addressKey('p', one), 0), 2, one)
        t.equal(granted(buckets, addressKey('p', neighbour), 0), 0, `${neighbour} shares`)
        t.equal(granted(buckets, addressKey('p', far), 0), 2, `${far} does not`)
        t.equal(granted(buckets, addressKey('q', one), 0), 2, 'nor does another provider')
        for (const key of known)
          t.equal(granted(buckets, key, 0), 1, `${key} has its second one left`)
        t.equal(buckets.size, 2)
        t.equal(buckets.evicted, 0)
        buckets.giveBack(twoPerMinute, addressKey('p', one), 0)
        t.equal(granted(buckets, addressKey('p', neighbour), 0), 1, 'what comes back is shared too')
      }
    },
  )

  t.test('where nobody knows the key, nobody knows who shares', async t => {
    const networks = Array.from({ length: 400 }, (_, i) =>
      addressKey('p', `10.${i >> 8}.${i & 255}.1`),
    )
    const outcome = (seed: number) => {
      const buckets = new AddressBuckets({
        max: 0,
        hashKey: Uint8Array.from(hashKey, b => b ^ seed),
      })
      return networks.map(key => granted(buckets, key, 0)).join()
    }
    t.not(outcome(1), outcome(2))
  })

  t.test('refilled buckets are reclaimed before anybody has to share', async t => {
    const buckets = new AddressBuckets({ max: 3, hashKey })
    for (let i = 0; i < 100; i++) {
      t.equal(granted(buckets, addressKey('p', `192.0.2.${i}`), i * 60_000), 2)
    }
    t.ok(buckets.size <= 3)
    t.equal(buckets.evicted, 0)
  })

  t.test(
    'whose place was reclaimed is unknown again, and spends nothing of its successor',
    async t => {
      const buckets = new AddressBuckets({ max: 1, hashKey })
      const [before, after] = [addressKey('p', '192.0.2.1'), addressKey('p', '198.51.100.1')]
      t.equal(granted(buckets, before, 0), 2)
      t.equal(granted(buckets, after, 60_000, 1), 1)
      t.equal(granted(buckets, before, 60_000), 2)
      t.equal(granted(buckets, after, 60_000), 1)
    },
  )

  t.test(
    'a sender that proves itself gets a bucket of its own at an unproven one’s cost',
    async t => {
      const buckets = new AddressBuckets({ max: 2, hashKey })
      granted(buckets, addressKey('p', '192.0.2.1'), 0)
      buckets.proven(addressKey('p', '192.0.2.1'), 0)
      granted(buckets, addressKey('p', '192.0.2.2'), 0)
      const sender = addressKey('p', '198.51.100.1')
      granted(buckets, addressKey('p', '198.51.100.66'), 0)
      t.equal(granted(buckets, sender, 0), 0, 'its neighbour spent what they share')
      buckets.proven(sender, 0)
      t.equal(granted(buckets, sender, 0), 2)
      t.equal(buckets.evicted, 1)
      t.equal(
        granted(buckets, addressKey('p', '192.0.2.1'), 0),
        0,
        'a proven one is never displaced',
      )
      const late = addressKey('p', '203.0.113.1')
      granted(buckets, late, 0)
      buckets.proven(late, 0)
      t.equal(granted(buckets, late, 0), 0, 'where all are proven, the next one goes on sharing')
      t.equal(buckets.size, 2)
    },
  )

  t.test(
    'a proven sender keeps its place for a quarter of an hour after the last proof',
    async t => {
      const buckets = new AddressBuckets({ max: 1, hashKey })
      buckets.proven(addressKey('p', '192.0.2.1'), 0)
      t.equal(granted(buckets, addressKey('p', '198.51.100.1'), 899_999), 2)
      t.equal(granted(buckets, addressKey('p', '198.51.100.2'), 899_999), 0, 'shares still')
      t.equal(granted(buckets, addressKey('p', '198.51.100.2'), 900_000), 2, 'has the place now')
    },
  )

  t.test(
    'a shared bucket spent under a slow limit does not shut out those of a fast one',
    async t => {
      const buckets = new AddressBuckets({ max: 0, hashKey })
      const key = addressKey('p', '192.0.2.1')
      for (let i = 0; i < 3; i++) buckets.spend({ ...twoPerMinute, burst: 3_600_000 }, key, 0)
      t.equal(buckets.spend(tenPerSecond, key, 0).retryAfter, 100)
    },
  )

  t.test(
    'whatever comes, it holds no more than its bound, and no address gets more than its limit',
    async t => {
      const act = fc.tuple(
        fc.constantFrom('spend', 'spend', 'spend', 'proven'),
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 0, max: 2_000 }),
      )
      fc.assert(
        fc.property(fc.array(act, { maxLength: 200 }), acts => {
          const buckets = new AddressBuckets({ max: 4, hashKey })
          const proofs = new Map<number, number>()
          const spent = new Map<number, number>()
          let now = 0
          for (const [what, host, gap] of acts) {
            now += gap
            const key = addressKey('p', `192.0.2.${host}`)
            if (what === 'proven') {
              buckets.proven(key, now)
              proofs.set(host, (proofs.get(host) ?? 0) + 1)
            } else if (buckets.spend(twoPerMinute, key, now).granted) {
              spent.set(host, (spent.get(host) ?? 0) + 1)
            }
            if (buckets.size > 4) return false
          }
          // A bucket starts anew where it was displaced or moved: each of those takes a proof of somebody.
          const moves = [...proofs.values()].reduce((sum, n) => sum + n, 0)
          return [...spent.values()].every(n => n <= (2 + now / 30_000) * (2 + moves))
        }),
      )
      t.pass('no counter-example')
    },
  )
})
