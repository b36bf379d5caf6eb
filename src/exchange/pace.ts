import type { LimitStore, Soon } from '../limit/store.ts'
import type { Millis } from '../units.ts'
import type { PaceLimit } from './route.ts'

/** What several limits come to: the longest wait, or the first that refuses. */
export type Reserved =
  | { readonly wait: Millis }
  | { readonly reason: PaceLimit['reason']; readonly retryAfter: Millis }

/**
 * Reserves in every limit, or in none: where one refuses, what the earlier ones granted is given back.
 *
 * @param patience longest wait worth granting, 0 for what may not wait
 */
export function reserveAll(
  store: LimitStore,
  limits: readonly PaceLimit[],
  now: Millis,
  patience: Millis,
  from = 0,
  waited: Millis = 0,
): Soon<Reserved> {
  let wait = waited
  for (let i = from; i < limits.length; i++) {
    const { limit, key, reason } = limits[i] as PaceLimit
    const slot = store.reserve(limit, key, now, patience)
    if (slot instanceof Promise) {
      return slot.then(late => {
        if (late.wait === undefined) return refused(store, limits, i, now, reason, late.retryAfter)
        return reserveAll(store, limits, now, patience, i + 1, Math.max(wait, late.wait))
      })
    }
    if (slot.wait === undefined) return refused(store, limits, i, now, reason, slot.retryAfter)
    if (slot.wait > wait) wait = slot.wait
  }
  return { wait }
}

/** Gives back the first `count` of what was reserved. */
export function giveBackAll(
  store: LimitStore,
  limits: readonly PaceLimit[],
  now: Millis,
  count = limits.length,
): void {
  for (const { limit, key } of limits.slice(0, count)) store.giveBack(limit, key, now)
}

function refused(
  store: LimitStore,
  limits: readonly PaceLimit[],
  granted: number,
  now: Millis,
  reason: PaceLimit['reason'],
  retryAfter: Millis,
): Reserved {
  giveBackAll(store, limits, now, granted)
  return { reason, retryAfter }
}
