import type { Head } from '../head.ts'
import type { RejectReason } from '../reasons.ts'

/** A delivery that was refused, or let through by report mode, for what proves its sender. */
interface Refused {
  readonly provider: string
  readonly requestId: string
  readonly reason: RejectReason
  readonly head: Head
}

/** Wants the body of a refused delivery from its first byte, so that its operator can be told why. */
export interface Witness {
  /** @param whole whether that was all; nothing that follows is looked at */
  see(chunks: readonly Uint8Array[], whole: boolean): void
}

/** Who tells operators why signatures do not match. */
export interface Explaining {
  /** Gives a witness for a few of all refusals; the rest cost nothing but this question. */
  consider(refused: Refused): Witness | undefined
}
