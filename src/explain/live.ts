import type { Clock } from '../clock.ts'
import { type Head, REPEATED } from '../head.ts'
import type { RejectReason } from '../reasons.ts'
import type { Bytes, Millis } from '../units.ts'
import { type Explanation, explaining } from './explain.ts'
import { ANYBODYS, type Finding } from './findings.ts'
import { KNOWN } from './known.ts'
import type { Scene } from './scene.ts'
import type { Subject } from './subject.ts'

/** Larger bodies are not explained as they come: each hypothesis costs a pass over them. */
const MOST_BODY: Bytes = 64 * 1024
/** How often a provider is explained at most: one mistake makes every delivery fail alike. */
const EVERY: Millis = 1000
/** The wait doubles up to this until a cause is found that takes the sender's own signature: a flood of forgeries has none. */
const SELDOM: Millis = 60_000
/** How many are taken in that time, of all providers: each takes some milliseconds and up to 64 KiB. */
const MOST = 2
/** How long it goes on before others have their turn: the hypothesis it is at is finished first. */
const TURN: Millis = 2
/** How many bodies are kept at once while they arrive; the oldest is let go for a new one. */
const MOST_KEPT = 8

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
  /** Whom it can explain at first. */
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
  /** Whether what was taken last has come to nothing yet: its body may never end. */
  readonly pending: boolean
}

interface Case {
  readonly refused: Refused
  readonly run: Generator<undefined, Explanation>
}

/**
 * Explains refusals as they happen: at most one a second for each provider, ever more seldom while nothing is found that
 * only its sender can bring about, two a second in all, bodies up to 64 KiB, and a few milliseconds at a time. Whatever is
 * more is passed over.
 */
export class Explainer {
  readonly #options: ExplainerOptions
  #subjects: ReadonlyMap<string, Subject> = new Map()
  readonly #next = new Map<string, Pause>()
  readonly #waiting: Case[] = []
  readonly #kept: Kept[] = []
  #closed = false
  /** When the last ones were taken, oldest first. */
  #taken: Millis[] = []

  constructor(options: ExplainerOptions) {
    this.#options = options
    this.use(options.subjects)
  }

  /** Whom it can explain from now on: the providers of the map with their secrets. */
  use(subjects: readonly Subject[]): void {
    this.#subjects = new Map(subjects.map(subject => [subject.name, subject]))
    for (const name of this.#next.keys()) if (!this.#subjects.has(name)) this.#next.delete(name)
  }

  /** Gives a witness where this refusal is to be explained: it wants the body from its first byte. */
  consider(refused: Refused): Witness | undefined {
    // in the order of a flood: nearly every forgery comes within the pause
    const { clock, busy } = this.#options
    const now = clock.now()
    const { from, wait, pending } = this.#next.get(refused.provider) ?? NO_PAUSE
    if (now - from < wait) return undefined
    const subject = this.#subjects.get(refused.provider)
    if (subject === undefined || declaresMore(refused.head)) return undefined
    const [oldest = Number.NEGATIVE_INFINITY] = this.#taken
    if (this.#taken.length === MOST && now - oldest < EVERY) return undefined
    if (busy()) return undefined
    this.#taken = [...this.#taken, now].slice(-MOST)
    // what never came to an end had no cause that could be told
    const next = pending ? longer(wait) : Math.max(wait, EVERY)
    this.#next.set(refused.provider, { from: now, wait: next, pending: true })
    const kept = new Kept(body => {
      this.#kept.splice(this.#kept.indexOf(kept), 1)
      this.#take(refused, subject, body, clock.wall())
    })
    if (this.#kept.push(kept) > MOST_KEPT) this.#kept.shift()?.letGo()
    return kept
  }

  /** Drops what waits. */
  close(): void {
    this.#closed = true
    this.#waiting.length = 0
    for (const kept of this.#kept.splice(0)) kept.letGo()
  }

  /** What only its sender can bring about is worth hearing of again soon. */
  #told(provider: string, [first]: readonly Finding[]): void {
    const { from, wait } = this.#next.get(provider) ?? NO_PAUSE
    const anybodys = ANYBODYS.some(code => code === first?.code)
    const next = anybodys ? longer(wait) : EVERY
    this.#next.set(provider, { from, wait: next, pending: false })
  }

  #take(refused: Refused, subject: Subject, body: Uint8Array, at: Millis): void {
    if (this.#waiting.length >= 4 * MOST || this.#closed) return
    const others = [...this.#subjects.values()].filter(one => one !== subject)
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
      this.#told(first.refused.provider, findings)
    }
    if (this.#waiting.length > 0) setImmediate(onTurn, this)
  }
}

const NO_PAUSE: Pause = { from: Number.NEGATIVE_INFINITY, wait: 0, pending: false }

function longer(wait: Millis): Millis {
  return Math.min(2 * wait, SELDOM)
}

function onTurn(explainer: Explainer): void {
  explainer.turn()
}

/** Whether the head says already that the body is too large. */
function declaresMore(head: Head): boolean {
  const length = head.only('content-length')
  return length !== undefined && length !== REPEATED && Number(length) > MOST_BODY
}

/** Keeps a copy of a body, as long as it is small: a view would keep alive all that its chunk was cut from. */
class Kept implements Witness {
  readonly #take: (body: Uint8Array) => void
  /** Undefined once it is taken, or let go. */
  #body: Buffer | undefined = Buffer.alloc(0)
  #size: Bytes = 0

  constructor(take: (body: Uint8Array) => void) {
    this.#take = take
  }

  see(chunks: readonly Uint8Array[], whole: boolean): void {
    for (const chunk of chunks) this.#add(chunk)
    const body = this.#body
    if (!whole || body === undefined) return
    this.#body = undefined
    this.#take(body.subarray(0, this.#size))
  }

  letGo(): void {
    this.#body = undefined
  }

  #add(chunk: Uint8Array): void {
    if (this.#body === undefined) return
    const size = this.#size + chunk.length
    if (size > MOST_BODY) return this.letGo()
    if (size > this.#body.length) {
      const grown = Buffer.alloc(Math.min(MOST_BODY, Math.max(size, 2 * this.#body.length)))
      grown.set(this.#body.subarray(0, this.#size))
      this.#body = grown
    }
    this.#body.set(chunk, this.#size)
    this.#size = size
  }
}
