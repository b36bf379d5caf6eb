/** One way in which a request ends without being forwarded. */
export interface ReasonRow {
  /** Stage of the life of a request that produces it (`docs/life-of-a-request.md`). */
  readonly stage:
    | 'parse'
    | 'route'
    | 'admit'
    | 'precheck'
    | 'receive'
    | 'verify'
    | 'inspect'
    | 'replay'
    | 'pace'
    | 'forward'
  readonly status: number
  /** The coarse word the sender learns; the reason itself goes to the operator. */
  readonly says: string
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** Whether `mode: report` lets it through: the 401 reasons, nothing else. */
  readonly reportable: boolean
}

const UNPROVEN = { status: 401, says: 'signature', level: 'info', reportable: true } as const
const BUSY = { status: 503, says: 'busy', level: 'warn', reportable: false } as const

/** Every reason there is. A row comes with the feature that produces it, a wire test and a page in `docs/reasons/`. */
export const REASONS = {
  malformed_http: {
    stage: 'parse',
    status: 400,
    says: 'malformed',
    level: 'info',
    reportable: false,
  },
  header_too_large: {
    stage: 'parse',
    status: 431,
    says: 'headers',
    level: 'info',
    reportable: false,
  },
  expectation: {
    stage: 'parse',
    status: 417,
    says: 'expectation',
    level: 'info',
    reportable: false,
  },
  deadline: { stage: 'receive', status: 408, says: 'deadline', level: 'info', reportable: false },
  host: { stage: 'route', status: 421, says: 'host', level: 'info', reportable: false },
  no_route: { stage: 'route', status: 404, says: 'not_found', level: 'info', reportable: false },
  discovery_pending: { stage: 'route', ...BUSY },
  address_not_allowed: {
    stage: 'route',
    status: 403,
    says: 'address',
    level: 'info',
    reportable: false,
  },
  client_certificate: {
    stage: 'route',
    status: 403,
    says: 'certificate',
    level: 'info',
    reportable: false,
  },
  method: { stage: 'route', status: 405, says: 'method', level: 'info', reportable: false },
  switched_off: { stage: 'route', ...BUSY, level: 'info' },
  secret_unavailable: { stage: 'route', ...BUSY, level: 'error' },
  draining: { stage: 'route', ...BUSY, level: 'info' },
  rate_address: { stage: 'admit', status: 429, says: 'rate', level: 'info', reportable: false },
  overloaded: { stage: 'admit', ...BUSY },
  content_type: {
    stage: 'admit',
    status: 415,
    says: 'content_type',
    level: 'info',
    reportable: false,
  },
  content_encoding: {
    stage: 'admit',
    status: 415,
    says: 'content_encoding',
    level: 'info',
    reportable: false,
  },
  body_too_large: { stage: 'receive', status: 413, says: 'size', level: 'info', reportable: false },
  memory: { stage: 'receive', ...BUSY },
  signature_missing: { stage: 'precheck', ...UNPROVEN },
  signature_malformed: { stage: 'precheck', ...UNPROVEN },
  timestamp_missing: { stage: 'precheck', ...UNPROVEN },
  timestamp_stale: { stage: 'precheck', ...UNPROVEN },
  timestamp_future: { stage: 'precheck', ...UNPROVEN },
  token_mismatch: { stage: 'verify', ...UNPROVEN },
  signature_mismatch: { stage: 'verify', ...UNPROVEN },
  sender_unavailable: { stage: 'verify', ...BUSY },
  malformed_body: {
    stage: 'verify',
    status: 400,
    says: 'malformed',
    level: 'info',
    reportable: false,
  },
  body_too_large_inflated: {
    stage: 'inspect',
    status: 413,
    says: 'size',
    level: 'info',
    reportable: false,
  },
  in_flight: { stage: 'replay', ...BUSY, level: 'info' },
  store_unavailable: { stage: 'replay', ...BUSY, level: 'error' },
  rate_provider: { stage: 'pace', status: 429, says: 'rate', level: 'warn', reportable: false },
  rate_global: { stage: 'pace', ...BUSY },
  concurrency: { stage: 'pace', ...BUSY },
  circuit_open: { stage: 'forward', ...BUSY, level: 'error' },
  upstream_error: {
    stage: 'forward',
    status: 502,
    says: 'upstream',
    level: 'error',
    reportable: false,
  },
  upstream_timeout: {
    stage: 'forward',
    status: 504,
    says: 'upstream',
    level: 'error',
    reportable: false,
  },
} as const satisfies Record<string, ReasonRow>

export type RejectReason = keyof typeof REASONS

/** Nothing stands against the delivery. */
export const CLEAN: unique symbol = Symbol('clean')
/** What a step comes to: clean, or the one reason that ends the exchange. */
export type Verdict = typeof CLEAN | RejectReason

/** How a request ended; each is counted under exactly one. */
export const OUTCOMES = [
  'accepted',
  'rejected',
  'duplicate',
  'challenge',
  'upstream_error',
  'aborted',
] as const
export type Outcome = (typeof OUTCOMES)[number]
