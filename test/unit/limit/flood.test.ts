import t from 'tap'
import { AddressBuckets, addressKey } from '../../../src/limit/address-buckets.ts'
import { limitOf } from '../../../src/limit/store.ts'

const MAX = 100_000
const hashKey = Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 7])
const limit = limitOf('flood', { count: 2, per: 60_000 })

/** The million: every second /64 out of one /48, the others from anywhere. */
function group(i: number): string {
  const low = (i & 0xffff).toString(16)
  const high = (i >> 16).toString(16)
  return i % 2 === 0 ? `2001:db8:1:${low}` : `2a00:${high}:${low}:${low}`
}

t.test(
  'a million IPv6 addresses neither grow the table nor free who was limited before',
  async t => {
    const buckets = new AddressBuckets({ max: MAX, hashKey })
    const limited = addressKey('github', '203.0.113.9')
    for (let i = 0; i < 3; i++) buckets.spend(limit, limited, 0)
    const known = addressKey('github', '192.0.2.1')
    buckets.spend(limit, known, 0)
    buckets.giveBack(limit, known, 0)
    buckets.proven(known, 0)
    for (let i = 0; i < 1_000_000; i++) {
      const key = addressKey('github', group(i))
      buckets.spend(limit, key, 0)
      buckets.spend(limit, key, 0)
      if (buckets.size > MAX) t.fail(`${buckets.size} keys after ${i}`)
    }
    t.equal(buckets.size, MAX)
    t.equal(buckets.spend(limit, limited, 0).granted, false, 'limited before, limited still')
    t.equal(buckets.spend(limit, known, 0).granted, true, 'a proven sender notices nothing')
    const fresh = addressKey('github', '198.51.100.1')
    buckets.spend(limit, fresh, 0) // over or not, a genuine claim is verified all the same
    buckets.proven(fresh, 0)
    t.equal(buckets.spend(limit, fresh, 0).granted, true, 'one never seen has a bucket once proven')
    t.equal(buckets.size, MAX)
  },
)
