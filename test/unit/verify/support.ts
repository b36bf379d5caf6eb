import assert from 'node:assert/strict'
import { Head } from '../../../src/head.ts'
import { PRESETS } from '../../../src/presets/presets.ts'
import type { Verdict } from '../../../src/reasons.ts'
import { bindVerifier } from '../../../src/verify/bind.ts'
import { compileScheme } from '../../../src/verify/compile.ts'
import type { CompiledScheme, CompileOptions } from '../../../src/verify/compiled.ts'
import type { Scheme } from '../../../src/verify/scheme.ts'
import type { Key, Proof, Verifier } from '../../../src/verify/verifier.ts'

/** The scheme that DESIGN's example map gives to `acme-erp`. */
const ACME: Scheme = {
  alg: 'hmac-sha256',
  from: 'header:x-acme-signature',
  items: ['v1={sig}'],
  sign: '{header:x-acme-timestamp}.{body}',
  timestamp: { from: '{header:x-acme-timestamp}', unit: 's', tolerance: '5m' },
}

/** The scheme of a preset, or of the custom sender. */
export function schemeOf(name: string): Scheme {
  const scheme = name === 'acme-erp' ? ACME : PRESETS[name]?.scheme
  assert(scheme, name)
  return scheme
}

export function compiled(scheme: Scheme, options?: CompileOptions): CompiledScheme {
  const result = compileScheme(scheme, options)
  assert(!Array.isArray(result), JSON.stringify(result))
  return result
}

export function key(secret: string | Uint8Array, rest: Partial<Key> = {}): Key {
  return { bytes: Buffer.from(secret), place: 'current', until: undefined, ...rest }
}

export function bound(scheme: Scheme, ...secrets: (string | Key)[]): Verifier {
  const keys = secrets.map(secret => (typeof secret === 'string' ? key(secret) : secret))
  return bindVerifier(compiled(scheme), keys)
}

/** One delivery as a sender makes it. */
export interface Sent {
  readonly headers: readonly (readonly [string, string])[]
  readonly body?: string | Uint8Array
  readonly now?: number
  readonly method?: string
  readonly target?: string
  /** Where the body is cut; each cut counts from the start. */
  readonly cuts?: readonly number[]
}

/** What a verifier says of a delivery, and on what it rests. */
export function judge(
  verifier: Verifier,
  sent: Sent,
): { verdict: Verdict; proof?: Proof | undefined; skew?: number | undefined } {
  const { headers, body = '', now = 0, method = 'POST', target = '/in/x', cuts = [] } = sent
  const check = verifier.open(new Head(method, target, headers.flat()), now)
  if (typeof check === 'string') return { verdict: check }
  const bytes = Buffer.from(body)
  const held: Uint8Array[] = []
  const ends = [...cuts.filter(cut => cut < bytes.length).sort((a, b) => a - b), bytes.length]
  let start = 0
  for (const end of ends) {
    const chunk = bytes.subarray(start, end)
    check.update(chunk)
    held.push(chunk)
    start = end
  }
  const verdict = check.final(held)
  return { verdict, proof: check.proof, skew: check.skew }
}
