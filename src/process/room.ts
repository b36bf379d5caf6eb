import type { Settings } from '../config/settings.ts'
import type { Log } from '../report/log.ts'
import type { Bytes } from '../units.ts'
import { connectionsFor } from './descriptors.ts'
import { bufferedBeside, bufferedFor, connectionsWithin, leastFor, usedBy } from './memory.ts'

/** What the process has room for, by the map that is served and by what it is allowed. */
export class Room {
  readonly #log: Log
  readonly #memory: Bytes | undefined
  #map: Settings
  #buffered: Bytes
  #connections: number

  /** @param memory what this process may use; undefined where nothing bounds it */
  constructor(map: Settings, log: Log, memory: Bytes | undefined) {
    this.#log = log
    this.#memory = memory
    this.#map = map
    this.#buffered = bufferedFor(map, log, memory)
    this.#connections = this.#connectionsOf(map)
  }

  /** How many connections may be open. */
  get connections(): number {
    return this.#connections
  }

  /** How many bytes of bodies may be held while so many connections are open. */
  bodiesBeside(connections: number): Bytes {
    return bufferedBeside(connections, this.#buffered, this.#map, this.#memory)
  }

  /** How much is in use of all that bodies and connections may take together, from 0 to 1 and little more. */
  taken(bodies: Bytes, connections: number): number {
    return usedBy(bodies, connections) / usedBy(this.#buffered, this.#connections)
  }

  /** Another map from now on. What is as it was is not said again. */
  use(map: Settings): void {
    const before = this.#map
    this.#map = map
    this.#buffered = bufferedFor(map, this.#log, this.#memory, this.#buffered)
    const asBefore = map.limits.connections === before.limits.connections
    if (!asBefore || leastFor(map) !== leastFor(before))
      this.#connections = this.#connectionsOf(map)
  }

  #connectionsOf(map: Settings): number {
    const wanted = connectionsFor(map.limits.connections, this.#log)
    return connectionsWithin(wanted, map, this.#log, this.#memory)
  }
}
