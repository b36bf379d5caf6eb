import { OUTCOMES, REASONS, type RejectReason } from '../reasons.ts'
import type { Counts } from './counts.ts'
import { type Gauges, LIMITER_SCOPES, type LimiterScope, type ProviderLabel } from './labels.ts'
import { type Sample, type Sampling, spreadSamples } from './sampled.ts'
import { gauge, seconds, UNLABELLED, wordSamples } from './samples.ts'
import { REASON_NAMES, type Spread, type Tally } from './tally.ts'

/** What the metrics say beside the counts. */
export interface CatalogueOptions {
  readonly providers: readonly ProviderLabel[]
  readonly version: string
  /** Version of Node, as `process.version` has it. */
  readonly node: string
  readonly gauges: Gauges
}

/** Reasons that fall before the path has chosen a provider, and exist for `none` from the start. */
const UNROUTED: ReadonlySet<RejectReason> = new Set<RejectReason>([
  'malformed_http',
  'header_too_large',
  'expectation',
  'deadline',
  'host',
  'no_route',
  'rate_address',
])
/** Those of them that never fall after it has. */
const NEVER_ROUTED: ReadonlySet<RejectReason> = new Set<RejectReason>([
  'expectation',
  'host',
  'no_route',
])

const SECRETS = ['current', 'previous'] as const

/** Every metric of Hookwarden's own. `docs/metrics.md` says the same to people; a test compares them. */
export function catalogue(counts: Counts, options: CatalogueOptions): readonly Sampling[] {
  return [
    ...requests(counts, options.providers),
    ...spreads(counts, options.providers),
    ...upstream(counts, options.gauges),
    ...load(options.gauges),
    ...edge(counts, options.gauges),
    ...providerStates(counts, options),
  ]
}

