import t from 'tap'
import { metricsOf } from '../../src/commands/admin-asked.ts'
import { judge, type ProviderState, stateOf, tell } from '../../src/commands/readiness.ts'
import type { Terminal } from '../../src/commands/terminal.ts'
import { SECRETS } from '../signers/signers.ts'
import { exchange } from '../support/sender.ts'
import { FLOW, GITHUB, genuine, type Stage, stage } from './stage.ts'

const MAP = `providers: { github: { secret: env:GITHUB, flows: [${FLOW}], mode: report } }`
const sources = { env: {}, readFile: () => new Uint8Array(), dev: false }

/** What `readiness github` says of a running instance. */
async function asked(on: Stage, least = 3) {
  const said: string[] = []
  const terminal: Terminal = {
    out: text => said.push(text),
    err: () => {},
    paint: (_, text) => text,
  }
  const admin = `http://127.0.0.1:${on.hookwarden.service.adminPort}`
  const state = stateOf('github', await metricsOf(admin, undefined, sources))
  const code = tell(judge(state, least), false, on.clock.wall(), terminal)
  return { code, text: said.join('\n') }
}

async function deliver(on: Stage, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const body = `{"n":${on.recorder.requests.length}}`
    const answer = await exchange(on.port, genuine('github', GITHUB, body))
    if (answer?.status !== 204) throw new Error(`answered ${answer?.status}`)
  }
}

t.test(
  'a wrong secret blocks and is explained; the right one is safe after a clean streak',
  async t => {
    const env = { GITHUB: 'another secret than the sender has' }
    const on = await stage(t, { map: MAP, env })
    const none = await asked(on)
    t.equal(none.code, 1)
    t.match(none.text, 'not yet: no delivery was proven')
    await deliver(on, 4)
    await on.until(async () => /unexplained/.test((await asked(on)).text))
    const wrong = await asked(on)
    t.equal(wrong.code, 1)
    t.match(wrong.text, /not proven +4: signature_mismatch 4/)
    t.match(wrong.text, /fix: .*docs\/findings\/unexplained\.md/)
    env.GITHUB = SECRETS.github ?? ''
    on.hookwarden.swap(MAP)
    await deliver(on, 2)
    t.match((await asked(on)).text, 'not yet: 2 proven deliveries, fewer than 3')
    on.clock.advance(6 * 24 * 3600e3)
    await deliver(on, 3)
    const safe = await asked(on)
    t.equal(safe.code, 0, safe.text)
    t.match(safe.text, /^5 deliveries in 6 days, 5 verified, 4 not proven.*: safe to enforce$/m)
  },
)

t.test('a mistake of the sender itself breaks the streak', async t => {
  const secret = SECRETS.github ?? ''
  const env = { GITHUB: secret }
  const on = await stage(t, { map: MAP, env })
  await deliver(on, 3)
  const clean = await asked(on)
  t.equal(clean.code, 0)
  t.match(clean.text, /3 verified, 0 would be refused: safe to enforce/)
  env.GITHUB = `${secret}\n`
  on.hookwarden.swap(MAP)
  await deliver(on, 1)
  await on.until(async () => /secret_newline/.test((await asked(on)).text))
  const broken = await asked(on)
  t.equal(broken.code, 1)
  t.match(broken.text, 'not yet: no delivery was proven since the last that its sender got wrong')
})

const FINE: ProviderState = {
  provider: 'github',
  mode: 'report',
  ready: true,
  signed: true,
  streak: 20,
  since: 1,
  proven: 20,
  refusals: {},
  findings: {},
}

t.test('what blocks is said, whatever else is fine', async t => {
  const cases: readonly (readonly [Partial<ProviderState>, RegExp | undefined])[] = [
    [{}, undefined],
    [{ mode: 'enforce' }, undefined],
    [{ refusals: { signature_mismatch: 20 }, findings: { unexplained: 3 } }, undefined],
    [{ refusals: { signature_mismatch: 21 } }, /more would be refused than was proven/],
    [{ mode: 'off' }, /switched off/],
    [{ signed: false }, /nothing proves its sender/],
    [{ ready: false }, /its secret cannot be used/],
    [{ streak: 9 }, /9 proven deliveries, fewer than 10/],
  ]
  for (const [change, blocks] of cases) {
    const { safe, blocks: said } = judge({ ...FINE, ...change }, 10)
    t.equal(safe, blocks === undefined, JSON.stringify(change))
    if (blocks !== undefined) t.match(said.join(), blocks)
  }
})

t.test('an unknown provider, and a listener that is another, are faults', async t => {
  const on = await stage(t, { map: MAP, env: { GITHUB: SECRETS.github ?? '' } })
  const admin = `http://127.0.0.1:${on.hookwarden.service.adminPort}`
  const read = await metricsOf(admin, undefined, sources)
  t.throws(() => stateOf('githup', read), { message: /did you mean 'github'\?/ })
  t.throws(() => stateOf('github', []), { message: /no metrics of Hookwarden/ })
  await t.rejects(metricsOf(on.recorder.url, undefined, sources), { message: /answered 204/ })
  await t.rejects(metricsOf('nowhere', undefined, sources), { message: /is no URL/ })
  await t.rejects(metricsOf('http://127.0.0.1:1', undefined, sources), {
    message: /127\.0\.0\.1:1/,
  })
})
