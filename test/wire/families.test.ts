import assert from 'node:assert/strict'
import t from 'tap'
import { demandsOf } from '../../src/config/demands.ts'
import { type Delivery, FAMILIES, type Family } from '../signers/families.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { exchange, post } from '../support/sender.ts'
import { COLLECTION, ENTRY, pairOf, SECRET, sample, written } from '../unit/verify/collection.ts'
import { FLOW, stage } from './stage.ts'

/** The entry that a family's sender needs, as an operator would write it. */
function mapOf({ scheme: name }: Family): string {
  const scheme = COLLECTION[name]
  assert(scheme)
  const { proof, named, url } = demandsOf(scheme)
  const values = named.map(key => [key, ENTRY.values?.[key]])
  const key =
    proof === 'secret'
      ? ['secret', 'env:SECRET']
      : ['public_key', String(written(sample(name).scheme))]
  const entry = {
    ...Object.fromEntries([key, ...values]),
    scheme,
    path: '/in/x',
    to: `flow:${FLOW}`,
  }
  const top = url ? `public_url: ${ENTRY.publicUrl}\n` : ''
  return `${top}providers:\n  ${name}: ${JSON.stringify(entry)}\n`
}

/** What the sender says its body is. */
function typed({ headers, body }: Delivery): readonly (readonly [string, string])[] {
  if (headers.some(([name]) => name === 'Content-Type')) return headers
  const form = /^[\w.]+=/.test(body) ? 'application/x-www-form-urlencoded' : 'text/plain'
  return [['Content-Type', body.startsWith('{') ? 'application/json' : form], ...headers]
}

for (const family of FAMILIES) {
  t.test(`${family.scheme}: a genuine delivery passes, a forged one never does`, async t => {
    const on = await stage(t, { map: mapOf(family), env: { SECRET } })
    const time = String(Math.floor(new ManualClock().wall() / 1000))
    const body = '{"a":1}'
    const of = family.scheme === 'twilio-json' ? { of: body } : {}
    const texts = Object.fromEntries(
      family.texts.map(name => [name, name === 'body' ? body : name]),
    )
    const signed = { ...texts, ...of, time }
    const proof = family.prove(signed, SECRET, pairOf(sample(family.scheme).scheme).privateKey)
    const send = async (proof: string) => {
      const delivery = family.compose(signed, proof)
      const { target = '/in/x' } = delivery
      const answer = await exchange(
        on.port,
        post({ target, headers: typed(delivery), body: delivery.body }),
      )
      return answer?.status
    }
    const middle = proof.length >> 1
    const other = proof.charAt(middle) === '0' ? '1' : '0'
    t.equal(await send(proof.slice(0, middle) + other + proof.slice(middle + 1)), 401)
    t.equal(on.recorder.requests.length, 0)
    t.equal(await send(proof), 204)
    t.equal(on.recorder.requests.length, 1)
    const { signsBody } = sample(family.scheme).scheme
    t.equal(await send(proof), signsBody ? 200 : 204, 'once, where the body is signed')
    t.equal(on.recorder.requests.length, signsBody ? 1 : 2)
  })
}
