import { OUTCOMES, REASONS, type RejectReason } from '../reasons.ts'
import type { Counts } from './counts.ts'
import type { ProviderLabel } from './labels.ts'
import { type Sample, type Sampling, spreadSamples } from './sampled.ts'
import { REASON_NAMES, type Spread, type Tally } from './tally.ts'

/** Reasons that fall before the path has chosen a provider, and exist for `none` from the start. */
const UNROUTED: ReadonlySet<RejectReason> = new Set<RejectReason>([
  'malformed_http',
  'header_too_large',
  'expectation',
  'deadline',
  'host',
  'no_route',
  'discovery_pending',
  'rate_address',
])
/** Those of them that never fall after it has. */
const NEVER_ROUTED: ReadonlySet<RejectReason> = new Set<RejectReason>([
  'expectation',
  'host',
  'no_route',
  'discovery_pending',
])

const SECRETS = ['current', 'previous'] as const

/** How requests ended, and why. */
export function countedRequests(counts: Counts): Sampling[] {
  return [
    {
      name: 'hookwarden_requests_total',
      type: 'counter',
      help: 'Requests by how they ended; each is counted exactly once',
      samples: () =>
        perTally(counts, (tally, provider) =>
          OUTCOMES.map(outcome => ({
            labels: { provider, outcome },
            value: tally.outcomes[outcome],
          })),
        ),
    },
    {
      name: 'hookwarden_rejections_total',
      type: 'counter',
      help: 'Reasons found against requests: enforced, or only reported',
      samples: () => {
        const labels = new Map(counts.providers.map(label => [label.name, label]))
        return perTally(counts, (tally, provider) =>
          rejectionSamples(tally, provider, labels.get(provider)),
        )
      },
    },
    {
      name: 'hookwarden_explanations_total',
      type: 'counter',
      help: 'Causes found for refusals, of a sample of them',
      samples: () =>
        [...counts.explanations].map(({ provider, finding, value }) => ({
          labels: { provider, finding },
          value,
        })),
    },
    {
      name: 'hookwarden_verified_total',
      type: 'counter',
      help: 'Proven deliveries by the secret that proved them',
      samples: () =>
        counts.providers.flatMap(({ name }) =>
          SECRETS.map(secret => ({
            labels: { provider: name, secret },
            value: counts.tallies.get(name)?.verified[secret] ?? 0,
          })),
        ),
    },
    {
      name: 'hookwarden_secret_leaks_total',
      type: 'counter',
      help: 'Headers that showed a secret and were not forwarded',
      samples: () =>
        counts.providers.map(({ name }) => ({
          labels: { provider: name },
          value: counts.tallies.get(name)?.leaks ?? 0,
        })),
    },
    {
      name: 'hookwarden_responses_total',
      type: 'counter',
      help: "Answers by status code, the upstream's or Hookwarden's own",
      samples: () =>
        perTally(counts, ({ answers }, provider) =>
          (['hookwarden', 'upstream'] as const).flatMap(from =>
            [...answers[from]].map(([code, value]) => ({
              labels: { provider, code, from },
              value,
            })),
          ),
        ),
    },
  ]
}

/** What can occur exists from the start; what was not foreseen appears when it does. */
function rejectionSamples(
  tally: Tally,
  provider: string,
  label: ProviderLabel | undefined,
): Sample[] {
  return REASON_NAMES.flatMap(reason => {
    const { reportable } = REASONS[reason]
    const reports = label?.mode === 'report' && reportable
    const routed =
      label === undefined
        ? UNROUTED.has(reason)
        : !NEVER_ROUTED.has(reason) || (label.drafts && reason === 'no_route')
    return [
      ...rejectionSample(provider, reason, 'enforce', tally.rejected[reason], routed && !reports),
      ...(reportable
        ? rejectionSample(provider, reason, 'report', tally.reported[reason], reports)
        : []), // report mode lets nothing else pass
    ]
  })
}

function rejectionSample(
  provider: string,
  reason: RejectReason,
  mode: 'enforce' | 'report',
  value: number,
  known: boolean,
): Sample[] {
  return known || value > 0 ? [{ labels: { provider, reason, mode }, value }] : []
}

/** How long requests took, and how large they were. */
export function measuredRequests(counts: Counts): Sampling[] {
  const all = () => [...counts.tallies.keys()]
  const routed = () => counts.providers.map(({ name }) => name)
  const timed = () => counts.providers.filter(one => one.timed).map(({ name }) => name)
  const spread = (
    name: string,
    help: string,
    shown: () => readonly string[],
    of: (t: Tally) => Spread,
  ) =>
    ({
      name,
      help,
      type: 'histogram',
      samples: () =>
        shown().flatMap(provider => {
          const tally = counts.tallies.get(provider)
          return tally === undefined ? [] : [...spreadSamples(name, { provider }, of(tally))]
        }),
    }) as const
  return [
    spread(
      'hookwarden_request_duration_seconds',
      'From the request head to the end of the answer',
      all,
      tally => tally.request,
    ),
    spread(
      'hookwarden_upstream_duration_seconds',
      'From the first byte sent upstream to the last byte received',
      routed,
      tally => tally.upstream,
    ),
    spread('hookwarden_request_body_bytes', 'Body bytes received', all, tally => tally.body),
    spread(
      'hookwarden_timestamp_skew_seconds',
      "Signed time less this machine's own",
      timed,
      tally => tally.skew,
    ),
    spread(
      'hookwarden_paced_seconds',
      'How long proven deliveries waited their turn',
      routed,
      tally => tally.paced,
    ),
  ]
}

function perTally(
  { tallies }: Counts,
  samples: (tally: Tally, provider: string) => readonly Sample[],
): Sample[] {
  return [...tallies].flatMap(([provider, tally]) => samples(tally, provider))
}
