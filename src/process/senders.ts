import type { Settings } from '../config/settings.ts'
import { type Subject, subjectOf } from '../explain/subject.ts'
import type { Sender } from '../generation/compile.ts'
import type { Log } from '../report/log.ts'
import type { SecretSources } from '../secrets/resolve.ts'

/** Whom refusals can be explained of. One whose key comes while serving is not among them. */
export function subjectsOf({ providers }: Settings, sources: SecretSources): readonly Subject[] {
  return providers
    .flatMap(one => subjectOf(one, sources) ?? [])
    .filter(({ keys }) => keys.length > 0)
}

/** Says of which providers something is wrong or open: not what was said of the generation before. */
export function tellOfSenders(
  senders: readonly Sender[],
  before: readonly Sender[],
  log: Log,
): void {
  for (const { name, problems, enrolsUntil } of senders) {
    const old = before.find(one => one.name === name)
    for (const problem of problems) {
      if (old?.problems.includes(problem) === true) continue
      log.error('a secret cannot be used', { provider: name, problem })
    }
    if (enrolsUntil === undefined || enrolsUntil === old?.enrolsUntil) continue
    const until = new Date(enrolsUntil).toISOString()
    log.warn('whoever comes first may hand over the key', { provider: name, until })
  }
}
