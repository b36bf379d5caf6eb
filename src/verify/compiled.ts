import type { Millis } from '../units.ts'
import type { HashName, JwtAlg, Kind, SignatureAlg } from './alg.ts'
import type { Encoding } from './decode.ts'
import type { DigestName } from './digest.ts'
import type { Filter } from './filters.ts'
import type { ItemRules } from './items.ts'
import type { JsonTree } from './json-scanner.ts'
import type { Configured } from './names.ts'
import type { Place } from './place.ts'
import type { Scheme, SchemeTime } from './scheme.ts'
import type { Part } from './template.ts'
import type { Verifier } from './verifier.ts'

/** A scheme ready to be bound to keys: every template parsed, every name resolved. */
export interface CompiledScheme {
  readonly kind: Kind
  readonly decides: Verifier['decides']
  /** What proves the sender: a secret shared with it, or the public half of its own. */
  readonly proves: 'secret' | 'public_key'
  /** Whether the signature covers the body, so that replay memory can rest on it. */
  readonly signsBody: boolean
  /** Whether a time is signed that tells how far a sender's clock is off. */
  readonly timed: boolean
  /** How far a signed time may be off; undefined where none is signed. */
  readonly toleranceMs: Millis | undefined
  /** Where a token travels in clear, so that forwarding can strip it: headers in lower case, query parameters. */
  readonly credentials: { readonly headers: readonly string[]; readonly query: readonly string[] }
  /** The same for equal schemes in every process; tolerance does not enter. */
  readonly fingerprint: string
  /** Where the signature may be; at least one. */
  readonly from: readonly Place[]
  readonly items: ItemRules
  readonly encoding: Encoding
  /** For node:crypto, where `kind` is `hmac` or `hash`. */
  readonly hash: HashName
  /** Where `kind` is `signature`. */
  readonly signature: SignatureAlg | undefined
  readonly keyFormat: NonNullable<Scheme['key_format']>
  readonly sign: SignedBytes
  readonly key: readonly Part[]
  readonly time: SignedTime | undefined
  readonly require: readonly Equality[]
  /** Digests of the body that `require` or claims ask for: they run while it arrives. */
  readonly digests: readonly DigestName[]
  /** What is read of a JSON body; undefined where nothing is. */
  readonly json: JsonTree | undefined
  readonly each: Each | undefined
  readonly jwt: JwtRules | undefined
  /** Where `kind` is `basic`. */
  readonly username: string
  /** A step that no template says. */
  readonly code: Scheme['code']
}

/** What is signed: parts around at most one body. */
export interface SignedBytes {
  readonly before: readonly Part[]
  /** Undefined where the body is not signed; else what is done to it. */
  readonly body: readonly Filter[] | undefined
  readonly after: readonly Part[]
}

export interface SignedTime {
  readonly from: readonly Part[]
  readonly unit: SchemeTime['unit']
  readonly tolerance: Millis
  readonly inBody: boolean
  /** A header that has to list the header of the time as signed; undefined where `sign` names the time itself. */
  readonly listedBy: string | undefined
}

/** Two templates that must come to the same. */
export interface Equality {
  readonly left: readonly Part[]
  readonly right: readonly Part[]
  readonly inBody: boolean
}

/** A batch of which every element is verified for itself. */
export interface Each {
  /** Finds the array in the body. */
  readonly array: JsonTree
  /** Finds the fields in an element. */
  readonly fields: JsonTree
}

/** What a JWT must be like. */
export interface JwtRules {
  readonly algs: readonly JwtAlg[]
  readonly claims: readonly ClaimRule[]
  /** The oldest `iat`; undefined where `exp` alone ends a token. */
  readonly maxAge: Millis | undefined
  /** What is read of a payload. */
  readonly payload: JsonTree
}

export interface ClaimRule {
  readonly name: string
  readonly is: readonly Part[]
  /** Whether it is required with a body, and refused without one. */
  readonly whenBody: boolean
  readonly inBody: boolean
}

/** What a scheme cannot know of itself: an entry of the map, or as much of it as is known. */
export interface CompileOptions {
  /** What senders call, such as `https://hooks.example.com`; needed by `{url}`. */
  readonly publicUrl?: string | undefined
  /** What templates such as `{key_id}` come to; needed where they stand. */
  readonly values?: Configured | undefined
}
