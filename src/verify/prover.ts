import type { RejectReason } from '../reasons.ts'
import type { Millis } from '../units.ts'
import type { SignedBytes } from './compiled.ts'
import type { Key } from './verifier.ts'

/** How the candidates of a scheme are read, and its keys ready to prove one of them. */
export interface Method {
  readonly provers: readonly Prover[]
  /** More candidates are refused: each costs work of its own. */
  readonly most: number
  /** What a well-formed claim comes to that no key confirms. */
  readonly mismatch: RejectReason
  /** Undefined where the candidate spells no signature. */
  decode(candidate: string): Uint8Array | undefined
}

/** One key. */
export interface Prover {
  readonly place: Key['place']
  readonly until: Millis | undefined
  /** What is signed: the secret is filled in where a scheme mixes it in. */
  readonly sign: SignedBytes
  /** Opens a run over the signed bytes, for every candidate of one delivery. */
  begin(signatures: readonly Uint8Array[]): Proving
}

/** One key at work on one delivery: everything that is signed in order, then `proven` once. */
export interface Proving {
  update(bytes: Uint8Array): void
  /** The signature that holds, the same for all its spellings; undefined where none holds. */
  proven(): Uint8Array | undefined
}

/** The keys that count at an instant; the usual case copies nothing. */
export function liveAt(provers: readonly Prover[], now: Millis): readonly Prover[] {
  const live = ({ until }: Prover) => until === undefined || until >= now
  return provers.every(live) ? provers : provers.filter(live)
}

/** The candidates that spell a signature, or the reason that there are none or too many. */
export function decodeAll(
  { decode, most }: Method,
  candidates: readonly string[],
): Uint8Array[] | RejectReason {
  const signatures: Uint8Array[] = []
  for (const candidate of candidates) {
    const signature = decode(candidate)
    if (signature !== undefined) signatures.push(signature)
  }
  const some = signatures.length > 0 && signatures.length <= most
  return some ? signatures : 'signature_malformed'
}
