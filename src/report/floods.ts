import type { Clock, Timer } from '../clock.ts'
import type { Millis } from '../units.ts'

/** How long a count goes on before it is told. */
const WINDOW: Millis = 10_000
/** So many lines of one kind are written in that time, and so many of all kinds. */
const EACH = 20
const ALL = 200

/** Lines of one kind that were counted instead of written. */
export interface Counted {
  readonly provider: string
  /** The reason, or how they ended where there is none. */
  readonly word: string
  readonly count: number
}

interface Kind {
  written: number
  counted: number
}

/**
 * Keeps a flood from filling the disk: of lines that anybody can bring about the first few are written, and what follows
 * within ten seconds is counted and told in one line for each kind. Providers and words come from the map and from
 * closed lists, so it stays small.
 */
export class Floods {
  readonly #clock: Clock
  readonly #tell: (counted: Counted) => void
  #kinds = new Map<string, Map<string, Kind>>()
  #since: Millis = Number.NEGATIVE_INFINITY
  #written = 0
  #timer: Timer | undefined

  /** @param tell told of each kind that was counted, when its time is over */
  constructor(clock: Clock, tell: (counted: Counted) => void) {
    this.#clock = clock
    this.#tell = tell
  }

  /** Whether the next line of this kind is to be written. */
  passes(provider: string, word: string): boolean {
    const now = this.#clock.now()
    if (now - this.#since >= WINDOW) {
      this.turn()
      this.#since = now
    }
    const kind = this.#kindOf(provider, word)
    if (kind.written < EACH && this.#written < ALL) {
      kind.written++
      this.#written++
      return true
    }
    kind.counted++
    this.#timer ??= this.#clock.after(this.#since + WINDOW - now, turn, this)
    return false
  }

  /** Tells what was counted, and begins anew. */
  turn(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    const kinds = this.#kinds
    this.#kinds = new Map()
    this.#written = 0
    this.#since = Number.NEGATIVE_INFINITY
    for (const [provider, words] of kinds)
      for (const [word, { counted }] of words)
        if (counted > 0) this.#tell({ provider, word, count: counted })
  }

  #kindOf(provider: string, word: string): Kind {
    let words = this.#kinds.get(provider)
    if (words === undefined) {
      words = new Map()
      this.#kinds.set(provider, words)
    }
    let kind = words.get(word)
    if (kind === undefined) {
      kind = { written: 0, counted: 0 }
      words.set(word, kind)
    }
    return kind
  }
}

function turn(floods: Floods): void {
  floods.turn()
}
