import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Clock } from '../clock.ts'
import type { Millis } from '../units.ts'
import { type Malloc, openMalloc } from './malloc.ts'

/**
 * Of what bodies and connections may take together: from here on memory matters more than time, and below this no more. By default that
 * is 27 MiB, or 460 connections, more than one address may have.
 */
const TIGHT = 0.15
const EASY = 0.075
/** Giving back stops everything for some 100 ms, longer where more is alive: it is tight for so long, whatever becomes free. */
const REST: Millis = 60_000

/** What V8 and the allocator of the C library can be told, which have all memory of this process between them. */
export interface Engine {
  /** Collects all garbage and gives back what is free. */
  giveBack(): void
  /** Whether it may keep for later what it has: the young generation grows, and what is free is not given back at once. */
  mayKeep(may: boolean): void
}

/** Gives back what V8 and malloc keep for later, some 25 MiB, once bodies and connections need much of the room that there is. */
export class Thrift {
  readonly #clock: Pick<Clock, 'now'>
  readonly #engine: Engine
  #tight = false
  #since: Millis = 0

  constructor(clock: Pick<Clock, 'now'>, engine: Engine = v8(openMalloc())) {
    this.#clock = clock
    this.#engine = engine
  }

  /** @param taken of the room that there is, from 0 to 1 */
  look(taken: number): void {
    const now = this.#clock.now()
    if (this.#tight) {
      if (taken >= EASY || now - this.#since < REST) return
      this.#tight = false
      this.#engine.mayKeep(true)
    } else if (taken > TIGHT) {
      this.#tight = true
      this.#since = now
      this.#engine.mayKeep(false)
      this.#engine.giveBack()
    }
  }
}

/** Its collector by the name that V8 gives it; where somebody chose another, V8 gives nothing back. @see docs/decisions/collector.md */
function v8(malloc: Malloc | undefined): Engine {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('globalThis.gc') as ((how: object) => void) | undefined
  setFlagsFromString('--no-expose-gc')
  return {
    giveBack() {
      collect?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
      malloc?.trim()
    },
    mayKeep(may) {
      setFlagsFromString(`--semi-space-growth-factor=${may ? 2 : 1}`)
      malloc?.tight(!may)
    },
  }
}
