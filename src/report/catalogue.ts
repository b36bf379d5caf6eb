import { discovery } from './catalogue-discovery.ts'
import { countedRequests, measuredRequests } from './catalogue-requests.ts'
import type { Counts } from './counts.ts'
import { type Gauges, LIMITER_SCOPES, type LimiterScope, type ProviderLabel } from './labels.ts'
import { type Sample, type Sampling, spreadSamples } from './sampled.ts'
import { gauge, seconds, UNLABELLED, wordSamples } from './samples.ts'

/** What the metrics say beside the counts. */
export interface CatalogueOptions {
  readonly version: string
  /** Version of Node, as `process.version` has it. */
  readonly node: string
  readonly gauges: Gauges
}

/** Every metric of Hookwarden's own. `docs/metrics.md` says the same to people; a test compares them. */
export function catalogue(counts: Counts, options: CatalogueOptions): readonly Sampling[] {
  return [
    ...countedRequests(counts),
    ...measuredRequests(counts),
    ...upstream(counts, options.gauges),
    ...load(options.gauges),
    ...edge(counts, options.gauges),
    ...discovery(options.gauges),
    ...providerStates(counts, options),
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
    gauge('hookwarden_buffered_limit_bytes', 'Body bytes that may be held at once', () =>
      gauges.bufferedLimit(),
    ),
    gauge('hookwarden_connections', 'Open connections of senders', () => gauges.connections()),
    gauge('hookwarden_connections_limit', 'Connections of senders that may be open at once', () =>
      gauges.connectionsLimit(),
    ),
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
      name: 'hookwarden_console_refusals_total',
      type: 'counter',
      help: 'Connections and requests that the console refused, by cause',
      samples: () => wordSamples('reason', counts.consoleRefusals),
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
      name: 'hookwarden_config_reloads_total',
      type: 'counter',
      help: 'Times the map was read again, by what came of it',
      samples: () => wordSamples('result', counts.reloads),
    },
    gauge(
      'hookwarden_config_last_reload_successful',
      '0 while the map has issues and the one before is served',
      () => Number(counts.lastReloadServed),
    ),
    {
      name: 'hookwarden_log_lines_dropped_total',
      type: 'counter',
      help: 'Log lines that could not be written',
      samples: () => [{ labels: UNLABELLED, value: gauges.logLinesDropped() }],
    },
  ]
}

function providerStates(counts: Counts, options: CatalogueOptions): Sampling[] {
  const { gauges, version, node } = options
  const each = (value: (provider: ProviderLabel) => number | undefined) => () =>
    counts.providers.flatMap(provider => {
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
        counts.providers.map(({ name, preset = 'none', mode, signed }) => ({
          labels: { provider: name, preset, mode, signed },
          value: 1,
        })),
    },
    {
      name: 'hookwarden_request_body_limit_bytes',
      type: 'gauge',
      help: 'How long a body may be',
      samples: each(({ maxBody }) => maxBody),
    },
    {
      name: 'hookwarden_provider_consecutive_failures',
      type: 'gauge',
      help: 'Answers in a row that the sender takes for failures',
      samples: each(({ name }) => counts.tallies.get(name)?.failing ?? 0),
    },
    {
      name: 'hookwarden_provider_failure_limit',
      type: 'gauge',
      help: 'So many failures in a row make the sender disable the hook',
      samples: each(({ failureRow }) => failureRow),
    },
    {
      name: 'hookwarden_last_accepted_timestamp_seconds',
      type: 'gauge',
      help: 'When a delivery was last accepted; 0 for never',
      samples: each(({ name }) => seconds(counts.tallies.get(name)?.lastAccepted ?? 0)),
    },
    {
      name: 'hookwarden_last_rejected_timestamp_seconds',
      type: 'gauge',
      help: 'When a request was last rejected; 0 for never',
      samples: each(({ name }) => seconds(counts.tallies.get(name)?.lastRejected ?? 0)),
    },
    {
      name: 'hookwarden_proven_streak',
      type: 'gauge',
      help: 'Proven deliveries since the last that its own sender got wrong',
      samples: each(({ name }) => counts.tallies.get(name)?.streak ?? 0),
    },
    {
      name: 'hookwarden_proven_streak_since_timestamp_seconds',
      type: 'gauge',
      help: 'When the first of them came; 0 for none',
      samples: each(({ name }) => seconds(counts.tallies.get(name)?.streakSince ?? 0)),
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

function scoped(value: (scope: LimiterScope) => number): Sample[] {
  return LIMITER_SCOPES.map(scope => ({ labels: { scope }, value: value(scope) }))
}
