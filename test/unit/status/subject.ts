import type { Hour, ProviderStatus, Status } from '../../../src/status/status.ts'

/** When the page of the tests is looked at. */
export const NOW = Date.UTC(2026, 0, 2, 3, 4, 5)
export const MINUTE = 60_000
export const DAY = 24 * 60 * MINUTE

const none = Array<number>(60).fill(0)
export const QUIET: Hour = { accepted: none, refused: none, lost: none, limited: none }

/** An hour with so many of each in its last minute but two. */
export function hour(counts: Partial<Record<keyof Hour, number>>): Hour {
  const lane = (what: keyof Hour) => none.with(-3, counts[what] ?? 0)
  return {
    accepted: lane('accepted'),
    refused: lane('refused'),
    lost: lane('lost'),
    limited: lane('limited'),
  }
}

/** A provider that works. */
export function provider(name: string, change: Partial<ProviderStatus> = {}): ProviderStatus {
  return {
    name,
    preset: 'github',
    mode: 'enforce',
    ready: true,
    problems: [],
    hour: hour({ accepted: 12 }),
    lastAccepted: NOW - 12_000,
    lastRefused: 0,
    lastReason: undefined,
    secret: 'current',
    secretEnds: undefined,
    found: undefined,
    leaks: 0,
    ...change,
  }
}

/** Everything as it should be, less what a test changes. */
export function status(change: Partial<Status> = {}): Status {
  return {
    now: NOW,
    version: '0.1.0',
    draining: false,
    providers: [provider('github')],
    unrouted: QUIET,
    upstream: { url: 'http://127.0.0.1:3000', circuit: 0, answered: 12, failed: 0, late: 0 },
    fills: [{ name: 'Connections', used: 3, most: 2000, unit: 'count' }],
    inFlight: 1,
    overloaded: false,
    store: { shared: false, up: true, errors: 0 },
    certificates: [{ name: 'hooks.example.com', notAfter: NOW + 60 * DAY }],
    certificatesRenewed: true,
    discovery: undefined,
    generation: { number: 1, since: NOW - 60 * MINUTE, failed: undefined },
    refusals: [],
    strays: [],
    clockSuspect: false,
    addressHidden: false,
    logLinesDropped: 0,
    changedKeys: [],
    ...change,
  }
}
