/** Why a body is not forwarded although its sender may have sent it. */
export interface Flaw {
  readonly reason: 'malformed_body' | 'body_too_large_inflated'
  /** What the operator is told; nothing of what the sender wrote. */
  readonly detail: string
}

export function malformed(detail: string): Flaw {
  return { reason: 'malformed_body', detail }
}
