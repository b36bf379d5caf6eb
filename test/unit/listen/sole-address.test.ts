import t from 'tap'
import { SoleAddress } from '../../../src/listen/sole-address.ts'

/** A witness that saw `count` connections of each address, one address after the other. */
function seen(addresses: readonly string[], count: number) {
  const told: string[] = []
  const witness = new SoleAddress(address => void told.push(address))
  for (const address of addresses) for (let i = 0; i < count; i++) witness.see(address)
  return { told, witness }
}

t.test('one private address for all is noticed after some connections, and told once', async t => {
  for (const address of ['10.0.2.2', '172.17.0.1', '127.0.0.1', '::1', 'fd00::7', '100.64.0.1']) {
    t.notOk(seen([address], 19).witness.hidden, 'a first sender may well be on a private network')
    const { told, witness } = seen([address], 100)
    t.ok(witness.hidden, address)
    t.same(told, [address])
    t.ok(witness.see(address))
  }
})

t.test('a second address ends it for good', async t => {
  const { told, witness } = seen(['10.0.2.2'], 30)
  t.notOk(witness.see('203.0.113.7'))
  t.notOk(witness.hidden)
  t.notOk(witness.see('10.0.2.2'))
  t.same(told.length, 1)
})

t.test('one public address hides nobody', async t => {
  for (const address of ['203.0.113.7', '2001:db8::7', '172.32.0.1'])
    t.same(seen([address], 100).told, [], address)
})
