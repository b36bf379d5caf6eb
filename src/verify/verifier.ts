import type { Head } from '../head.ts'
import type { RejectReason, Verdict } from '../reasons.ts'
import type { Millis } from '../units.ts'
import type { Told } from './told.ts'

/** A signature scheme bound to its secrets: one per provider, immutable, shared by all requests. */
export interface Verifier {
  /**
   * When it can judge: computed from the templates, shown by `check --effective`. `at_head` needs no body, `at_end` is
   * fed while the body arrives, `over_whole_body` has to see all of it at once.
   */
  readonly decides: 'at_head' | 'at_end' | 'over_whole_body'
  /**
   * Reads the claim from the head. Refuses here whatever needs no body.
   *
   * @param now wall clock, milliseconds since 1970
   */
  open(head: Head, now: Millis): Check | RejectReason
}

/** One delivery under verification: `update` for each chunk in order, then `final` once. */
export interface Check {
  update(chunk: Uint8Array): void
  /** What has to be fetched before `final`; absent, or undefined, where nothing has to be, or would help. */
  wanted?(held: readonly Uint8Array[]): string | undefined
  /** @param held every chunk again, for schemes that cannot judge a stream */
  final(held: readonly Uint8Array[]): Verdict
  /** After a clean verdict: which secret matched, and what replay memory keys on. */
  readonly proof: Proof | undefined
  /** Signed time less our own, for the skew metric; undefined where no time is signed. */
  readonly skew: Millis | undefined
  /** Set where nothing in the head claims to be proven: refused at once where its address is over its limit. */
  readonly unclaimed?: true | undefined
  /** After a clean verdict: what is answered instead of forwarding anything. */
  readonly told?: Told | undefined
}

/** What a clean verdict rests on. */
export interface Proof {
  readonly secret: 'current' | 'previous'
  /** Scheme, decoded signature (as latin-1 text) and signed time; undefined where the signature does not cover the body. */
  readonly replay: string | undefined
}

/** A secret or a public key as a verifier takes it: bytes, its place in the list, and when it ends. */
export interface Key {
  readonly bytes: Uint8Array
  /** `set` where the bytes are a set of public keys (RFC 7517); one key or secret when absent. */
  readonly form?: 'one' | 'set' | undefined
  /** The first secret of a provider is `current`, any other `previous`. */
  readonly place: 'current' | 'previous'
  /** Wall clock after which it proves nothing; undefined when it does not end. */
  readonly until: Millis | undefined
}
