import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What one row may cost. */
export interface Budget {
  /** At most so many times what the named contender costs. */
  readonly times: Readonly<Record<string, number>>
  /** The answer comes before any byte of the body was sent. */
  readonly beforeBody?: boolean
  /** A second connection resumes the session of the first. */
  readonly resumes?: boolean
  readonly milliseconds?: number
  readonly peakMiB?: number
  readonly timesIdleP99?: number
}

/** `bench/budget.json`: the table of `docs/performance.md`, held equal by a test. */
export function readBudgets(): Readonly<Record<string, Budget>> {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'budget.json'), 'utf8'))
}
