import type { Scheme } from '../verify/scheme.ts'

/** A key of a provider's entry that a scheme takes something from. */
export type Need =
  | 'secret'
  | 'username'
  | 'key_id'
  | 'webhook_id'
  | 'cert_url'
  | 'topic_arn'
  | 'public_key'
  | 'jwks'
  | 'public_url'

const NAMED = ['key_id', 'webhook_id', 'cert_url', 'topic_arn'] as const

/** What an entry of the map must give a scheme, computed from it. Of `jwks` and `public_key` a JWT takes either. */
export function needsOf(scheme: Scheme): readonly Need[] {
  const { alg, algs = [], items = [], sign = '', key = '', require = [], claims = {} } = scheme
  const claimed = Object.values(claims).map(claim => (typeof claim === 'string' ? claim : claim.is))
  const text = [...items, sign, key, ...require.flat(), ...claimed].join('\n')
  const named = NAMED.filter(name => text.includes(`{${name}}`))
  const url: Need[] = /\{url[}|]/.test(text) ? ['public_url'] : []
  return [...keysOf(alg, algs), ...named, ...url]
}

function keysOf(alg: string, algs: readonly string[]): Need[] {
  if (alg === 'basic') return ['username', 'secret']
  if (alg === 'jwt') return algs.every(name => name.startsWith('HS')) ? ['secret'] : ['jwks']
  return /^(?:ed25519|ecdsa|rsa)/.test(alg) ? ['public_key'] : ['secret']
}
