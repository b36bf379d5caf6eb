import type { Scheme } from '../verify/scheme.ts'
import type { ProviderSettings } from './settings.ts'

/** Values of an entry that a scheme may name. */
export const NAMED = ['key_id', 'webhook_id', 'cert_url', 'topic_arn', 'username'] as const
/** Keys of an entry that give a sender's public key. */
export const PUBLIC = ['public_key', 'jwks'] as const

/** What the entry of a provider has to give for its scheme, and may give. */
export interface Demands {
  /** What proves the sender. */
  readonly proof: 'secret' | 'public_key' | 'public_key or jwks' | 'certificate' | 'nothing'
  readonly named: readonly (typeof NAMED)[number][]
  /** Whether what the sender called is signed. */
  readonly url: boolean
}

/** Read from the scheme's own words, so that an entry can be checked even where its scheme has faults. */
export function demandsOf(signing: ProviderSettings['scheme']): Demands {
  if ('none' in signing) return { proof: 'nothing', named: [], url: false }
  const names = new Set(
    [...templatesOf(signing).matchAll(/\{(?<name>[a-z_]+)[|}]/g)].map(({ groups }) => groups?.name),
  )
  if (signing.alg === 'basic') names.add('username')
  if (signing.code === 'aws-sns') names.add('cert_url')
  return {
    proof: proofOf(signing),
    named: NAMED.filter(name => names.has(name)),
    url: names.has('url'),
  }
}

/** Every template of a scheme, one a line. */
export function templatesOf({
  items = [],
  sign = '',
  key = '',
  timestamp,
  ...rest
}: Scheme): string {
  const { require = [], claims = {} } = rest
  const claimed = Object.values(claims).map(claim => (typeof claim === 'string' ? claim : claim.is))
  return [...items, sign, key, timestamp?.from ?? '', ...require.flat(), ...claimed].join('\n')
}

function proofOf({ alg, algs = [], code }: Scheme): Demands['proof'] {
  if (code === 'aws-sns') return 'certificate'
  if (alg === 'jwt') return algs.some(name => !/^HS/.test(name)) ? 'public_key or jwks' : 'secret'
  return /^(?:ed25519|ecdsa|rsa)/.test(alg) ? 'public_key' : 'secret'
}
