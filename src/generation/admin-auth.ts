import type { AdminAuth } from '../config/settings.ts'
import { Fault } from '../errors.ts'
import { resolveSecret, type SecretSources } from '../secrets/resolve.ts'
import { sameAs } from '../verify/same.ts'

/** Whether whoever sends this value of `Authorization` may see what the admin listener shows. */
export type Admits = (authorization: string | undefined) => boolean

/**
 * Reads what the admin listener asks for; undefined where that is nothing. A token is taken as a bearer token, and as the
 * password of any user, because that is what a browser can ask for. Throws a fault where it cannot be read.
 *
 * @see RFC 6750, section 2.1; RFC 7617, section 2
 */
export function adminAdmits(
  auth: AdminAuth | undefined,
  sources: SecretSources,
): Admits | undefined {
  if (auth === undefined) return undefined
  const secret = resolveSecret(auth.secret, sources)
  if ('problem' in secret) throw new Fault('admin_auth', `listen.admin_auth: ${secret.problem}`)
  const { user } = auth
  const same = sameAs(
    user === undefined ? secret.bytes : Buffer.concat([Buffer.from(`${user}:`), secret.bytes]),
  )
  return authorization => {
    const shown = shownBy(authorization ?? '', user === undefined)
    return shown !== undefined && same(shown)
  }
}

/** What is to be compared: a token, or name and password. */
function shownBy(authorization: string, token: boolean): Uint8Array | undefined {
  const [, scheme = '', value = ''] = /^(basic|bearer) ([!-~]{1,1024})$/i.exec(authorization) ?? []
  if (scheme === '') return undefined
  if (scheme.toLowerCase() === 'bearer') return token ? Buffer.from(value, 'latin1') : undefined
  const pair = decoded(value)
  const colon = pair?.indexOf(0x3a) ?? -1
  if (pair === undefined || colon === -1) return undefined
  return token ? pair.subarray(colon + 1) : pair
}

function decoded(base64: string): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(base64, { lastChunkHandling: 'strict' })
  } catch {
    return undefined
  }
}
