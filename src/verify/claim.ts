import { type Head, REPEATED } from '../head.ts'
import type { RejectReason } from '../reasons.ts'
import type { CompiledScheme } from './compiled.ts'
import { type Claim, readAll } from './items.ts'
import type { Place } from './place.ts'
import { valueAt, type Within } from './reading.ts'

/** Reads the claim from every place that has one. At least one candidate, or the reason there is none. */
export function readClaim(
  { from, items }: CompiledScheme,
  head: Head,
  within?: Within,
): Claim | RejectReason {
  const values: string[] = []
  for (const place of from) {
    if (isUnreadable(place, within)) return 'malformed_body'
    const value = valueAt(place, head, within)
    if (value === REPEATED) return 'signature_malformed'
    if (value !== undefined) values.push(value)
  }
  if (values.length === 0) return 'signature_missing'
  const claim = readAll(items, values)
  if (claim === undefined) return 'signature_malformed'
  return claim.candidates.length === 0 ? withoutCandidate(claim) : claim
}

/** What a claim comes to in which no candidate is well formed. */
export function withoutCandidate({ foreign }: Claim): RejectReason {
  return foreign ? 'signature_mismatch' : 'signature_malformed'
}

function isUnreadable({ source }: Place, within: Within | undefined): boolean {
  return source === 'form' && within !== undefined && within.body.form() === undefined
}
