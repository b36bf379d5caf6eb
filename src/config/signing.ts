import type * as z from 'zod'
import { type Bytes, formatMillis } from '../units.ts'
import type { Scheme } from '../verify/scheme.ts'
import { NAMED } from './demands.ts'
import type { Salvaged } from './salvage.ts'
import type { ProviderValues } from './schema.ts'
import type { scheme as schemeSchema } from './scheme.ts'
import type { ProviderSettings } from './settings.ts'

/** How a sender signs, or why it cannot. */
export type Signing = ProviderSettings['scheme']

type Provider = Salvaged<ProviderValues>

/** Whether the signature covers the body: only then can a repetition be told from another event. */
export function coversBody(signing: Signing): boolean {
  if ('none' in signing || signing.each !== undefined) return false
  const { from, sign = '', require = [], claims = {} } = signing
  const claimed = Object.values(claims).map(claim => (typeof claim === 'string' ? claim : claim.is))
  const fed = [sign, ...require.flat(), ...claimed].some(text =>
    /(^|[^\\])(\\\\)*\{body[|}]/.test(text),
  )
  const parsed = /(^|[^\\])(\\\\)*\{(sorted-form[|:}]|sns[|}])/.test(sign)
  return fed || parsed || [from].flat().includes('body') || signing.code === 'truelayer'
}

/** A scheme of the map in the form that verifiers are compiled from. */
export function schemeOf(values: z.output<typeof schemeSchema>): Signing {
  if ('none' in values) return values
  const { timestamp, max_age: maxAge, ...rest } = values
  return {
    ...rest,
    ...(maxAge === undefined ? {} : { max_age: formatMillis(maxAge) }),
    ...(timestamp === undefined
      ? {}
      : { timestamp: { ...timestamp, tolerance: formatMillis(timestamp.tolerance) } }),
  }
}

/** What `cert_url` says where certificates are fetched. */
const FETCH = 'fetch'

/** The scheme of an entry whose certificates are fetched: any that Amazon has for the topic's region will do. */
export function fetching<S extends Signing>(signing: S, { cert_url: url }: Provider): S | Scheme {
  if (url !== FETCH || 'none' in signing || signing.sign !== '{sns}') return signing
  const require = (signing.require ?? []).filter(pair => !pair.includes('{cert_url}'))
  return { ...signing, require, code: 'aws-sns' }
}

/** Amazon takes messages of 256 KiB, and escapes them: twice as long at most, and what is around them. */
const LONGEST_FETCHED: Bytes = 544 * 1024

/** The longest body that a sender has any use for. What waits for a certificate is held before anything is proven. */
export function longest(signing: Signing): Bytes {
  const fetched = !('none' in signing) && signing.code === 'aws-sns'
  return fetched ? LONGEST_FETCHED : Number.POSITIVE_INFINITY
}

/** Whether an entry wants certificates fetched for a sender for which nothing is. */
export function fetchesInVain(signing: Signing, { cert_url: url }: Provider): boolean {
  return url === FETCH && ('none' in signing || signing.code !== 'aws-sns')
}

/** The values of an entry that a scheme may name. */
export function valuesOf(provider: Provider): ProviderSettings['values'] {
  return Object.fromEntries(
    NAMED.flatMap(name => {
      const value = provider[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

/** The public key of an entry, or its set of keys. */
export function publicKeyOf(provider: Provider): ProviderSettings['publicKey'] {
  if (provider.jwks !== undefined) return { form: 'set', text: provider.jwks }
  return provider.public_key === undefined ? undefined : { form: 'one', text: provider.public_key }
}

/** The scheme with the format that the entry says its key has. */
export function formatted(signing: Scheme, provider: Provider): Scheme {
  const { key_format: format } = provider
  return format === undefined || provider.public_key === undefined
    ? signing
    : { ...signing, key_format: format }
}
