import type { Millis } from '../units.ts'
import type { Encoding } from './decode.ts'
import type { Filter } from './filters.ts'
import type { ItemRules } from './items.ts'
import type { Place } from './place.ts'
import type { SchemeTime } from './scheme.ts'
import type { Part, Source } from './template.ts'
import type { Verifier } from './verifier.ts'

/** A scheme ready to be bound to keys: every template parsed, every name resolved. */
export interface CompiledScheme {
  readonly kind: 'hmac' | 'token'
  readonly decides: Verifier['decides']
  /** Whether the signature covers the body, so that replay memory can rest on it. */
  readonly signsBody: boolean
  /** How far a signed time may be off, both ways; undefined where none is signed. */
  readonly toleranceMs: Millis | undefined
  /** Where a token travels in clear, so that forwarding can strip it: headers in lower case, query parameters. */
  readonly credentials: { readonly headers: readonly string[]; readonly query: readonly string[] }
  /** The same for equal schemes in every process; tolerance does not enter. */
  readonly fingerprint: string
  /** Where the signature is. */
  readonly from: Place
  readonly items: ItemRules
  readonly encoding: Encoding
  /** For node:crypto; of no meaning for a token. */
  readonly hash: HmacHash
  readonly sign: SignedBytes
  readonly key: readonly Part[]
  readonly time: SignedTime | undefined
}

/** What is signed: parts of the head around at most one body. */
export interface SignedBytes {
  readonly before: readonly HeadPart[]
  /** Undefined where the body is not signed; else what is done to it, nothing or a hash first. */
  readonly body: readonly Filter[] | undefined
  readonly after: readonly HeadPart[]
}

/** A part that the head alone decides. */
export type HeadPart = Part & { readonly source: Exclude<Source, 'body' | 'secret'> }

export interface SignedTime {
  readonly from: readonly HeadPart[]
  readonly unit: SchemeTime['unit']
  readonly tolerance: Millis
}

/** What a scheme cannot know of itself. */
export interface CompileOptions {
  /** What senders call, such as `https://hooks.example.com`; needed by `{url}`. */
  readonly publicUrl?: string | undefined
}

/** Bytes of a digest by the name node:crypto knows. */
export const HMAC_HASHES = {
  sha1: 20,
  sha256: 32,
  sha384: 48,
  sha512: 64,
  md5: 16,
  'sha3-256': 32,
} as const
export type HmacHash = keyof typeof HMAC_HASHES
