import { createHmac } from 'node:crypto'
import { KNOWN } from '../../../src/explain/known.ts'
import type { Scene } from '../../../src/explain/scene.ts'
import type { NamedKey, Subject } from '../../../src/explain/subject.ts'
import { Head } from '../../../src/head.ts'
import { Secret } from '../../../src/secrets/secret.ts'
import type { CompileOptions } from '../../../src/verify/compiled.ts'
import type { Scheme } from '../../../src/verify/scheme.ts'

export const NOW = Date.UTC(2026, 10, 25, 10, 0, 0)
/** Stands in for a secret that nobody may ever see printed. */
export const SECRET = 'correct-horse-battery-staple-0000'

/** The plain case: an HMAC over the body, in hexadecimal, in a header of its own. */
export const PLAIN: Scheme = { alg: 'hmac-sha256', from: 'header:x-acme-signature', sign: '{body}' }

export function key(secret: string, rest: Partial<NamedKey> = {}): NamedKey {
  const name = 'env:ACME_SECRET'
  const whole = { name, shared: true, form: 'one', place: 'current', until: undefined } as const
  return { ...whole, secret: new Secret(Buffer.from(secret)), ...rest }
}

export interface Prepared {
  readonly scheme?: Scheme
  /** What the map has. */
  readonly keys?: readonly NamedKey[]
  readonly options?: CompileOptions
  readonly others?: readonly Subject[]
  readonly headers: readonly (readonly [string, string])[]
  readonly body?: string | Uint8Array
  readonly method?: string
  readonly target?: string
  readonly at?: number
  readonly atKnown?: boolean
  readonly origin?: string
}

/** A delivery as it arrived, before a provider of the map called acme. */
export function scene(prepared: Prepared): Scene {
  const { scheme = PLAIN, keys = [key(SECRET)], options = {}, headers, body = '{}' } = prepared
  const { method = 'POST', target = '/in/acme', at = NOW, atKnown = true } = prepared
  return {
    subject: { name: 'acme', scheme, options, keys, problems: [] },
    others: prepared.others ?? [],
    presets: KNOWN,
    head: new Head(method, target, headers.flat()),
    body: Buffer.from(body),
    origin: prepared.origin,
    at,
    atKnown,
  }
}

export function hmac(hash: string, secret: string | Uint8Array, body: string | Uint8Array): Buffer {
  return createHmac(hash, secret).update(body).digest()
}

/** The header of a sender that signs as PLAIN says. */
export function signed(body: string | Uint8Array, secret: string | Uint8Array = SECRET) {
  return [['X-Acme-Signature', hmac('sha256', secret, body).toString('hex')]] as const
}
