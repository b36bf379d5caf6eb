import assert from 'node:assert/strict'
import { Head } from '../../../src/head.ts'
import { PRESETS, type Preset } from '../../../src/presets/presets.ts'
import type { Verdict } from '../../../src/reasons.ts'
import { bindVerifier } from '../../../src/verify/bind.ts'
import { compileScheme } from '../../../src/verify/compile.ts'
import type { Proof, Verifier } from '../../../src/verify/verifier.ts'
import type { Outgoing, Sender } from '../../signers/sender.ts'
import { SENDERS } from '../../signers/senders.ts'

/** What every sender of these tests calls. */
const PUBLIC_URL = 'https://hooks.example.com'
export const NOW = Date.UTC(2026, 0, 2, 3, 4, 5)
const TARGET = '/in/sender'

/** One request as it goes over the wire. */
export interface Request {
  readonly headers: readonly (readonly [string, string])[]
  readonly target: string
  readonly body: Buffer
}

/** A preset bound to what its sender was given, and that sender. */
export interface Pair {
  readonly preset: Preset
  readonly sender: Sender
  readonly verifier: Verifier
}

export function pair(name: string): Pair {
  const preset = PRESETS[name]
  const sender = SENDERS[name]
  assert(preset && sender, `${name} has a preset and a signer`)
  const compiled = compileScheme(preset.scheme, { publicUrl: PUBLIC_URL })
  assert(!Array.isArray(compiled), `${name}: ${JSON.stringify(compiled)}`)
  const key = { bytes: Buffer.from(sender.secret), place: 'current', until: undefined } as const
  return { preset, sender, verifier: bindVerifier(compiled, [key]) }
}

/** What the sender makes of a text, signed now unless said. */
export function request(sender: Sender, text: string, change: Partial<Outgoing> = {}): Request {
  const now = change.now ?? NOW
  const body = Buffer.from(sender.compose?.(text, now) ?? text)
  const signed = sender.sign({
    body,
    secret: sender.secret,
    now,
    method: 'POST',
    url: PUBLIC_URL + TARGET,
    values: sender.values ?? {},
    seal: signature => signature,
    ...change,
  })
  return {
    headers: signed.headers,
    target: signed.target ?? TARGET,
    body: signed.body ?? body,
  }
}

/** What the verifier makes of a request. The body comes in two pieces where it can be cut. */
export function verdict(
  verifier: Verifier,
  { headers, target, body }: Request,
  now = NOW,
): { verdict: Verdict; proof?: Proof | undefined } {
  const check = verifier.open(new Head('POST', target, headers.flat()), now)
  if (typeof check === 'string') return { verdict: check }
  const half = body.length >> 1
  const held = [body.subarray(0, half), body.subarray(half)].filter(chunk => chunk.length > 0)
  for (const chunk of held) check.update(chunk)
  return { verdict: check.final(held), proof: check.proof }
}
