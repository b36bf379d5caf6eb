import type { Clock, Timer } from '../clock.ts'
import type { Millis } from '../units.ts'
import { type Loss, lossOf, sameFlows, type WebhookFlow } from './flows.ts'
import type { FlowSource, Look } from './source.ts'

/** What the operator is told. */
export interface WatchTold {
  /** The flows are others than before; the first set that a look found included. */
  changed(flows: readonly WebhookFlow[]): void
  /** A look came about again, or for the first time. */
  up(): void
  /** A look failed, after one that came about or at the start. What is known stays. */
  down(cause: string): void
  /** A look would take away more than anybody tidies up: `looks` in a row say so, and what is known stays. */
  doubted(loss: Loss, looks: number): void
  /** The last of so many looks: now it is believed. */
  believed(loss: Loss): void
  /** Rows that are no flow were left out. */
  odd(rows: number): void
}

/** How it is watched. */
export interface Watching {
  readonly source: FlowSource
  readonly clock: Clock
  readonly every: Millis
  /** What was known before this process; undefined where nothing was. */
  readonly known: readonly WebhookFlow[] | undefined
  readonly told: WatchTold
}

/** At most one look in that time, whoever asks for it. */
const PACE: Millis = 1000
/** How long somebody waits for a look. */
const PATIENCE: Millis = 2000
/** How many may wait at once. */
const WAITING = 1000
/** What takes longer has hung, whatever the network says. */
const LONGEST: Millis = 30_000
/** So many looks, each `every` after the one before, are believed whatever they take away. */
const AGREE = 3

/** Somebody who waits for a look that begins after this. */
interface Waiter {
  readonly since: Millis
  resolve(told: boolean): void
  timer: Timer | undefined
}

/** A look that takes too much away, and how often it was seen. */
interface Doubt {
  readonly mark: string
  readonly flows: readonly WebhookFlow[]
  readonly loss: Loss
  looks: number
  counted: Millis
}

/**
 * Looks for flows every so often, and at once where somebody asks for one that nobody knows. One look at a time, at most one
 * a second. Whatever the source does, what is known stays until a look that is believed says otherwise.
 */
export class FlowWatch {
  /** The set that is believed; undefined before there was any. */
  flows: readonly WebhookFlow[] | undefined
  /** Whether the last look came about. */
  up = false
  readonly #watching: Watching
  readonly #waiting = new Set<Waiter>()
  #mark: string | undefined
  #doubt: Doubt | undefined
  #odd = 0
  #failures = 0
  /** The look that is under way. */
  #looking: object | undefined
  #began = Number.NEGATIVE_INFINITY
  #due: Millis
  #timer: Timer | undefined
  #closed = false

  constructor(watching: Watching) {
    this.#watching = watching
    this.flows = watching.known
    this.#due = watching.clock.now()
    this.#plan()
  }

  /** Whether a look takes too much away to be believed yet. */
  get doubting(): boolean {
    return this.#doubt !== undefined
  }

  /**
   * Waits for a look that begins from now on, up to 2 s. True: what is known is what the source says. False: nobody knows,
   * because no look came about in that time or it is not believed.
   */
  seek(): boolean | Promise<boolean> {
    if (this.#closed || this.#waiting.size >= WAITING) return false
    return new Promise(resolve => {
      const { clock } = this.#watching
      const waiter: Waiter = { since: clock.now(), resolve, timer: undefined }
      waiter.timer = clock.after(PATIENCE, () => this.#tell(waiter, false), undefined)
      this.#waiting.add(waiter)
      this.#plan()
    })
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
    for (const waiter of this.#waiting) this.#tell(waiter, false)
    this.#watching.source.close()
  }

  /** Looks when it is time to. */
  begin(): void {
    if (this.#closed || this.#looking !== undefined) return
    void this.#look()
  }

  #plan(): void {
    if (this.#closed || this.#looking !== undefined) return
    const { clock } = this.#watching
    const now = clock.now()
    const due = this.#waiting.size === 0 ? this.#due : Math.min(this.#due, this.#began + PACE)
    this.#timer?.cancel()
    if (due <= now) this.begin()
    else this.#timer = clock.after(due - now, begin, this)
  }

  async #look(): Promise<void> {
    const { source, clock, every } = this.#watching
    const mine = {}
    this.#looking = mine
    this.#began = clock.now()
    const began = this.#began
    const hung = clock.after(LONGEST, () => this.#hung(mine), undefined)
    const came = await source.look(this.#doubt?.mark ?? this.#mark).then(
      look => ({ look }),
      (error: unknown) => ({ cause: error instanceof Error ? error.message : String(error) }),
    )
    hung.cancel()
    if (this.#looking !== mine || this.#closed) return
    const believed = 'look' in came && this.#came(came.look, began)
    if ('cause' in came) this.#failed(came.cause)
    this.#over(began, believed, this.up ? every : Math.min(every, PACE * 2 ** this.#failures))
  }

  /** A look that hangs is given up: whatever it still says is not heard. */
  #hung(look: object): void {
    if (this.#looking !== look) return
    this.#watching.source.close()
    this.#failed(`no answer within ${LONGEST / 1000} s`)
    this.#over(this.#began, false, this.#watching.every)
  }

  #over(began: Millis, believed: boolean, wait: Millis): void {
    this.#looking = undefined
    this.#due = this.#watching.clock.now() + wait
    for (const waiter of this.#waiting) if (waiter.since <= began) this.#tell(waiter, believed)
    this.#plan()
  }

  #tell(waiter: Waiter, told: boolean): void {
    this.#waiting.delete(waiter)
    waiter.timer?.cancel()
    waiter.resolve(told)
  }

  #failed(cause: string): void {
    const first = this.#failures === 0
    this.#failures++
    this.up = false
    if (first) this.#watching.told.down(cause)
  }

  /** Whether what is known is now what the source says. */
  #came({ mark, flows, odd }: Look, began: Millis): boolean {
    const { told } = this.#watching
    if (!this.up) told.up()
    this.up = true
    this.#failures = 0
    if (flows === undefined) return this.#doubt === undefined || this.#again(this.#doubt, began)
    if (odd > 0 && odd !== this.#odd) told.odd(odd)
    this.#odd = odd
    const loss = this.flows && lossOf(this.flows, flows)
    if (loss === undefined) return this.#believe(mark, flows)
    this.#doubt = { mark, flows, loss, looks: 1, counted: began }
    told.doubted(loss, 1)
    return false
  }

  /** The same as the look that was doubted. Looks that strangers can cause do not hurry it. */
  #again(doubt: Doubt, began: Millis): boolean {
    const { every, told } = this.#watching
    if (began - doubt.counted < every) return false
    doubt.looks++
    doubt.counted = began
    if (doubt.looks < AGREE) {
      told.doubted(doubt.loss, doubt.looks)
      return false
    }
    told.believed(doubt.loss)
    return this.#believe(doubt.mark, doubt.flows)
  }

  #believe(mark: string, flows: readonly WebhookFlow[]): boolean {
    this.#doubt = undefined
    this.#mark = mark
    const first = this.flows === undefined
    if (!first && sameFlows(this.flows ?? [], flows)) return true
    this.flows = flows
    this.#watching.told.changed(flows)
    return true
  }
}

function begin(watch: FlowWatch): void {
  watch.begin()
}
