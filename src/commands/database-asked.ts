import { Fault } from '../errors.ts'
import { readReference, type SecretSources } from '../secrets/resolve.ts'

/** The URL that `--database` names: by reference, because a password stands in it, or as it is. */
export function databaseUrl(given: string | undefined, sources: SecretSources): string {
  if (given === undefined) {
    throw new Fault('usage', 'which database? --database env:NAME, file:PATH or a URL')
  }
  if (!/^(?:env|file|sealed):/.test(given)) return given
  const found = readReference(given, sources)
  if ('problem' in found) throw new Fault('usage', `--database: ${found.problem}`)
  return Buffer.from(found.bytes).toString()
}
