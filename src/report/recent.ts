import type { RejectReason } from '../reasons.ts'
import type { Millis } from '../units.ts'
import type { Settled } from './settled.ts'

/** So many are remembered, of each kind. */
const MOST = 50

/** A cause that was found for one of them. */
export interface Found {
  readonly code: string
  readonly detail: string
}

/** A request that was refused or came to nothing. */
export interface Refusal {
  /** Wall clock. */
  readonly at: Millis
  readonly end: Settled & { readonly reason: RejectReason }
  readonly findings: readonly Found[]
}

/**
 * The last requests that were refused or came to nothing. Those without a route are kept apart, so that scanners do not
 * push out what matters. Nothing is made for it: what an exchange told is kept a while longer.
 */
export class Recent {
  readonly #refusals = new Ring()
  readonly #strays = new Ring()

  saw(end: Settled, at: Millis): void {
    if (end.reason === undefined) return
    const ring = end.provider === 'none' ? this.#strays : this.#refusals
    ring.put(end, at)
  }

  /** What was found for one of them, if it is still remembered. */
  explained(requestId: string, findings: readonly Found[]): void {
    this.#refusals.note(requestId, findings)
  }

  /** Of providers, newest first. */
  get refusals(): readonly Refusal[] {
    return this.#refusals.list()
  }

  /** Of what matched no route, newest first. */
  get strays(): readonly Refusal[] {
    return this.#strays.list()
  }
}

class Ring {
  readonly #ends: (Settled | undefined)[] = Array<undefined>(MOST).fill(undefined)
  readonly #times = new Float64Array(MOST)
  readonly #findings: (readonly Found[] | undefined)[] = Array<undefined>(MOST).fill(undefined)
  #next = 0

  put(end: Settled, at: Millis): void {
    this.#ends[this.#next] = end
    this.#times[this.#next] = at
    this.#findings[this.#next] = undefined
    this.#next = (this.#next + 1) % MOST
  }

  note(requestId: string, findings: readonly Found[]): void {
    const at = this.#ends.findIndex(end => end?.requestId === requestId)
    if (at !== -1) this.#findings[at] = findings
  }

  list(): Refusal[] {
    const out: Refusal[] = []
    for (let i = 1; i <= MOST; i++) {
      const at = (this.#next - i + MOST) % MOST
      const end = this.#ends[at]
      if (end === undefined || end.reason === undefined) break
      out.push({
        at: this.#times[at] ?? 0,
        end: { ...end, reason: end.reason },
        findings: this.#findings[at] ?? [],
      })
    }
    return out
  }
}
