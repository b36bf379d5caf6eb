import type { ProviderSettings } from '../config/settings.ts'
import type { Leaks } from '../forward/leaks.ts'
import type { SecretSources } from '../secrets/resolve.ts'
import { bindVerifier } from '../verify/bind.ts'
import type { CompiledScheme } from '../verify/compiled.ts'
import { EnrollingVerifier } from '../verify/enrolling.ts'
import { keyProblem } from '../verify/key.ts'
import type { Verifier } from '../verify/verifier.ts'
import type { Lasting } from './lasting.ts'

/** What takes the key of a sender that hands it over; undefined where the map does not ask for that. */
export function bindEnrolment(
  { name, enrolment }: ProviderSettings,
  compiled: CompiledScheme,
  {
    sources,
    leaks,
    lasting,
  }: { readonly sources: SecretSources; readonly leaks: Leaks; readonly lasting: Lasting },
): EnrollingVerifier | undefined {
  if (enrolment === undefined) return undefined
  const { from, until, file } = enrolment
  const keep = (bytes: Uint8Array): Verifier | undefined => {
    const problem = keyProblem(compiled, bytes) ?? written(sources, file, bytes)
    lasting.enrolled(name, file, problem)
    if (problem !== undefined) return undefined
    leaks.add(bytes)
    return bindVerifier(compiled, [{ bytes, place: 'current', until: undefined }])
  }
  return new EnrollingVerifier(from, until, keep)
}

/** Why it could not be written; in the system's word alone, whose messages quote what they like. */
function written({ writeNew }: SecretSources, file: string, bytes: Uint8Array): string | undefined {
  if (writeNew === undefined) return 'nothing is written here'
  try {
    writeNew(file, bytes)
    return undefined
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'it failed'
  }
}
