import { nearest } from '../spelling.ts'
import type { Kind } from './alg.ts'
import type { Issues } from './issue.ts'
import type { Scheme } from './scheme.ts'

/** Every key of a scheme. */
export const SCHEME_KEYS = [
  ...['alg', 'from', 'split', 'items', 'encoding', 'sign', 'key', 'timestamp'],
  ...['require', 'each', 'item', 'key_format', 'algs', 'claims', 'max_age'],
]

const CLAIM = ['alg', 'from', 'split', 'items', 'require']
const TEMPLATE = [...CLAIM, 'encoding', 'sign', 'timestamp', 'each', 'item']

/** Keys that mean something for a kind of scheme. */
const TAKEN: Readonly<Record<Kind, readonly string[]>> = {
  hmac: [...TEMPLATE, 'key'],
  hash: TEMPLATE,
  signature: [...TEMPLATE, 'key_format'],
  jwt: [...CLAIM, 'key', 'key_format', 'algs', 'claims', 'max_age'],
  token: [...CLAIM, 'key', 'each', 'item'],
  basic: ['alg', 'from', 'require'],
}

/** Why others would promise more than is done. */
const REASONS: Readonly<Partial<Record<Kind, Readonly<Record<string, string>>>>> = {
  hash: { key: "a plain hash has no key: write {secret} in 'sign'" },
  signature: { key: 'a public key proves the sender: leave this out' },
  jwt: {
    sign: 'a JWT says itself what is signed: leave this out',
    encoding: 'a JWT has its own encoding: leave this out',
    timestamp: "the times of a JWT are its claims: see 'max_age'",
  },
  token: {
    sign: 'a token signs nothing: leave this out',
    encoding: 'a token is not decoded: leave this out',
    timestamp: 'a token signs no time: leave this out',
  },
}

/** Reports keys that mean nothing: such a scheme would promise more than is checked. */
export function checkTaken(scheme: Scheme, kind: Kind | undefined, issues: Issues): void {
  for (const [key, value] of Object.entries(scheme)) {
    if (value === undefined || key === 'code') continue
    if (!SCHEME_KEYS.includes(key)) {
      issues.add(key, 1, `unknown key '${key}'`, nearest(key, SCHEME_KEYS))
    } else if (kind !== undefined && !TAKEN[kind].includes(key)) {
      const message = REASONS[kind]?.[key] ?? `'${key}' means nothing with '${scheme.alg}'`
      issues.add(key, 1, message)
    }
  }
  if (scheme.item !== undefined && scheme.each === undefined) {
    issues.add('item', 1, "'item' is a path within the elements of 'each', which is missing")
  }
}
