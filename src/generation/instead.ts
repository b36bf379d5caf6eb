import type { Preset } from '../presets/preset.ts'
import { REASONS, type RejectReason } from '../reasons.ts'

/** What every sender repeats after that repeats after anything. */
const REPEATED = 503
const NAMES = Object.keys(REASONS) as RejectReason[] // the table is a literal: its keys are the union

/**
 * Some senders repeat a delivery after a few answers only. Trouble of our own is told to them by one of those: a delivery
 * that nobody repeats is lost.
 */
export function insteadOf(failure: Preset['failure']): ReadonlyMap<RejectReason, number> {
  const repeats = failure?.repeats
  if (repeats === undefined) return NOTHING
  const isRepeated = (status: number) =>
    repeats === '5xx' ? status >= 500 : repeats.includes(status)
  return new Map(
    NAMES.filter(reason => isOurs(reason) && !isRepeated(REASONS[reason].status)).map(reason => [
      reason,
      REPEATED,
    ]),
  )
}

const NOTHING: ReadonlyMap<RejectReason, number> = new Map()

/** Whether the sender did nothing wrong: what is proven is refused by a limit, or something here does not work. */
function isOurs(reason: RejectReason): boolean {
  return reason === 'rate_provider' || REASONS[reason].status >= 500
}
