import type { Budget } from './budget.ts'
import { CONTENDERS, FLOOR, OURS } from './contenders.ts'
import type { Measured, Round } from './measure.ts'

/** How one budget stands. */
export interface Judgement {
  readonly row: string
  /** Such as `1.21 times floor, at most 1.25`. */
  readonly says: string
  readonly state: 'held' | 'broken' | 'out of reach' | 'not measured'
  /** Whether `--gate` counts it. */
  readonly gated: boolean
}

/** The least of all rounds: what else the machine did can only have added to it. */
export function least(rounds: readonly Round[], of: 'cpu' | 'p99' | 'gc'): number | undefined {
  const values = rounds.map(round => round[of]).filter(value => value !== undefined)
  return values.length === 0 ? undefined : Math.min(...values)
}

/** Minimum over minimum; undefined where either was not measured. */
export function ratio(measured: Measured, name: string, to: string): number | undefined {
  const ours = least(measured.rounds.get(name) ?? [], 'cpu')
  const theirs = least(measured.rounds.get(to) ?? [], 'cpu')
  return ours === undefined || theirs === undefined ? undefined : ours / theirs
}

/**
 * How the ratios of a row stand. `absent` says why a contender did not take part at all. What `floor` itself does not
 * reach in this run is out of reach, and the row's budget against floor decides (docs/decisions/out-of-reach.md).
 */
export function judge(
  measured: Measured,
  budget: Budget,
  absent: ReadonlyMap<string, string>,
): Judgement[] {
  return Object.entries(budget.times).map(([to, atMost]) => {
    const got = ratio(measured, OURS, to)
    const gated = CONTENDERS.find(({ name }) => name === to)?.gated ?? true
    const limit = `at most ${atMost.toFixed(2)} times ${to}`
    const row = measured.row.name
    if (got === undefined) {
      const reasons = [OURS, to].map(name => [name, absent.get(name) ?? measured.missing.get(name)])
      const why = reasons.find(([, reason]) => reason !== undefined)?.join(' ') ?? 'left out'
      return { row, says: `${limit}: ${why}`, state: 'not measured', gated }
    }
    const says = `${limit}: ${got.toFixed(3)}`
    if (got <= atMost) return { row, says, state: 'held', gated }
    const least = FLOOR in budget.times ? ratio(measured, FLOOR, to) : undefined
    if (least === undefined || least <= atMost || to === FLOOR)
      return { row, says, state: 'broken', gated }
    return {
      row,
      says: `${says}, and floor takes ${least.toFixed(3)}`,
      state: 'out of reach',
      gated,
    }
  })
}

/** A yes or no, or a bound, that is no ratio. */
export function judgePlain(row: string, says: string, holds: boolean | undefined): Judgement {
  return {
    row,
    says,
    state: holds === undefined ? 'not measured' : holds ? 'held' : 'broken',
    gated: true,
  }
}
