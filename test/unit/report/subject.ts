import type { Gauges, ProviderLabel } from '../../../src/report/labels.ts'
import { Metrics } from '../../../src/report/metrics.ts'
import type { Settled } from '../../../src/report/settled.ts'
import { ManualClock } from '../../support/manual-clock.ts'

/** A genuine delivery that went through, with what a test changes about it. */
export function delivery(change: Partial<Settled> = {}): Settled {
  return {
    provider: 'github',
    outcome: 'accepted',
    reason: undefined,
    status: 204,
    from: 'upstream',
    method: 'POST',
    route: '/webhooks/flows/0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11',
    bytes: 2048,
    requestId: 'b7a8a3a0-3a1e-4b0f-9d1c-1f2e3d4c5b6a',
    address: '203.0.113.7',
    duration: 40,
    receiving: 10,
    upstream: 20,
    paced: 0,
    secret: 'current',
    skew: undefined,
    detail: undefined,
    ...change,
  }
}

/** A request refused for `reason`. */
export function refusal(reason: Settled['reason'], change: Partial<Settled> = {}): Settled {
  return delivery({
    outcome: 'rejected',
    reason,
    status: 401,
    from: 'hookwarden',
    upstream: undefined,
    secret: undefined,
    ...change,
  })
}

export function label(name: string, change: Partial<ProviderLabel> = {}): ProviderLabel {
  return {
    name,
    preset: 'github',
    mode: 'enforce',
    signed: 'signature',
    timed: false,
    maxBody: 1_048_576,
    failureRow: undefined,
    secretExpiry: undefined,
    drafts: false,
    ...change,
  }
}

export const STILL: Gauges = {
  inFlight: () => 0,
  buffered: () => 0,
  bufferedLimit: () => 67_108_864,
  connections: () => 0,
  connectionsLimit: () => 2000,
  addressHidden: () => false,
  overloaded: () => false,
  clockSuspect: () => false,
  limiterKeys: () => 0,
  limiterEvicted: () => 0,
  replayEntries: () => 0,
  replayEvicted: () => 0,
  storeUp: () => true,
  storeErrors: () => 0,
  ready: () => true,
  certificates: () => [],
  logLinesDropped: () => 0,
  pinnedKeys: () => [],
  circuit: () => 0,
  discovered: () => ({ up: true, doubted: false, flows: new Map(), unprotected: new Map() }),
}

export function metricsOf(
  providers: readonly ProviderLabel[],
  { clock = new ManualClock(), gauges = STILL } = {},
): Metrics {
  return new Metrics({ providers, version: '0.1.0', node: 'v26.10.0', clock, gauges })
}
