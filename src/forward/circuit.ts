import type { Clock, Timer } from '../clock.ts'
import type { Millis } from '../units.ts'

/** Who waits for the upstream to come back. */
export interface CircuitWaiter {
  /** When its wait began: who came first goes first. */
  readonly since: Millis
  /** The upstream is back. */
  resumed(): void
}

/** A question to the upstream that is under way. */
export interface Asked {
  /** The answer is not wanted any more. */
  cancel(): void
}

/** What a circuit is made of. */
export interface CircuitOptions {
  readonly clock: Clock
  /** Asks the upstream whether it is there; `told` is called later, at most once. */
  readonly probe: (told: (alive: boolean) => void) => Asked
  /**
   * The circuit opened, or closed again.
   *
   * @param cause why it opened
   */
  readonly changed: (open: boolean, cause?: string) => void
}

/** How often the upstream is asked while it is away. */
const EVERY: Millis = 250
/** How long one question may take; the next does not wait for it. */
const WITHIN: Millis = 2000
const UNANSWERED = '/healthcheck was not answered, or with a 5xx'

/**
 * Whether deliveries are handed to the upstream at all. It opens on failed connects and failed probes only: a status
 * code or one late flow says nothing of the upstream as a whole, so a late answer has it asked.
 */
export class Circuit {
  readonly #options: CircuitOptions
  #state: 'closed' | 'suspected' | 'open' | 'ended' = 'closed'
  readonly #waiters = new Set<CircuitWaiter>()
  readonly #questions = new Set<Question>()
  #next: Timer | undefined
  #lastAsked: Millis = Number.NEGATIVE_INFINITY

  constructor(options: CircuitOptions) {
    this.#options = options
  }

  /** Nothing is to be handed over now. */
  get open(): boolean {
    return this.#state === 'open'
  }

  /** For the gauge: 0 closed, 1 closed while a late answer is looked into, 2 open. */
  get level(): 0 | 1 | 2 {
    if (this.#state === 'open') return 2
    return this.#state === 'suspected' ? 1 : 0
  }

  /**
   * A connect failed.
   *
   * @param cause for the operator's log
   */
  failed(cause: string): void {
    if (this.#state === 'open' || this.#state === 'ended') return
    this.#state = 'open'
    this.#options.changed(true, cause)
    this.#askSoon()
  }

  /** An answer is late: perhaps one flow's, perhaps everybody's. */
  suspect(): void {
    if (this.#state !== 'closed') return
    this.#state = 'suspected'
    this.#askSoon()
  }

  /** Waits until the circuit closes. */
  wait(waiter: CircuitWaiter): void {
    this.#waiters.add(waiter)
  }

  /** Stops waiting; does nothing for one who does not wait. */
  abandon(waiter: CircuitWaiter): void {
    this.#waiters.delete(waiter)
  }

  /** Asks nobody any more. */
  end(): void {
    this.#state = 'ended'
    this.#stopAsking()
  }

  /** @package the time for the next question has come */
  ask(): void {
    const { clock, probe } = this.#options
    this.#lastAsked = clock.now()
    const question = new Question(this, clock)
    this.#questions.add(question)
    question.asked = probe(alive => this.told(question, alive))
    if (this.open) this.#next = clock.after(EVERY, askNext, this)
  }

  /** @package what came of one question */
  told(question: Question, alive: boolean): void {
    if (!this.#questions.delete(question)) return
    question.over()
    if (!alive) return this.failed(UNANSWERED)
    const wasOpen = this.open
    this.#stopAsking()
    this.#state = 'closed'
    if (wasOpen) this.#resume()
  }

  /** At once, unless the last question was just now: a connect that fails between two probes must not make a loop. */
  #askSoon(): void {
    const { clock } = this.#options
    this.#next?.cancel()
    const wait = this.#lastAsked + EVERY - clock.now()
    if (wait > 0) this.#next = clock.after(wait, askNext, this)
    else this.ask()
  }

  #stopAsking(): void {
    this.#next?.cancel()
    this.#next = undefined
    for (const question of this.#questions) question.over()
    this.#questions.clear()
  }

  /** Who is refused or held up by a limit meanwhile is so by itself: nobody passes the limits for having waited here. */
  #resume(): void {
    this.#options.changed(false)
    const waiters = [...this.#waiters].sort((a, b) => a.since - b.since)
    this.#waiters.clear()
    for (const waiter of waiters) waiter.resumed()
  }
}

/** One question, and the time it may take. */
class Question {
  asked: Asked | undefined
  readonly #deadline: Timer

  constructor(circuit: Circuit, clock: Clock) {
    this.#deadline = clock.after(WITHIN, () => circuit.told(this, false), undefined)
  }

  over(): void {
    this.#deadline.cancel()
    this.asked?.cancel()
  }
}

function askNext(circuit: Circuit): void {
  circuit.ask()
}
