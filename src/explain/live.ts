import type { Clock } from '../clock.ts'
import type { Head } from '../head.ts'
import type { RejectReason } from '../reasons.ts'
import type { Bytes, Millis } from '../units.ts'
import { type Explanation, explaining } from './explain.ts'
import type { Finding } from './findings.ts'
import { KNOWN } from './known.ts'
import type { Scene } from './scene.ts'
import type { Subject } from './subject.ts'

/** Larger bodies are not explained as they come: each hypothesis costs a pass over them. */
const MOST_BODY: Bytes = 64 * 1024
/** How often a provider is explained at most: one mistake makes every delivery fail alike. */
const EVERY: Millis = 1000
/** Where nothing was found, the wait doubles up to this: a flood of forgeries has no cause that could be told. */
const SELDOM: Millis = 60_000
/** How many are taken in that time, of all providers: each takes some milliseconds and up to 64 KiB. */
const MOST = 2
/** How long it may hold the event loop before others have their turn. */
const TURN: Millis = 2

/** One delivery that was refused for what proves its sender. */
export interface Refused {
  readonly provider: string
  readonly requestId: string
  readonly reason: RejectReason
  readonly head: Head
}

/** Wants the body of a refused delivery from its first byte. */
export interface Witness {
  /** @param whole whether that was all; nothing that follows is looked at */
  see(chunks: readonly Uint8Array[], whole: boolean): void
}

/** Who is told what was found. */
type Tell = (refused: Refused, findings: readonly Finding[]) => void

export interface ExplainerOptions {
  readonly subjects: readonly Subject[]
  readonly clock: Clock
  /** Whether the process has too much to do for this. */
  readonly busy: () => boolean
  readonly tell: Tell
}

/** When a provider may be explained again. */
interface Pause {
  readonly from: Millis
  readonly wait: Millis
}

interface Case {
  readonly refused: Refused
  readonly run: Generator<undefined, Explanation>
}

/**
 * Explains refusals as they happen: at most one a second for each provider, seldom where nothing is found, two a second in all, bodies up to 64 KiB,
 * and never for longer than two milliseconds at a time. Whatever is more is passed over.
 */
export class Explainer {
  readonly #options: ExplainerOptions
  readonly #subjects: ReadonlyMap<string, Subject>
  readonly #next = new Map<string, Pause>()
  readonly #waiting: Case[] = []
  #closed = false
  /** When the last ones were taken, oldest first. */
  #taken: Millis[] = []

  constructor(options: ExplainerOptions) {
    this.#options = options
    this.#subjects = new Map(options.subjects.map(subject => [subject.name, subject]))
  }

  /** Gives a witness where this refusal is to be explained: it wants the body from its first byte. */
  consider(refused: Refused): Witness | undefined {
    const { clock, busy } = this.#options
    const subject = this.#subjects.get(refused.provider)
    if (subject === undefined) return undefined
    const now = clock.now()
    const { from, wait } = this.#next.get(refused.provider) ?? NO_PAUSE
    const [oldest = Number.NEGATIVE_INFINITY] = this.#taken
    if (now - from < wait || (this.#taken.length === MOST && now - oldest < EVERY)) return undefined
    if (busy()) return undefined
    this.#taken = [...this.#taken, now].slice(-MOST)
    this.#next.set(refused.provider, { from: now, wait: Math.max(wait, EVERY) })
    return new Kept(body => this.#take(refused, subject, body, clock.wall()))
  }

  /** Drops what waits. */
  close(): void {
    this.#closed = true
    this.#waiting.length = 0
  }

  #pause(provider: string, [first]: readonly Finding[]): void {
    const { from, wait } = this.#next.get(provider) ?? NO_PAUSE
    const nothing = first?.code === 'unexplained'
    this.#next.set(provider, { from, wait: nothing ? Math.min(2 * wait, SELDOM) : EVERY })
  }

  #take(refused: Refused, subject: Subject, body: Uint8Array, at: Millis): void {
    if (this.#waiting.length >= 4 * MOST || this.#closed) return
    const others = this.#options.subjects.filter(one => one !== subject)
    const { head } = refused
    const scene: Scene = {
      subject,
      others,
      presets: KNOWN,
      head,
      body,
      origin: undefined,
      at,
      atKnown: true,
    }
    this.#waiting.push({ refused, run: explaining(scene) })
    if (this.#waiting.length === 1) setImmediate(onTurn, this)
  }

  /** Works on the first that waits, for a while. */
  turn(): void {
    const [first] = this.#waiting
    if (first === undefined) return
    const { clock, tell } = this.#options
    const until = clock.now() + TURN
    let step = first.run.next()
    while (step.done !== true && clock.now() < until) step = first.run.next()
    if (step.done === true) {
      this.#waiting.shift()
      // what verifies after all was refused for its time, a moment ago
      const { findings } = step.value
      if (findings.length > 0) tell(first.refused, findings)
      this.#pause(first.refused.provider, findings)
    }
    if (this.#waiting.length > 0) setImmediate(onTurn, this)
  }
}

const NO_PAUSE: Pause = { from: Number.NEGATIVE_INFINITY, wait: 0 }

function onTurn(explainer: Explainer): void {
  explainer.turn()
}

/** Keeps a copy of a body, as long as it is small. */
class Kept implements Witness {
  readonly #take: (body: Uint8Array) => void
  #chunks: Uint8Array[] | undefined = []
  #size: Bytes = 0

  constructor(take: (body: Uint8Array) => void) {
    this.#take = take
  }

  see(chunks: readonly Uint8Array[], whole: boolean): void {
    for (const chunk of chunks) this.#add(chunk)
    const kept = this.#chunks
    if (!whole || kept === undefined) return
    this.#chunks = undefined
    this.#take(Buffer.concat(kept))
  }

  #add(chunk: Uint8Array): void {
    this.#size += chunk.length
    if (this.#size > MOST_BODY) this.#chunks = undefined
    else this.#chunks?.push(chunk)
  }
}
