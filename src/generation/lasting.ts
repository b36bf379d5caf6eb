import type { Inspector } from '../inspect/inspector.ts'
import type { Gate } from '../limit/gate.ts'
import type { KnownCertificates } from '../verify/fetched.ts'

/** What outlives generations. */
export interface Lasting {
  /** Those that were fetched. */
  readonly certificates: KnownCertificates
  /** Told of a key that a sender handed over: kept in the file of the map, or not, and why. */
  enrolled(provider: string, file: string, problem: string | undefined): void
  /** Inflates a few bodies at a time, whatever generation they are of. */
  readonly inspector: Inspector
  /** A provider's places at Automatisch. The capacity is for one that has no gate yet. */
  gateOf(provider: string, capacity: number): Gate
}