function requests(
  { tallies, explanations }: Counts,
  providers: readonly ProviderLabel[],
): Sampling[] {
  return [
    {
      name: 'hookwarden_requests_total',
      type: 'counter',
      help: 'Requests by how they ended; each is counted exactly once',
      samples: () =>
        perTally(tallies, (tally, provider) =>
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
        const modes = new Map(providers.map(({ name, mode }) => [name, mode]))
        return perTally(tallies, (tally, provider) =>
          rejectionSamples(tally, provider, modes.get(provider)),
        )
      },
    },
    {
      name: 'hookwarden_explanations_total',
      type: 'counter',
      help: 'Causes found for refusals, of a sample of them',
      samples: () =>
        [...explanations].map(({ provider, finding, value }) => ({
          labels: { provider, finding },
          value,
        })),
    },
    {
      name: 'hookwarden_verified_total',
      type: 'counter',
      help: 'Proven deliveries by the secret that proved them',
      samples: () =>
        providers.flatMap(({ name }) =>
          SECRETS.map(secret => ({
            labels: { provider: name, secret },
            value: tallies.get(name)?.verified[secret] ?? 0,
          })),
        ),
    },
    {
      name: 'hookwarden_secret_leaks_total',
      type: 'counter',
      help: 'Headers that showed a secret and were not forwarded',
      samples: () =>
        providers.map(({ name }) => ({
          labels: { provider: name },
          value: tallies.get(name)?.leaks ?? 0,
        })),
    },
    {
      name: 'hookwarden_responses_total',
      type: 'counter',
      help: "Answers by status code, the upstream's or Hookwarden's own",
      samples: () =>
        perTally(tallies, ({ answers }, provider) =>
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
  mode: ProviderLabel['mode'] | undefined,
): Sample[] {
  return REASON_NAMES.flatMap(reason => {
    const { reportable } = REASONS[reason]
    const reports = mode === 'report' && reportable
    const routed = mode === undefined ? UNROUTED.has(reason) : !NEVER_ROUTED.has(reason)
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

function spreads({ tallies }: Counts, providers: readonly ProviderLabel[]): Sampling[] {
  const routed = new Set(providers.map(provider => provider.name))
  const timed = new Set(providers.filter(provider => provider.timed).map(({ name }) => name))
  const all = new Set(tallies.keys())
  const spread = (
    name: string,
    help: string,
    shown: ReadonlySet<string>,
    of: (t: Tally) => Spread,
  ) =>
    ({
      name,
      help,
      type: 'histogram',
      samples: () =>
        perTally(tallies, (tally, provider) =>
          shown.has(provider) ? [...spreadSamples(name, { provider }, of(tally))] : [],
        ),
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

function upstream(counts: Counts, gauges: Gauges): Sampling[] {
  const overhead = 'hookwarden_overhead_seconds'
  return [
    {
      name: overhead,
      type: 'histogram',
      help: "Duration of forwarded requests less the sender's, the upstream's and the waiting",
      samples: () => spreadSamples(overhead, UNLABELLED, counts.overhead),
    },
    {
      name: 'hookwarden_upstream_requests_total',
      type: 'counter',
      help: 'Forwarded requests by how the upstream took them',
      samples: () => wordSamples('result', counts.upstreamRequests),
    },
    gauge('hookwarden_upstream_up', '0 while no connection to the upstream comes about', () =>
      Number(gauges.circuit() < 2),
    ),
    gauge(
      'hookwarden_circuit_state',
      '0 closed, 1 closed while a late answer is looked into, 2 open',
      () => gauges.circuit(),
    ),
  ]
}

function load(gauges: Gauges): Sampling[] {
  return [
    gauge('hookwarden_in_flight_requests', 'Requests being handled', () => gauges.inFlight()),
    gauge('hookwarden_buffered_bytes', 'Body bytes held in memory', () => gauges.buffered()),
    gauge('hookwarden_connections', 'Open connections of senders', () => gauges.connections()),
    gauge('hookwarden_overloaded', '1 while overload refuses the least deserving first', () =>
      Number(gauges.overloaded()),
    ),
    gauge(
      'hookwarden_clock_suspect',
      '1 while all that senders sign is off by about the same',
      () => Number(gauges.clockSuspect()),
    ),
    {
      name: 'hookwarden_rate_limiter_keys',
      type: 'gauge',
      help: 'Keys the rate limiters remember',
      samples: () => scoped(scope => gauges.limiterKeys(scope)),
    },
    {
      name: 'hookwarden_rate_limiter_evicted_total',
      type: 'counter',
      help: 'Keys the rate limiters forgot for want of room',
      samples: () => scoped(scope => gauges.limiterEvicted(scope)),
    },
    gauge('hookwarden_replay_entries', 'Deliveries that replay memory holds', () =>
      gauges.replayEntries(),
    ),
    {
      name: 'hookwarden_replay_evicted_total',
      type: 'counter',
      help: 'Deliveries that replay memory forgot for want of room',
      samples: () => [{ labels: UNLABELLED, value: gauges.replayEvicted() }],
    },
    gauge('hookwarden_store_up', '0 while the shared store is away', () =>
      Number(gauges.storeUp()),
    ),
    {
      name: 'hookwarden_store_errors_total',
      type: 'counter',
      help: 'Questions that the shared store did not answer, and connections it lost',
      samples: () => [{ labels: UNLABELLED, value: gauges.storeErrors() }],
    },
  ]
}

function edge(counts: Counts, gauges: Gauges): Sampling[] {
  return [
    {
      name: 'hookwarden_connections_rejected_total',
      type: 'counter',
      help: 'Connections closed at once, by cause',
      samples: () => wordSamples('reason', counts.connectionsRejected),
    },
    {
      name: 'hookwarden_tls_handshake_errors_total',
      type: 'counter',
      help: 'TLS handshakes that failed, by cause',
      samples: () => wordSamples('reason', counts.handshakesFailed),
    },
    {
      name: 'hookwarden_tls_certificate_not_after_timestamp_seconds',
      type: 'gauge',
      help: 'When each certificate in use ends',
      samples: () =>
        gauges
          .certificates()
          .map(({ name, notAfter }) => ({ labels: { name }, value: seconds(notAfter) })),
    },
    gauge(
      'hookwarden_client_address_hidden',
      '1 while every connection comes from one private address',
      () => Number(gauges.addressHidden()),
    ),
    {
      name: 'hookwarden_tls_reloads_total',
      type: 'counter',
      help: 'Certificate files that changed, by what came of it',
      samples: () => wordSamples('result', counts.certificateRenewals),
    },
    gauge(
      'hookwarden_tls_last_reload_successful',
      '0 while changed certificate files cannot be used and the ones before are served',
      () => Number(counts.lastRenewalUsed),
    ),
    {
      name: 'hookwarden_log_lines_dropped_total',
      type: 'counter',
      help: 'Log lines that could not be written',
      samples: () => [{ labels: UNLABELLED, value: gauges.logLinesDropped() }],
    },
  ]
}

function providerStates({ tallies }: Counts, options: CatalogueOptions): Sampling[] {
  const { providers, gauges, version, node } = options
  const each = (value: (provider: ProviderLabel) => number | undefined) => () =>
    providers.flatMap(provider => {
      const now = value(provider)
      return now === undefined ? [] : [{ labels: { provider: provider.name }, value: now }]
    })
  return [
    {
      name: 'hookwarden_provider_ready',
      type: 'gauge',
      help: '0 for a provider without a usable secret, whose deliveries are answered 503',
      samples: each(({ name }) => Number(gauges.ready(name))),
    },
    {
      name: 'hookwarden_provider_info',
      type: 'gauge',
      help: 'How each provider is configured; always 1',
      samples: () =>
        providers.map(({ name, preset = 'none', mode, signed }) => ({
          labels: { provider: name, preset, mode, signed },
          value: 1,
        })),
    },
    {
      name: 'hookwarden_last_accepted_timestamp_seconds',
      type: 'gauge',
      help: 'When a delivery was last accepted; 0 for never',
      samples: each(({ name }) => seconds(tallies.get(name)?.lastAccepted ?? 0)),
    },
    {
      name: 'hookwarden_last_rejected_timestamp_seconds',
      type: 'gauge',
      help: 'When a request was last rejected; 0 for never',
      samples: each(({ name }) => seconds(tallies.get(name)?.lastRejected ?? 0)),
    },
    {
      name: 'hookwarden_secret_expiry_timestamp_seconds',
      type: 'gauge',
      help: 'When the first of the secrets with an end date ends',
      samples: each(({ secretExpiry }) => secretExpiry && seconds(secretExpiry)),
    },
    {
      name: 'hookwarden_key_changed',
      type: 'gauge',
      help: '1 for a key of Automatisch that is another than the one that was pinned',
      samples: () =>
        gauges
          .pinnedKeys()
          .map(({ key, state }) => ({ labels: { key }, value: Number(state === 'changed') })),
    },
    {
      name: 'hookwarden_build_info',
      type: 'gauge',
      help: 'Versions; always 1',
      samples: () => [{ labels: { version, node }, value: 1 }],
    },
  ]
}

function perTally(
  tallies: ReadonlyMap<string, Tally>,
  samples: (tally: Tally, provider: string) => readonly Sample[],
): Sample[] {
  return [...tallies].flatMap(([provider, tally]) => samples(tally, provider))
}

function scoped(value: (scope: LimiterScope) => number): Sample[] {
  return LIMITER_SCOPES.map(scope => ({ labels: { scope }, value: value(scope) }))
}
