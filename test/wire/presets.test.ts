import t from 'tap'
import { exampleEntry } from '../../src/commands/provider-pages.ts'
import { PRESETS, type Preset } from '../../src/presets/presets.ts'
import type { Sender } from '../signers/sender.ts'
import { SENDERS } from '../signers/senders.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { valuesOf } from '../support/message.ts'
import { exchange, post } from '../support/sender.ts'
import { PUBLIC_URL, type Request, request } from '../unit/presets/support.ts'
import { stage } from './stage.ts'

const NAMES = Object.keys(PRESETS).sort()
const NOW = new ManualClock().wall()

/** The entry that a page shows, with the values that its sender was given and a flow of its own. */
function entry(name: string, index: number): string {
  const { values = {} } = SENDERS[name] as Sender
  const flow = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`
  return exampleEntry(name, PRESETS[name] as Preset)
    .replace(/^ {2}(\w+): .*$/gm, (line, key: string) => {
      if (key === 'secret') return `  secret: env:SECRET_${index}`
      const value = values[key]
      return value === undefined ? line : `  ${key}: ${JSON.stringify(value)}`
    })
    .replace(/^ {2}flows: .*$/m, `  path: /in/${name}\n  to: flow:${flow}`)
    .replace(/flow:[0-9a-f-]+/, `flow:${flow}`)
    .replace(/^(?=.)/gm, '  ')
}

const MAP = `
limits: { verified: 100000/1s }
providers:
${NAMES.map(entry).join('')}`
const ENV = Object.fromEntries(
  NAMES.map((name, i) => [`SECRET_${i}`, SENDERS[name]?.secret ?? '']).filter(([, one]) => one),
)

/** What the sender says its body is: the type that its preset names first, else what the body looks like. */
function typed(name: string, { headers, body }: Request): readonly (readonly [string, string])[] {
  if (headers.some(([header]) => header === 'Content-Type')) return headers
  const text = body.toString()
  const usual = /^[\w.]+=/.test(text) ? 'application/x-www-form-urlencoded' : 'text/plain'
  const looks = text.startsWith('{') ? 'application/json' : usual
  return [['Content-Type', PRESETS[name]?.contentTypes?.[0] ?? looks], ...headers]
}

t.test('one map holds every preset, takes what its sender signs, and nothing else', async t => {
  const { port, recorder } = await stage(t, { map: MAP, env: ENV })
  for (const name of NAMES) {
    const sender = SENDERS[name] as Sender
    const send = async (change: Parameters<typeof request>[2]) => {
      const made = request(sender, '{"a":1}', {
        now: NOW,
        url: `${PUBLIC_URL}/in/${name}`,
        ...change,
      })
      const { target, body } = made
      const answer = await exchange(port, post({ target, headers: typed(name, made), body }))
      return { status: answer?.status, body }
    }
    const before = recorder.requests.length
    const flip = (signature: Buffer) =>
      Buffer.from(signature.map((byte, i) => (i ? byte : byte ^ 1)))
    t.equal((await send({ seal: flip })).status, 401, `${name}: a forged one`)
    t.equal(recorder.requests.length, before, `${name}: it goes nowhere`)
    const { status, body } = await send({})
    t.equal(status, 204, `${name}: a genuine one`)
    const came = recorder.requests[before]
    t.ok(came?.body.equals(body), `${name}: byte for byte`)
    const verified = came === undefined ? [] : valuesOf(came, 'x-hookwarden-verified')
    t.same(verified, [`provider=${name}; secret=current`])
  }
})
