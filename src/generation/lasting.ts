import type { KnownCertificates } from '../verify/fetched.ts'

/** What outlives generations. */
export interface Lasting {
  /** Those that were fetched. */
  readonly certificates: KnownCertificates
  /** Told of a key that a sender handed over: kept in the file of the map, or not, and why. */
  enrolled(provider: string, file: string, problem: string | undefined): void
}
