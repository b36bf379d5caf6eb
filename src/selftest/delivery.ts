import { Head } from '../head.ts'
import type { Verdict } from '../reasons.ts'
import type { Millis } from '../units.ts'
import type { bindVerifier } from '../verify/bind.ts'
import type { compileScheme } from '../verify/compile.ts'
import { CONFIGURED } from '../verify/names.ts'
import type { Scheme } from '../verify/scheme.ts'
import type { Key, Verifier } from '../verify/verifier.ts'
import type { Vector } from './vector.ts'

/** What is put to the test: a planted fault comes in here. */
export interface Machine {
  readonly compileScheme: typeof compileScheme
  readonly bindVerifier: typeof bindVerifier
}

/** One request as it is shown to a verifier. Text is as it goes over the wire. */
export interface Delivery {
  readonly method: string
  readonly target: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Buffer
  readonly secret: string
  /** Values of the entry beside the secret. */
  readonly values: Readonly<Record<string, string>>
  readonly publicUrl: string | undefined
  readonly now: Millis
}

/** Where no time is signed any will do. */
const SOME_DAY: Millis = Date.UTC(2026, 0, 2)
const CUT = 7

export function deliveryOf(vector: Vector): Delivery {
  const { method, target, headers, body, secret, values = {}, time } = vector
  return {
    method,
    target,
    headers,
    body: Buffer.from(body),
    secret,
    values,
    publicUrl: vector.public_url,
    now: time ?? SOME_DAY,
  }
}

/** The verdict on a delivery; a sentence where the scheme does not compile or the key does not fit. */
export function judge(
  machine: Machine,
  scheme: Scheme,
  delivery: Delivery,
): Verdict | { readonly broken: string } {
  try {
    const verifier = bound(machine, scheme, delivery)
    return 'broken' in verifier ? verifier : verdictOf(verifier, delivery)
  } catch (error) {
    return { broken: error instanceof Error ? error.message : String(error) }
  }
}

function bound(
  { compileScheme, bindVerifier }: Machine,
  scheme: Scheme,
  { values, publicUrl, secret }: Delivery,
): Verifier | { readonly broken: string } {
  const named = CONFIGURED.flatMap(name => {
    const value = values[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  const compiled = compileScheme(scheme, { publicUrl, values: Object.fromEntries(named) })
  if (Array.isArray(compiled)) return { broken: compiled[0]?.message ?? 'it does not compile' }
  const { jwks, public_key: publicKey } = values
  const key: Key = {
    bytes: Buffer.from(jwks ?? publicKey ?? secret),
    form: jwks === undefined ? 'one' : 'set',
    place: 'current',
    until: undefined,
  }
  return bindVerifier(compiled, [key])
}

/** The body comes in small pieces, as from a slow sender. */
function verdictOf(verifier: Verifier, { method, target, headers, body, now }: Delivery): Verdict {
  const check = verifier.open(new Head(method, target, headers.flat()), now)
  if (typeof check === 'string') return check
  const held: Buffer[] = []
  for (let at = 0; at < body.length; at += CUT) {
    const chunk = body.subarray(at, at + CUT)
    check.update(chunk)
    held.push(chunk)
  }
  return check.final(held)
}
