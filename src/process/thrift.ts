import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Clock } from '../clock.ts'
import type { Millis } from '../units.ts'

/** Of the room for bodies or for connections: from here on memory matters more than time, and below this no more. */
const TIGHT = 0.5
const EASY = 0.25
/** Giving back stops everything for some 100 ms, longer where more is alive: it is tight for so long, whatever becomes free. */
const REST: Millis = 60_000

/** What V8 can be told, of which it takes the rest of the memory of this process. */
export interface Engine {
  /** Collects all garbage and gives back what is free. */
  giveBack(): void
  /** Whether the young generation may grow. */
  mayGrow(may: boolean): void
}

/** Gives back what V8 keeps for later, some 25 MiB, once bodies or connections need much of the room that there is. */
export class Thrift {
  readonly #clock: Pick<Clock, 'now'>
  readonly #engine: Engine
  #tight = false
  #since: Millis = 0

  constructor(clock: Pick<Clock, 'now'>, engine: Engine = v8()) {
    this.#clock = clock
    this.#engine = engine
  }

  /** @param taken of the room that there is, from 0 to 1 */
  look(taken: number): void {
    const now = this.#clock.now()
    if (this.#tight) {
      if (taken >= EASY || now - this.#since < REST) return
      this.#tight = false
      this.#engine.mayGrow(true)
    } else if (taken > TIGHT) {
      this.#tight = true
      this.#since = now
      this.#engine.mayGrow(false)
      this.#engine.giveBack()
    }
  }
}

/** Its collector by the name that V8 gives it; where somebody chose another, nothing is given back. @see docs/decisions/collector.md */
function v8(): Engine {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('globalThis.gc') as ((how: object) => void) | undefined
  setFlagsFromString('--no-expose-gc')
  return {
    giveBack: () => collect?.({ type: 'major', execution: 'sync', flavor: 'last-resort' }),
    mayGrow: may => setFlagsFromString(`--semi-space-growth-factor=${may ? 2 : 1}`),
  }
}
