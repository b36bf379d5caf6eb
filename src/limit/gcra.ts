import type { Millis } from '../units.ts'

/** A limit with its arithmetic done: built once per generation, shared by every request. */
export interface Limit {
  readonly name: string
  /** Time one unit of cost pays for. */
  readonly emission: Millis
  /** How far ahead of `now` a bucket may run before it refuses. */
  readonly burst: Millis
}

/** What one reservation comes to. */
export interface Slot {
  /** How long to wait for one's turn, 0 at once; undefined when refused. */
  readonly wait: Millis | undefined
  /** When a refused sender may try again; 0 when granted. */
  readonly retryAfter: Millis
  /** Theoretical arrival time to store; unchanged by a refusal. */
  readonly tat: Millis
}

/** What rounding may add up to, in emissions: without it 7/1m, whose emission is no whole number, grants 6. */
export const SLACK = 1e-2

/**
 * Decides one reservation with the generic cell rate algorithm. Pure: the caller stores `tat`.
 *
 * @param tat stored theoretical arrival time, 0 for a bucket never seen
 * @param patience the longest wait that is still worth granting, 0 to refuse at once
 * @see ITU-T I.371, annex A
 */
export function reserve(limit: Limit, tat: Millis, now: Millis, patience: Millis): Slot {
  const next = Math.max(tat, now) + limit.emission
  const ahead = next - limit.burst - now
  const slack = limit.emission * SLACK
  const wait = ahead > slack ? ahead : 0
  return wait > patience + slack
    ? { wait: undefined, retryAfter: wait - patience, tat }
    : { wait, retryAfter: 0, tat: next }
}

/** The arrival time to store once a granted reservation is undone: never below `now`, so nothing is saved up. */
export function returned(limit: Limit, tat: Millis, now: Millis): Millis {
  return Math.max(now, tat - limit.emission)
}
