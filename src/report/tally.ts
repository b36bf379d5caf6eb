import { OUTCOMES, type Outcome, REASONS, type RejectReason } from '../reasons.ts'
import type { Millis } from '../units.ts'
import type { Settled } from './settled.ts'

const MILLIS = 1000 // in a second, Prometheus' unit of time

/** Upper bounds of every histogram, in its unit: seconds or bytes. Few, because each is a series for each provider. */
export const BOUNDS = {
  request: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  upstream: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  overhead: [0.0002, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5],
  body: [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576],
  /** Signed times lie in the past more often than in the future. */
  skew: [-300, -60, -10, -2, 2, 10, 60, 300],
  /** The first bucket holds what did not wait at all. */
  paced: [0, 0.05, 0.25, 0.5, 1, 2, 4, 8],
} as const

/** Counts observations under fixed bounds: plain numbers, written for each delivery, read at each scrape. */
export class Spread {
  readonly bounds: readonly number[]
  /** One for each bound, not cumulative, and one for what is above the last. */
  readonly counts: number[]
  sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = Array<number>(bounds.length + 1).fill(0)
  }

  observe(value: number): void {
    let at = 0
    while (at < this.bounds.length && value > (this.bounds[at] as number)) at++
    this.counts[at] = (this.counts[at] as number) + 1
    this.sum += value
  }
}

/** Status codes an upstream commonly answers; any other is counted as its class, such as `4xx`. */
const UPSTREAM_CODES: ReadonlySet<number> = new Set([
  200, 201, 202, 204, 304, 400, 401, 403, 404, 413, 415, 422, 429, 500, 502, 503, 504,
])
/** Every status that is Hookwarden's own: of the table of reasons, 200 for a duplicate, 200 and 204 for a challenge. */
const OUR_CODES: readonly number[] = [
  ...new Set([200, 204, ...Object.values(REASONS).map(row => row.status)]),
].sort((a, b) => a - b)

const LABELS = {
  upstream: labelsOf(UPSTREAM_CODES),
  hookwarden: labelsOf(new Set(OUR_CODES)),
} as const

/** Every key of the table of reasons. */
export const REASON_NAMES = Object.keys(REASONS) as RejectReason[] // the table is a literal: its keys are the union

/** Refusals that say nothing of the sender: whoever knows the address brings them about, without any claim. */
const ANYBODYS: ReadonlySet<RejectReason> = new Set<RejectReason>([
  'malformed_http',
  'header_too_large',
  'expectation',
  'deadline',
  'host',
  'method',
  'address_not_allowed',
  'client_certificate',
  'rate_address',
  'overloaded',
  'signature_missing',
  'signature_malformed',
])

/** What is counted for one provider, or for `none`. */
export class Tally {
  readonly outcomes = zeros<Outcome>(OUTCOMES)
  readonly rejected = zeros<RejectReason>(REASON_NAMES)
  readonly reported = zeros<RejectReason>(REASON_NAMES)
  readonly verified = { current: 0, previous: 0 }
  /** By `code` label. */
  readonly answers = {
    upstream: new Map<string, number>(),
    hookwarden: new Map<string, number>(OUR_CODES.map(code => [`${code}`, 0])),
  }
  readonly request = new Spread(BOUNDS.request)
  readonly upstream = new Spread(BOUNDS.upstream)
  readonly body = new Spread(BOUNDS.body)
  readonly skew = new Spread(BOUNDS.skew)
  readonly paced = new Spread(BOUNDS.paced)
  /** Wall clock; 0 until it happens. */
  lastAccepted: Millis = 0
  lastRejected: Millis = 0
  /** Proven deliveries since the last that its own sender got wrong. */
  streak = 0
  /** Wall clock of the first of them; 0 where there is none. */
  streakSince: Millis = 0
  /** Of the last that was rejected. */
  lastReason: RejectReason | undefined
  /** What proved the last that a secret proved. */
  lastSecret: 'current' | 'previous' | undefined
  /** What explaining found last, and the wall clock then. */
  found: { readonly at: Millis; readonly codes: readonly string[] } | undefined
  /** Answers in a row that the sender takes for failures. */
  failing = 0
  /** Headers that would have shown a secret. */
  leaks = 0

  settled(end: Settled, wall: Millis): void {
    this.outcomes[end.outcome]++
    if (end.outcome === 'accepted') this.lastAccepted = wall
    else if (end.outcome === 'rejected') this.lastRejected = wall
    if (end.reason !== undefined) {
      this.rejected[end.reason]++
      if (end.outcome === 'rejected') this.lastReason = end.reason
    }
    if (end.reason === undefined && end.status < 500 && end.outcome !== 'aborted') this.failing = 0
    else if (end.reason === undefined || !ANYBODYS.has(end.reason)) this.failing++
    if (end.status !== 0) this.#answered(end)
    this.request.observe(end.duration / MILLIS)
    this.body.observe(end.bytes)
    if (end.upstream !== undefined) this.upstream.observe(end.upstream / MILLIS)
    if (end.skew !== undefined) this.skew.observe(end.skew / MILLIS)
    if (end.secret === undefined) return
    this.verified[end.secret]++
    if (this.streak++ === 0) this.streakSince = wall
    this.lastSecret = end.secret
    const { outcome, reason } = end
    if (outcome === 'accepted' || (outcome === 'upstream_error' && reason !== 'circuit_open'))
      this.paced.observe(end.paced / MILLIS)
  }

  /** A delivery of its own sender did not verify. */
  broken(): void {
    this.streak = 0
    this.streakSince = 0
  }

  #answered({ from, status }: Settled): void {
    const label = LABELS[from][status] ?? 'none'
    const answers = this.answers[from]
    answers.set(label, (answers.get(label) ?? 0) + 1)
  }
}

/** The label of each status from 100 to 599, looked up by its number. */
function labelsOf(exact: ReadonlySet<number>): readonly (string | undefined)[] {
  return Array.from({ length: 600 }, (_, code) => {
    if (code < 100) return undefined
    return exact.has(code) ? `${code}` : `${Math.floor(code / 100)}xx`
  })
}

/** A count for each name, all 0. */
export function zeros<T extends string>(names: readonly T[]): Record<T, number> {
  return Object.fromEntries(names.map(name => [name, 0])) as Record<T, number> // every name is set
}
