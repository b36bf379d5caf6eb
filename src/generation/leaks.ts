import type { Settings } from '../config/settings.ts'
import { Leaks } from '../forward/leaks.ts'
import { resolveSecret, type SecretSources } from '../secrets/resolve.ts'

/** Every secret that the map names, whoever's: none of them is forwarded, in whatever header it comes. */
export function leaksOf({ providers }: Pick<Settings, 'providers'>, sources: SecretSources): Leaks {
  const refs = providers.flatMap(({ secrets, verifyToken }) => [
    ...secrets.map(({ ref }) => ref), // one that has ended is still nobody else's to read
    ...(verifyToken === undefined ? [] : [verifyToken]),
  ])
  const secrets = [...new Set(refs)].flatMap(ref => {
    const secret = resolveSecret(ref, sources)
    return 'problem' in secret ? [] : [secret.bytes]
  })
  return new Leaks(secrets)
}
