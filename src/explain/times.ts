import { CLEAN } from '../reasons.ts'
import type { Millis } from '../units.ts'
import type { Finding } from './findings.ts'
import type { Hypothesis, Scene } from './scene.ts'
import { valuesOf } from './suppose-scheme.ts'
import { type Judged, judge, type Trial } from './trial.ts'

const UNITS = ['s', 'ms', 'iso', 'http'] as const
/** So far off no clock is: the unit is another. */
const NO_CLOCK: Millis = 10 * 365 * 86_400_000
/** Longer than any time that can be written. */
const EVER = '99999d'
/** Larger tokens are not read. */
const MOST_TOKEN = 16 * 1024

/** The same trial at the instant that the delivery itself names, so that everything but its time is judged. */
export function untimed(trial: Trial): Trial {
  const { scheme } = trial
  if (scheme.timestamp !== undefined) {
    return { ...trial, scheme: { ...scheme, timestamp: { ...scheme.timestamp, tolerance: EVER } } }
  }
  if (scheme.alg !== 'jwt') return trial
  const { max_age: _, ...ageless } = scheme
  const issued = issuedAt(trial)
  return issued === undefined ? trial : { ...trial, scheme: ageless, now: issued }
}

/** What is wrong with the time of a trial that is clean once its time is left out; undefined where nothing is. */
export function timeFinding(scene: Scene, trial: Trial): Finding | undefined {
  if (judge(trial)?.verdict === CLEAN) return undefined
  const skew = skewOf(trial, judge(untimed(trial)))
  for (const { code, detail, trial: other } of otherUnits(trial)) {
    const judged = judge(untimed(other))
    if (judged?.verdict !== CLEAN) continue
    const otherSkew = skewOf(other, judged)
    if (Math.abs(otherSkew) < Math.abs(skew) && Math.abs(skew) > NO_CLOCK) return { code, detail }
  }
  const way = skew < 0 ? 'before' : 'after'
  const moment = scene.atKnown
    ? 'it was received'
    : 'now; the capture does not say when it was received (`# at:`, or `--at`)'
  const { timestamp, max_age: age } = trial.scheme
  const allowed = timestamp?.tolerance ?? age
  return {
    code: 'clock_off',
    skew,
    detail: `signed ${spoken(Math.abs(skew))} ${way} ${moment}${allowed === undefined ? '' : `; ${allowed} are allowed`}`,
  }
}

/** The signed time in other units. */
export function* otherUnits(base: Trial): Generator<Hypothesis> {
  const { scheme } = base
  const { timestamp } = scheme
  if (timestamp === undefined) return
  for (const unit of UNITS) {
    if (unit === timestamp.unit) continue
    yield {
      code: 'timestamp_unit',
      detail: `the time is written in ${unit}, and the scheme says ${timestamp.unit}`,
      trial: { ...base, scheme: { ...scheme, timestamp: { ...timestamp, unit } } },
    }
  }
}

function skewOf(trial: Trial, judged: Judged | undefined): Millis {
  if (trial.scheme.alg === 'jwt') return (issuedAt(trial) ?? trial.now) - trial.now
  return judged?.skew ?? 0
}

/** When a token says that it was made, or an instant at which it says that it holds. */
function issuedAt({ scheme, head, body }: Trial): Millis | undefined {
  const values =
    scheme.from === 'body' ? [Buffer.from(body).toString('latin1')] : valuesOf(scheme, head)
  for (const value of values) {
    const claims = claimsOf(value)
    if (claims === undefined) continue
    const { iat, nbf, exp } = claims
    if (typeof iat === 'number') return iat * 1000
    if (typeof nbf === 'number') return nbf * 1000
    if (typeof exp === 'number') return exp * 1000 - 1
  }
  return undefined
}

function claimsOf(value: string): Readonly<Record<string, unknown>> | undefined {
  // taken apart at its dots: a pattern would try every place of a long value that has none
  const [, payload = ''] = value.slice(0, MOST_TOKEN).split('.', 3)
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
    return typeof claims === 'object' && claims !== null ? { ...claims } : undefined
  } catch {
    return undefined
  }
}

/** A length of time as people say it, in its two largest units. */
function spoken(length: Millis): string {
  const seconds = Math.round(length / 1000)
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const
  const first = parts.findIndex(([count]) => count > 0)
  if (first === -1) return '0s'
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ')
}
