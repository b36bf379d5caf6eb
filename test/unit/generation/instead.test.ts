import t from 'tap'
import { insteadOf } from '../../../src/generation/instead.ts'
import { PRESETS } from '../../../src/presets/presets.ts'
import { REASONS, type RejectReason } from '../../../src/reasons.ts'

const NAMES = Object.keys(REASONS) as RejectReason[]
/** What the sender of a preset is answered. */
const answered = (preset: string, reason: RejectReason) =>
  insteadOf(PRESETS[preset]?.failure).get(reason) ?? REASONS[reason].status

t.test('trouble of our own is answered so that the sender repeats', async t => {
  for (const [name, { failure }] of Object.entries(PRESETS)) {
    const repeats = failure?.repeats
    for (const reason of NAMES) {
      const status = answered(name, reason)
      const ours = reason === 'rate_provider' || REASONS[reason].status >= 500
      if (!ours || repeats === undefined)
        t.equal(status, REASONS[reason].status, `${name} ${reason}`)
      else
        t.ok(
          repeats === '5xx' ? status >= 500 : repeats.includes(status),
          `${name} ${reason} ${status}`,
        )
    }
  }
  t.equal(answered('typeform', 'upstream_error'), 503, 'a 502 it would not repeat')
  t.equal(answered('typeform', 'rate_provider'), 429)
  t.equal(answered('okta', 'rate_provider'), 503)
  t.equal(answered('okta', 'upstream_error'), 502)
  t.equal(answered('okta', 'signature_mismatch'), 401, 'what is not our trouble stays as it is')
})

t.test('presets know how a sender gives up', async t => {
  for (const [name, row] of [
    ['gitlab', 4],
    ['gitlab-signing-token', 4],
    ['pagerduty', 3],
    ['shopify', 8],
    ['github', undefined],
  ] as const)
    t.equal(PRESETS[name]?.failure?.row, row, name)
})
