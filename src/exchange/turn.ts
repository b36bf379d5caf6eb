import type { Timer } from '../clock.ts'
import type { Circuit, CircuitWaiter } from '../forward/circuit.ts'
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

/**
 * One delivery's way to Automatisch: past the circuit, through the rates, then through the gate. What is proven may wait
 * at each of them, within one budget.
 */
export class Turn implements Waiter, CircuitWaiter {
  readonly since: Millis
  readonly #site: Site
  readonly #provider: Provider
  readonly #queued: Queued
  #store: LimitStore | undefined
  #proven = false
  #repeated = false
  #reserved: readonly PaceLimit[] = []
  #shared = false
  #held = false
  #inside = false
  #over = false
  #timer: Timer | undefined
  /** When its turn comes. */
  #due: Millis = 0

  /** @param since when the last byte of the body came: patience counts from there */
  constructor(site: Site, provider: Provider, queued: Queued, since: Millis) {
    this.#site = site
    this.#provider = provider
    this.#queued = queued
    this.since = since
  }

  /** A proven delivery waits its turn: a genuine burst is shaped, not dropped. */
  wait(): void {
    this.#proven = true
    if (this.#circuit.open) this.#hold()
    else this.#reserve(this.#site.limits, this.#provider.proven, this.#left)
  }

  /** What nobody proved never waits, spends no provider's limit, and never reaches a shared store. */
  pass(): void {
    if (this.#circuit.open) this.#queued.refused('circuit_open', BUSY)
    else this.#reserve(this.#site.ownLimits, this.#provider.unproven, 0)
  }

  /** Whether it may be handed over once more, now that no connection came about. */
  get repeatable(): boolean {
    return this.#proven && !this.#repeated && !this.#over
  }

  /** Once more: Automatisch got nothing of it, so what was spent is given back. */
  repeat(): void {
    this.#repeated = true
    this.#stepBack()
    this.wait()
  }

  /** Gives back the place at the gate or, where it never got there, what it had reserved. */
  end(now: Millis): void {
    if (this.#over) return
    this.#over = true
    this.#timer?.cancel()
    if (this.#held) this.#circuit.abandon(this)
    if (this.#inside) this.#provider.gate.leave()
    else this.#store?.giveBack(this.#reserved, now, this.#shared)
  }

  admitted(): void {
    this.#timer?.cancel()
    this.#inside = true
    if (!this.#circuit.open) return this.#queued.admitted()
    if (!this.#proven) return this.#queued.refused('circuit_open', BUSY)
    this.#stepBack() // it opened meanwhile
    this.#hold()
  }

  /** Its turn has come. What is late, because the process stood still, keeps its distance as long as it has patience. */
  come(): void {
    const distance = this.#site.lateness.hold(this.#due, this.#site.clock.now())
    const more = Math.min(distance, this.#left)
    if (more === 0) this.enter()
    else this.#timer = this.#site.clock.after(more, onTurn, this)
  }

  /** The rates let it through; at Automatisch there may be no room yet. */
  enter(): void {
    if (this.#provider.gate.enter(this)) return this.admitted()
    this.#timer = this.#site.clock.after(this.#left, onImpatient, this)
  }

  resumed(): void {
    this.#held = false
    this.#timer?.cancel()
    this.wait()
  }

  giveUp(): void {
    const held = this.#held
    this.#held = false
    if (held) this.#circuit.abandon(this)
    else this.#provider.gate.abandon(this)
    this.#queued.refused(held ? 'circuit_open' : 'concurrency', BUSY)
  }

  get #circuit(): Circuit {
    return this.#site.upstream.circuit
  }

  /** What is left of its patience. */
  get #left(): Millis {
    return Math.max(0, this.#provider.patience - (this.#site.clock.now() - this.since))
  }

  /** Waits for Automatisch to come back. */
  #hold(): void {
    const left = this.#left
    if (left === 0) return this.#queued.refused('circuit_open', BUSY)
    this.#held = true
    this.#circuit.wait(this)
    this.#timer = this.#site.clock.after(left, onImpatient, this)
  }

  #stepBack(): void {
    const reserved = this.#reserved
    this.#reserved = []
    this.#inside = false
    this.#provider.gate.leave()
    this.#store?.giveBack(reserved, this.#site.clock.now(), this.#shared)
  }

  #reserve(store: LimitStore, limits: readonly PaceLimit[], patience: Millis): void {
    this.#store = store
    const answer = store.reserve(limits, this.#site.clock.now(), patience)
    if (answer instanceof Promise) void answer.then(late => this.#answered(late, limits))
    else this.#answered(answer, limits)
  }

  #wait(time: Millis): void {
    this.#due = this.#site.clock.now() + time
    this.#timer = this.#site.clock.after(time, onTurn, this)
  }

  /** The sender left while a store was asked: entering the gate now would hold a place for ever. */
  #unwanted({ wait, shared }: Reservation, limits: readonly PaceLimit[]): void {
    if (wait !== undefined) this.#store?.giveBack(limits, this.#site.clock.now(), shared)
  }

  #answered(reservation: Reservation, limits: readonly PaceLimit[]): void {
    const { wait, retryAfter, refusedBy = 0 } = reservation
    if (this.#over) return this.#unwanted(reservation, limits)
    if (wait === undefined) {
      return this.#queued.refused((limits[refusedBy] as PaceLimit).reason, retryAfter)
    }
    this.#reserved = limits
    this.#shared = reservation.shared
    if (wait > 0) this.#wait(wait)
    else if (this.#proven) this.enter()
    else if (this.#provider.gate.tryEnter()) this.admitted()
    else this.#queued.refused('concurrency', BUSY)
  }
}

function onTurn(turn: Turn): void {
  turn.come()
}

function onImpatient(turn: Turn): void {
  turn.giveUp()
}
