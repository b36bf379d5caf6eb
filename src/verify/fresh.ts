import type { RejectReason } from '../reasons.ts'
import type { Millis } from '../units.ts'
import type { SignedTime } from './compiled.ts'
import type { Reading } from './reading.ts'
import { readTime } from './time.ts'

/** The signed time, or the reason it does not hold. */
export function judgeTime(time: SignedTime, reading: Reading, now: Millis): Millis | RejectReason {
  const text = reading.render(time.from, 'timestamp_missing')
  if (text === undefined) return reading.refused
  if (time.listedBy !== undefined && !reading.lists(time.listedBy, time.from)) {
    return reading.refused
  }
  const signed = readTime(text, time.unit)
  if (signed === undefined) return 'signature_malformed'
  if (signed < now - time.tolerance) return 'timestamp_stale'
  return signed > now + time.tolerance ? 'timestamp_future' : signed
}
