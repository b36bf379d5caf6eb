import type { RejectReason } from '../../../src/reasons.ts'
import type { Reaction } from '../../support/recorder.ts'
import type { Answer, Connection, Pieces } from '../../support/sender.ts'
import type { Stage, StageOptions } from '../stage.ts'

/** What comes of the bytes of one case. */
export interface Expected {
  /** Status of each answer, in order; empty where the connection ends without one. */
  readonly answers: readonly number[]
  /** Reason of each refusal, in any order. */
  readonly reasons: readonly RejectReason[]
  /** What becomes of the connection: kept and still in step, or ended. */
  readonly after: 'keep' | 'close'
  /** The body of each request that the upstream saw, in order. */
  readonly reaches: readonly string[]
}

/** One thing that a stranger may do to the listener. */
export interface Case extends Expected {
  readonly what: string
  /** Bytes on one connection, or what is done on it; text is latin-1. */
  readonly send: string | Pieces | ((connection: Connection, on: Stage) => Promise<unknown>)
  /** How the upstream answers. */
  readonly reaction?: Reaction
  /** Looks closer at the answers. */
  readonly look?: (answers: readonly Answer[], on: Stage) => unknown
}

/** Cases that share a listener. */
export interface Table {
  readonly name: string
  /** A delivery more would change what comes next: whether connections are in step is not tried. */
  readonly still?: boolean
  readonly options?: StageOptions
  readonly cases: readonly Case[]
}

/** Refused for a reason, and nothing of it reaches the upstream. */
export function refused(
  status: number,
  reason: RejectReason,
  after: Expected['after'] = 'keep',
): Expected {
  return { answers: [status], reasons: [reason], after, reaches: [] }
}

/** Refused as no HTTP, with the connection: what follows cannot be told from it. */
export const MALFORMED: Expected = refused(400, 'malformed_http', 'close')
/** Refused as no HTTP; where the next request begins is certain all the same. */
export const CERTAIN: Expected = refused(400, 'malformed_http')

/** Taken: the upstream saw exactly these bodies, and answered 204. */
export function taken(...bodies: readonly string[]): Expected {
  return { answers: bodies.map(() => 204), reasons: [], after: 'keep', reaches: bodies }
}

/** One thing after the other on one connection. */
export function both(first: Expected, second: Expected): Expected {
  return {
    answers: [...first.answers, ...second.answers],
    reasons: [...first.reasons, ...second.reasons],
    after: second.after,
    reaches: [...first.reaches, ...second.reaches],
  }
}

/** The rows of a table: what, bytes, and what comes of them. */
export function rows(
  list: readonly (readonly [what: string, send: Case['send'], expected: Expected])[],
): Case[] {
  return list.map(([what, send, expected]) => ({ what, send, ...expected }))
}
