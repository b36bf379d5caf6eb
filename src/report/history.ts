import type { Clock, Timer } from '../clock.ts'
import type { Millis } from '../units.ts'
import type { Tally } from './tally.ts'

const MINUTE: Millis = 60_000
const MINUTES = 60
/** What is followed, and how it is read off a tally: totals since the start. */
const LANES = {
  accepted: ({ outcomes }: Tally) => outcomes.accepted + outcomes.duplicate + outcomes.challenge,
  refused: ({ outcomes }: Tally) => outcomes.rejected,
  lost: ({ outcomes }: Tally) => outcomes.upstream_error,
  limited: ({ rejected }: Tally) =>
    rejected.rate_provider + rejected.rate_global + rejected.concurrency,
} as const
type Lane = keyof typeof LANES
const NAMES = Object.keys(LANES) as Lane[] // the table is a literal: its keys are the union

/** The last sixty minutes of each, oldest first; the last one has only begun. */
export type Hour = Readonly<Record<Lane, readonly number[]>>

/** The totals of one provider at the end of each minute that is remembered. */
interface Track {
  readonly tally: Tally
  readonly totals: Readonly<Record<Lane, Float64Array>>
}

/**
 * Remembers an hour of what is counted, by reading the counts once a minute: a delivery costs nothing for it, and a
 * provider two kilobytes.
 */
export class History {
  readonly #tallies: () => ReadonlyMap<string, Tally>
  readonly #clock: Clock
  #tracks = new Map<string, Track>()
  /** Where the totals of the minute that has begun will stand. */
  #at = 0
  #timer: Timer

  constructor(tallies: () => ReadonlyMap<string, Tally>, clock: Clock) {
    this.#tallies = tallies
    this.#clock = clock
    this.#timer = clock.after(MINUTE, turn, this)
  }

  /** What came of the requests of a provider, minute by minute. */
  hour(provider: string): Hour {
    const tally = this.#tallies().get(provider)
    const track = this.#tracks.get(provider)
    const known = track?.tally === tally ? track : undefined
    return {
      accepted: this.#minutes('accepted', tally, known),
      refused: this.#minutes('refused', tally, known),
      lost: this.#minutes('lost', tally, known),
      limited: this.#minutes('limited', tally, known),
    }
  }

  /** @package a minute is over */
  turn(): void {
    const next = new Map<string, Track>()
    for (const [name, tally] of this.#tallies()) {
      const known = this.#tracks.get(name)
      const track = known?.tally === tally ? known : newTrack(tally)
      for (const lane of NAMES) track.totals[lane][this.#at] = LANES[lane](tally)
      next.set(name, track)
    }
    this.#tracks = next // whoever is in the map no more is forgotten
    this.#at = (this.#at + 1) % MINUTES
    this.#timer = this.#clock.after(MINUTE, turn, this)
  }

  close(): void {
    this.#timer.cancel()
  }

  #minutes(lane: Lane, tally: Tally | undefined, track: Track | undefined): number[] {
    const out: number[] = []
    const totals = track?.totals[lane]
    let before = totals?.[this.#at] ?? 0 // the oldest: it ended when the first minute shown began
    for (let i = 1; i < MINUTES; i++) {
      const total = totals?.[(this.#at + i) % MINUTES] ?? 0
      out.push(total - before)
      before = total
    }
    out.push((tally === undefined ? 0 : LANES[lane](tally)) - before)
    return out
  }
}

function newTrack(tally: Tally): Track {
  const zeros = () => new Float64Array(MINUTES)
  return {
    tally,
    totals: { accepted: zeros(), refused: zeros(), lost: zeros(), limited: zeros() },
  }
}

function turn(history: History): void {
  history.turn()
}
