import type { Timer } from '../clock.ts'
import type { Waiter } from '../limit/gate.ts'
import type { LimitStore, Reservation } from '../limit/store.ts'
import type { RejectReason } from '../reasons.ts'
import type { Millis } from '../units.ts'
import type { PaceLimit, Provider } from './route.ts'
import type { Site } from './site.ts'

/** When a sender may try again where no limit knows better. */
export const BUSY: Millis = 5000

/** Who waits for a turn. */
export interface Queued {
  /** Its turn has come, and there is room at Automatisch. */
  admitted(): void
  refused(reason: RejectReason, retryAfter: Millis): void
}

/** One delivery's way to Automatisch: through the rates, then through the gate. */
export class Turn implements Waiter {
  readonly #site: Site
  readonly #provider: Provider
  readonly #queued: Queued
  readonly #since: Millis
  #store: LimitStore | undefined
  #reserved: readonly PaceLimit[] = []
  #inside = false
  #over = false
  #timer: Timer | undefined

  /** @param since when the last byte of the body came: patience counts from there */
  constructor(site: Site, provider: Provider, queued: Queued, since: Millis) {
    this.#site = site
    this.#provider = provider
    this.#queued = queued
    this.#since = since
  }

  /** A proven delivery waits its turn: a genuine burst is shaped, not dropped. */
  wait(): void {
    const { clock, limits } = this.#site
    const now = clock.now()
    const left = Math.max(0, this.#provider.patience - (now - this.#since))
    this.#reserve(limits, this.#provider.proven, now, left)
  }

  /** What nobody proved never waits, spends no provider's limit, and never reaches a shared store. */
  pass(): void {
    const { clock, ownLimits } = this.#site
    this.#reserve(ownLimits, this.#provider.unproven, clock.now(), 0)
  }

  /** Gives back the place at the gate or, where it never got there, what it had reserved. */
  end(now: Millis): void {
    if (this.#over) return
    this.#over = true
    this.#timer?.cancel()
    if (this.#inside) this.#provider.gate.leave()
    else this.#store?.giveBack(this.#reserved, now)
  }

  admitted(): void {
    this.#timer?.cancel()
    this.#inside = true
    this.#queued.admitted()
  }

  /** The rates let it through; at Automatisch there may be no room yet. */
  enter(): void {
    const { gate, patience } = this.#provider
    if (gate.enter(this)) return this.admitted()
    const { clock } = this.#site
    const left = Math.max(0, patience - (clock.now() - this.#since))
    this.#timer = clock.after(left, onImpatient, this)
  }

  giveUp(): void {
    this.#provider.gate.abandon(this)
    this.#queued.refused('concurrency', BUSY)
  }

  #reserve(store: LimitStore, limits: readonly PaceLimit[], now: Millis, patience: Millis): void {
    this.#store = store
    const answer = store.reserve(limits, now, patience)
    if (answer instanceof Promise) void answer.then(late => this.#answered(late, limits))
    else this.#answered(answer, limits)
  }

  #answered({ wait, retryAfter, refusedBy = 0 }: Reservation, limits: readonly PaceLimit[]): void {
    if (wait === undefined) {
      return this.#queued.refused((limits[refusedBy] as PaceLimit).reason, retryAfter)
    }
    this.#reserved = limits
    if (wait > 0) this.#timer = this.#site.clock.after(wait, onTurn, this)
    else if (limits === this.#provider.proven) this.enter()
    else if (this.#provider.gate.tryEnter()) this.admitted()
    else this.#queued.refused('concurrency', BUSY)
  }
}

function onTurn(turn: Turn): void {
  turn.enter()
}

function onImpatient(turn: Turn): void {
  turn.giveUp()
}
