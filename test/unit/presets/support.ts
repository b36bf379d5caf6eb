import assert from 'node:assert/strict'
import { exampleEntry } from '../../../src/commands/provider-pages.ts'
import { Head } from '../../../src/head.ts'
import { PRESETS, type Preset } from '../../../src/presets/presets.ts'
import type { Verdict } from '../../../src/reasons.ts'
import { bindVerifier } from '../../../src/verify/bind.ts'
import { compileScheme } from '../../../src/verify/compile.ts'
import { keyProblem } from '../../../src/verify/key.ts'
import type { Scheme } from '../../../src/verify/scheme.ts'
import type { Proof, Verifier } from '../../../src/verify/verifier.ts'
import type { Outgoing, Sender } from '../../signers/sender.ts'
import { SENDERS } from '../../signers/senders.ts'

/** What every sender of these tests calls. */
export const PUBLIC_URL = 'https://hooks.example.com'
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

/** The example entries of some presets as one map. */
export function exampleMap(names: readonly string[]): string {
  const entries = names.map((name, i) => {
    const entry = exampleEntry(name, PRESETS[name] as Preset)
    // each its own flow: one flow belongs to one provider
    return entry
      .replace(/[0-9a-f]{8}(?=-)/, i.toString(16).padStart(8, '0'))
      .replace(/^(?=.)/gm, '  ')
  })
  return `version: 1
upstream: http://127.0.0.1:3000
listen: { tls: [{ cert: a, key: b }] }
providers:
${entries.join('')}`
}

/** What an entry of the map gives a preset. */
interface Given {
  readonly secret: string
  readonly values?: Readonly<Record<string, string>> | undefined
  readonly publicUrl?: string | undefined
}

export function verifierOf(preset: string, { secret, values = {}, publicUrl }: Given): Verifier {
  const compiled = compileScheme(PRESETS[preset]?.scheme as Scheme, { publicUrl, values })
  assert(!Array.isArray(compiled), `${preset}: ${JSON.stringify(compiled)}`)
  const bytes = Buffer.from(values.public_key ?? values.jwks ?? secret)
  const form = values.jwks === undefined ? 'one' : 'set'
  assert.equal(keyProblem(compiled, bytes, form), undefined, preset)
  return bindVerifier(compiled, [{ bytes, form, place: 'current', until: undefined }])
}

export function pair(name: string): Pair {
  const [preset, sender] = [PRESETS[name], SENDERS[name]]
  assert(preset && sender, `${name} has a preset and a signer`)
  return { preset, sender, verifier: verifierOf(name, { ...sender, publicUrl: PUBLIC_URL }) }
}

/** What the sender makes of a text, signed now unless said. */
export function request(sender: Sender, text: string, change: Partial<Outgoing> = {}): Request {
  const { now = NOW, url = PUBLIC_URL + TARGET } = change
  const body = Buffer.from(sender.compose?.(text, now) ?? text)
  const signed = sender.sign({
    body,
    secret: sender.secret,
    now,
    method: 'POST',
    url,
    values: sender.values ?? {},
    seal: signature => signature,
    ...change,
  })
  return {
    headers: signed.headers,
    target: signed.target ?? new URL(url).pathname,
    body: signed.body ?? body,
  }
}

/** What the verifier makes of a request. The body comes in two pieces where it can be cut. */
export function verdict(
  verifier: Verifier,
  { headers, target, body }: Request,
  now = NOW,
  method = 'POST',
): { verdict: Verdict; proof?: Proof | undefined } {
  const check = verifier.open(new Head(method, target, headers.flat()), now)
  if (typeof check === 'string') return { verdict: check }
  const half = body.length >> 1
  const held = [body.subarray(0, half), body.subarray(half)].filter(chunk => chunk.length > 0)
  for (const chunk of held) check.update(chunk)
  return { verdict: check.final(held), proof: check.proof }
}
