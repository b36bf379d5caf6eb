import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { ManualClock } from '../support/manual-clock.ts'
import { connect, exchange } from '../support/sender.ts'
import { ENV, GITHUB, genuine, PROVIDERS, STRIPE, type Stage, stage, wordOf } from './stage.ts'

const BODY = '{"a":1}'
const SECRETS = Object.values(ENV)

/** The causes that were counted so far, by provider, and the lines that tell them. */
async function explained({ hookwarden, clock }: Stage) {
  for (let i = 0; i < 100; i++) await nextTurn()
  clock.advance(100) // log lines wait for company
  const counts: Record<string, number> = {}
  for (const [series, value] of await hookwarden.metrics()) {
    const { provider, finding } =
      /^hookwarden_explanations_total\{provider="(?<provider>.*)",finding="(?<finding>.*)"\}/.exec(
        series,
      )?.groups ?? {}
    if (provider !== undefined && value > 0) counts[`${provider} ${finding}`] = value
  }
  const lines = hookwarden.lines.filter(({ msg }) => msg === 'explained')
  return { counts, lines, all: JSON.stringify(hookwarden.lines) }
}

t.test('a refusal is explained to the operator, and the sender learns nothing of it', async t => {
  const set = await stage(t, { env: { ...ENV, GITHUB: `${ENV.GITHUB}\n` } })
  const answer = await exchange(set.port, genuine('github', GITHUB, BODY))
  t.equal(answer?.status, 401)
  t.equal(wordOf(answer), 'signature')
  t.notMatch(answer?.text(), /newline|secret/)
  const { counts, lines, all } = await explained(set)
  t.same(counts, { 'github secret_newline': 1 })
  t.match(lines, [
    {
      level: 'info',
      provider: 'github',
      reason: 'signature_mismatch',
      finding: 'secret_newline',
      detail: 'env:GITHUB has a line end that the sender does not use',
      page: 'docs/findings/secret_newline.md',
    },
  ])
  t.equal(lines[0]?.request_id, JSON.parse(answer?.text() ?? '').request_id)
  for (const secret of SECRETS) t.notMatch(all, secret)
  t.notMatch(all, /[0-9a-f]{40}/, 'no signature')
})

t.test('what is refused by its head alone is explained from the body that comes after', async t => {
  const set = await stage(t)
  const wall = new ManualClock().wall() - 3_600_000
  const answer = await exchange(set.port, genuine('stripe', STRIPE, BODY, { wall }))
  t.equal(answer?.status, 401)
  const { counts, lines } = await explained(set)
  t.same(counts, { 'stripe clock_off': 1 })
  t.match(lines[0]?.detail, 'signed 1h before it was received; 300s are allowed')
})

t.test('the connection is kept, and its next delivery goes through', async t => {
  const set = await stage(t)
  const connection = await connect(set.port)
  const wall = new ManualClock().wall() - 3_600_000
  await connection.send(genuine('stripe', STRIPE, BODY, { wall }))
  t.equal((await connection.readAnswer()).status, 401)
  await connection.send(genuine('stripe', STRIPE, BODY))
  t.equal((await connection.readAnswer()).status, 204)
  connection.destroy()
  t.same((await explained(set)).counts, { 'stripe clock_off': 1 })
})

t.test('what report mode lets through is explained as well, once', async t => {
  const map = PROVIDERS.replace(/github: \{/, 'github: { mode: report,').replace(
    /stripe: \{/,
    'stripe: { mode: report,',
  )
  const set = await stage(t, { map, env: { ...ENV, GITHUB: `"${ENV.GITHUB}"` } })
  t.equal((await exchange(set.port, genuine('github', GITHUB, BODY)))?.status, 204)
  const wall = new ManualClock().wall() - 3_600_000
  t.equal((await exchange(set.port, genuine('stripe', STRIPE, BODY, { wall })))?.status, 204)
  t.same((await explained(set)).counts, { 'github secret_quotes': 1, 'stripe clock_off': 1 })
})

t.test('a flood of forgeries is explained ever more seldom, and what is genuine never', async t => {
  const set = await stage(t)
  for (let i = 0; i < 20; i++) {
    t.equal(
      (await exchange(set.port, genuine('github', GITHUB, BODY, { sent: '{"a":2}' })))?.status,
      401,
    )
    t.equal((await exchange(set.port, genuine('stripe', STRIPE, `{"a":${i}}`)))?.status, 204)
  }
  t.same((await explained(set)).counts, { 'github unexplained': 1 })
  set.clock.advance(1800)
  await exchange(set.port, genuine('github', GITHUB, BODY, { sent: '{"a":2}' }))
  t.same((await explained(set)).counts, { 'github unexplained': 1 })
  set.clock.advance(200)
  await exchange(set.port, genuine('github', GITHUB, BODY, { sent: '{"a":2}' }))
  t.same((await explained(set)).counts, { 'github unexplained': 2 })
})

t.test('a body over 64 KiB is not explained', async t => {
  const set = await stage(t, { env: { ...ENV, GITHUB: `${ENV.GITHUB}\n` } })
  const large = JSON.stringify('x'.repeat(70_000))
  t.equal((await exchange(set.port, genuine('github', GITHUB, large)))?.status, 401)
  t.same((await explained(set)).counts, {})
})
