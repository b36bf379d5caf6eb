import type { ProviderSettings } from '../config/settings.ts'
import { resolvePublicKey } from '../secrets/public-key.ts'
import { nameOf, resolveSecret, type SecretSources } from '../secrets/resolve.ts'
import { Secret } from '../secrets/secret.ts'
import type { Millis } from '../units.ts'
import type { CompileOptions } from '../verify/compiled.ts'
import type { Scheme } from '../verify/scheme.ts'
import type { Key } from '../verify/verifier.ts'

/** A provider as explaining sees it: how it signs, and with what. */
export interface Subject {
  readonly name: string
  readonly scheme: Scheme
  readonly options: CompileOptions
  readonly keys: readonly NamedKey[]
  /** Why references give nothing; names them, never what was found there. */
  readonly problems: readonly string[]
}

/** A secret or public key by the reference that the map gives it. */
export interface NamedKey {
  readonly name: string
  readonly secret: Secret
  /** Whether the sender has the same bytes, so that they can have been stored wrongly. */
  readonly shared: boolean
  readonly form: Key['form']
  readonly place: Key['place']
  readonly until: Millis | undefined
}

/** A provider of the map with its secrets resolved; undefined for a sender that cannot prove itself. */
export function subjectOf(one: ProviderSettings, sources: SecretSources): Subject | undefined {
  const { name, scheme, publicUrl, values } = one
  if ('none' in scheme) return undefined
  const read = [...secretsOf(one, sources), ...publicKeyOf(one, sources)]
  return {
    name,
    scheme,
    options: { publicUrl, values },
    keys: read.filter(key => typeof key !== 'string'),
    problems: read.filter(key => typeof key === 'string'),
  }
}

function secretsOf({ secrets }: ProviderSettings, sources: SecretSources): (NamedKey | string)[] {
  return secrets.map(({ ref, until }, index) => {
    const secret = resolveSecret(ref, sources)
    if ('problem' in secret) return secret.problem
    const name = nameOf(ref)
    const place = index === 0 ? 'current' : 'previous'
    return { name, secret, shared: true, form: 'one', place, until }
  })
}

/** Only a running instance calls anybody. */
const FETCHED =
  'its certificate is fetched while serving, and nothing is fetched here: write the URL into `cert_url` and the certificate into `public_key` of a copy of the map'

function publicKeyOf(
  { publicKey, scheme }: ProviderSettings,
  sources: SecretSources,
): (NamedKey | string)[] {
  if (publicKey === undefined) return 'code' in scheme && scheme.code === 'aws-sns' ? [FETCHED] : []
  const { form, text } = publicKey
  const bytes = resolvePublicKey(text, sources)
  if ('problem' in bytes) return [bytes.problem]
  const name = form === 'set' ? 'jwks' : 'public_key'
  const secret = new Secret(bytes)
  return [{ name, secret, shared: false, form, place: 'current', until: undefined }]
}

/** The key as a verifier takes it. */
export function keyOf({ secret, form, place, until }: NamedKey): Key {
  return { bytes: secret.bytes, form, place, until }
}

/** Whether the key still proves something at an instant. */
export function isLive({ until }: NamedKey, now: Millis): boolean {
  return until === undefined || until >= now
}
