import assert from 'node:assert'

/** Who waits before a gate. */
export interface Waiter {
  /** It is in: `leave` is owed once. */
  admitted(): void
}

/** Lets at most `capacity` in at once; the others wait in the order they came. */
export class Gate {
  #capacity: number
  #inside = 0
  #admitting = false
  readonly #queue = new Set<Waiter>()
  /** One walk over the queue, kept: starting anew would step over every place given up before. */
  #walk: Iterator<Waiter> | undefined

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get inside(): number {
    return this.#inside
  }

  get waiting(): number {
    return this.#queue.size
  }

  /** More room lets waiters in at once; less is reached as those inside leave. */
  resize(capacity: number): void {
    this.#capacity = capacity
    this.#admit()
  }

  /** True: in, at once. False: queued, and `admitted` is called later. */
  enter(waiter: Waiter): boolean {
    if (this.tryEnter()) return true
    assert(!this.#queue.has(waiter), 'waits already')
    this.#queue.add(waiter)
    return false
  }

  /** True: in. False: full, or others wait; nothing is queued. */
  tryEnter(): boolean {
    if (this.#inside >= this.#capacity || this.#queue.size > 0) return false
    this.#inside++
    return true
  }

  /** Gives a place back; the next in the queue gets it before this returns, unless a waiter is being admitted. */
  leave(): void {
    assert(this.#inside > 0, 'nobody is inside')
    this.#inside--
    this.#admit()
  }

  /** Stops waiting; does nothing for one who does not wait. */
  abandon(waiter: Waiter): void {
    this.#queue.delete(waiter)
  }

  /** A waiter that leaves, or enters again, while it is admitted is served by the outermost loop: no recursion. */
  #admit(): void {
    if (this.#admitting) return
    this.#admitting = true
    try {
      while (this.#inside < this.#capacity) {
        const next = this.#first()
        if (next === undefined) return
        this.#queue.delete(next)
        this.#inside++
        next.admitted()
      }
    } finally {
      this.#admitting = false
    }
  }

  #first(): Waiter | undefined {
    if (this.#queue.size === 0) return undefined
    this.#walk ??= this.#queue.values()
    let step = this.#walk.next()
    if (step.done) {
      this.#walk = this.#queue.values()
      step = this.#walk.next()
    }
    return step.done ? undefined : step.value
  }
}
