import { CLEAN } from '../reasons.ts'
import type { Check, Verifier } from '../verify/verifier.ts'

/** Refuses: what an exchange holds until its verifier has opened a check. */
export const UNOPENED: Check = {
  proof: undefined,
  skew: undefined,
  update() {},
  final: () => 'signature_missing',
}

/** Lets through, unproven: stands in where report mode has already counted the verdict. */
export const REPORTED: Check = {
  proof: undefined,
  skew: undefined,
  update() {},
  final: () => CLEAN,
}

/** For senders that cannot prove themselves and said so in the map: everything passes, unproven. */
export const UNSIGNED: Verifier = { decides: 'at_head', open: () => REPORTED }
