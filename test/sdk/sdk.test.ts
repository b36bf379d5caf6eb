import assert from 'node:assert/strict'
import t, { type Test } from 'tap'
import { demandsOf } from '../../src/config/demands.ts'
import { PRESETS } from '../../src/presets/presets.ts'
import { SENDERS } from '../signers/senders.ts'
import { exchange, post } from '../support/sender.ts'
import { FLOW, stage } from '../wire/stage.ts'
import { SIGNING, type Signing } from './signing.ts'
import { VERIFYING } from './verifying.ts'

const URL_CALLED = 'https://hooks.example.com/in/x'
const JSON_BODY = '{"id":"evt_1","to":"Žofie","state":"paid"}'
const FORM_BODY = 'From=%2B4915112345&To=%C5%BDofie&Body=paid'
/** One byte of a value, the last where there is none of ours: it stays well-formed, so that only the signature can tell. */
const changed = (body: string) =>
  body.includes('paid') ? body.replace('paid', 'paie') : body.replace(/.(?=%3D|%0A|$)/, otherThan)
const otherThan = (one: string) => (one === 'A' ? 'B' : 'A')

type Headers = readonly (readonly [string, string])[]

/** The entry of an operator who follows the preset's page. */
function mapOf(preset: string, values: Readonly<Record<string, string>> = {}): string {
  const scheme = PRESETS[preset]?.scheme
  assert(scheme, `there is a preset ${preset}`)
  const { proof, url } = demandsOf(scheme)
  const secret = proof === 'secret' ? { secret: 'env:SECRET' } : {}
  const entry = { ...secret, ...values, path: '/in/x', to: `flow:${FLOW}` }
  const top = url ? `public_url: ${new URL(URL_CALLED).origin}\n` : ''
  return `${top}providers:\n  ${preset}: ${JSON.stringify(entry)}\n`
}

/** A Hookwarden with one entry, whose clock says what the machine's does: several SDKs read that one. */
async function proxy(t: Test, of: Pick<Signing, 'preset' | 'secret' | 'values'>) {
  const on = await stage(t, { map: mapOf(of.preset, of.values), env: { SECRET: of.secret } })
  on.clock.setWall(Date.now())
  return {
    now: on.clock.wall(),
    received: () => on.recorder.requests.map(({ body }) => body.toString()),
    async send(url: string, headers: Headers, body: string): Promise<number | undefined> {
      const type = body.startsWith('{') ? 'json' : 'x-www-form-urlencoded'
      const target = url.slice(new URL(url).origin.length)
      const sent: Headers = [['Content-Type', `application/${type}`], ...headers]
      return (await exchange(on.port, post({ target, headers: sent, body })))?.status
    },
  }
}

for (const one of SIGNING) {
  t.test(`${one.preset}: what ${one.sdk} signs is taken, and not with a byte changed`, async t => {
    const { now, received, send } = await proxy(t, one)
    const given = one.form ? FORM_BODY : JSON_BODY
    const made = await one.sign({ body: given, secret: one.secret, url: URL_CALLED, now })
    const { headers, url = URL_CALLED, body = given } = made
    t.equal(await send(url, headers, changed(body)), 401, 'one byte changed')
    t.same(received(), [], 'it goes nowhere')
    t.equal(await send(url, headers, body), 204, 'as signed')
    t.same(received(), [body], 'it arrives as it was signed')
  })
}

for (const { sdk, preset, accepts } of VERIFYING) {
  t.test(
    `${preset}: ${sdk}, which signs nothing, accepts and refuses what is accepted and refused here`,
    async t => {
      const sender = SENDERS[preset]
      assert(sender, `there is a signer of ${preset}`)
      const { secret, values = {} } = sender
      const { now, received, send } = await proxy(t, { preset, secret, values })
      const { headers } = sender.sign({
        ...{ body: Buffer.from(JSON_BODY), secret, now, method: 'POST', url: URL_CALLED, values },
        seal: signature => signature,
      })
      const lower = Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]))
      const judged = async (body: string): Promise<unknown> => {
        const publicKey = values.public_key ?? ''
        const delivery = { body, secret, publicKey, url: URL_CALLED, now, headers: lower }
        return accepts(delivery).catch(() => false)
      }
      t.equal(await judged(changed(JSON_BODY)), false, 'one byte changed, to the SDK')
      t.equal(await send(URL_CALLED, headers, changed(JSON_BODY)), 401, 'and to the proxy')
      t.same(received(), [], 'it goes nowhere')
      t.equal(await judged(JSON_BODY), true, 'as signed, to the SDK')
      t.equal(await send(URL_CALLED, headers, JSON_BODY), 204, 'and to the proxy')
      t.same(received(), [JSON_BODY], 'it arrives as it was signed')
    },
  )
}
