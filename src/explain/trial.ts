import type { Head } from '../head.ts'
import type { Verdict } from '../reasons.ts'
import type { Millis } from '../units.ts'
import { bindVerifier } from '../verify/bind.ts'
import { compileScheme } from '../verify/compile.ts'
import type { CompileOptions } from '../verify/compiled.ts'
import { keyProblem } from '../verify/key.ts'
import type { Scheme } from '../verify/scheme.ts'
import type { Key } from '../verify/verifier.ts'

/** Everything that a verdict depends on. A hypothesis is a trial with one thing changed. */
export interface Trial {
  readonly scheme: Scheme
  readonly options: CompileOptions
  readonly keys: readonly Key[]
  readonly head: Head
  readonly body: Uint8Array
  /** When it was received: wall clock. */
  readonly now: Millis
}

/** What a trial comes to. */
export interface Judged {
  readonly verdict: Verdict
  /** Which secret proved it; undefined where none did. */
  readonly secret: Key['place'] | undefined
  /** Signed time less `now`; undefined where none was read. */
  readonly skew: Millis | undefined
}

/** Judges as a running Hookwarden would; undefined where the scheme does not compile or no key can be used with it. */
export function judge({ scheme, options, keys, head, body, now }: Trial): Judged | undefined {
  const compiled = compileScheme(scheme, options)
  if (Array.isArray(compiled)) return undefined
  const usable = keys.filter(({ bytes, form }) => keyProblem(compiled, bytes, form) === undefined)
  if (usable.length === 0) return undefined
  const check = bindVerifier(compiled, usable).open(head, now)
  if (typeof check === 'string') return { verdict: check, secret: undefined, skew: undefined }
  if (body.length > 0) check.update(body)
  const verdict = check.final(body.length > 0 ? [body] : [])
  return { verdict, secret: check.proof?.secret, skew: check.skew }
}
