import type { ProviderSettings } from '../config/settings.ts'
import { Fault } from '../errors.ts'
import { isLive, subjectOf } from '../explain/subject.ts'
import { readPrivateKey } from '../sign/seal.ts'
import type { Signer } from '../sign/sign.ts'
import { compileScheme } from '../verify/compile.ts'
import { bytesAt, type World } from './asked.ts'

/** What a provider is signed for with. */
export interface SigningKey {
  /** File of a private key in PEM; undefined where a secret signs. */
  readonly key?: string | undefined
  /** Whether the first previous secret signs instead of the current one. */
  readonly previous: boolean
}

/** How a provider's sender signs, with the map's own secret. Throws a fault where nothing can be signed. */
export function signerOf(provider: ProviderSettings, given: SigningKey, world: World): Signer {
  const { scheme, name } = provider
  const subject = subjectOf(provider, world.sources)
  if ('none' in scheme || subject === undefined) {
    throw new Fault(
      'unsigned',
      `${name} cannot prove itself, so there is nothing to sign: send it as it is`,
    )
  }
  const compiled = compileScheme(scheme, provider)
  if (Array.isArray(compiled))
    throw new Error(`the scheme of ${name} was checked before it came here`)
  if (compiled.proves === 'public_key') {
    const privateKey = given.key === undefined ? undefined : privateKeyAt(given.key)
    return { scheme, compiled, secret: undefined, privateKey }
  }
  const wanted = given.previous ? 'previous' : 'current'
  const key = subject.keys.find(one => one.place === wanted && isLive(one, world.now))
  if (key === undefined) {
    const why =
      subject.problems.length === 0 ? `it has no ${wanted} secret` : subject.problems.join('; ')
    throw new Fault('secret_unavailable', `${name}: ${why}`)
  }
  return { scheme, compiled, secret: key.secret.bytes, privateKey: undefined }
}

function privateKeyAt(file: string) {
  try {
    return readPrivateKey(bytesAt(file))
  } catch (error) {
    if (error instanceof Fault) throw error
    throw new Fault('key', `--key: ${file} is no private key in PEM, or needs a passphrase`, {
      cause: error,
    })
  }
}
