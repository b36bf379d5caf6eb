import type { Settings } from '../config/settings.ts'
import type { Serving } from '../exchange/route.ts'
import { compileGeneration, type Generation, type Sender } from '../generation/compile.ts'
import { type Flow, withDiscovered } from '../generation/discovered.ts'
import type { Lasting } from '../generation/lasting.ts'
import { Inspector } from '../inspect/inspector.ts'
import type { SecretSources } from '../secrets/resolve.ts'
import { Gates } from './gates.ts'

/** What generations are made of. */
export interface GenerationsOptions {
  /** The first reading of the map. */
  readonly settings: Settings
  readonly sources: SecretSources
  /** The sources of the first reading; the same, and what is read is remembered. */
  readonly read: SecretSources
  readonly certificates: Lasting['certificates']
  readonly enrolled: Lasting['enrolled']
}

/**
 * What is served: one generation at a time. An exchange keeps the one that it began with, and nothing else does: the old
 * one is gone with the last exchange that began under it.
 */
export class Generations {
  /** What an exchange that begins now is served by: this one field is all that a reload assigns. */
  serving: Serving
  readonly #sources: SecretSources
  readonly #lasting: Lasting
  readonly #gates = new Gates()
  readonly #told: ((now: Generation, before: Generation | undefined) => void)[] = []
  #current: Generation
  #senders: ReadonlyMap<string, Sender>
  /** Discovered, whoever's: each generation takes what is its providers'. */
  #flows: readonly Flow[] = []
  #number = 1

  constructor({ settings, sources, read, certificates, enrolled }: GenerationsOptions) {
    this.#sources = sources
    this.#lasting = {
      certificates,
      enrolled,
      inspector: new Inspector(),
      gateOf: (provider, capacity) => this.#gates.of(provider, capacity),
    }
    this.#current = this.compile(settings, read)
    this.serving = this.#current.serving
    this.#senders = byName(this.#current)
  }

  get current(): Generation {
    return this.#current
  }

  /** What the operator is told of each provider, by its name. */
  get senders(): ReadonlyMap<string, Sender> {
    return this.#senders
  }

  /** Counts up with each that is served; the first is 1. */
  get number(): number {
    return this.#number
  }

  /** Compiles a reading of the map, secrets read anew. Nothing is served by it yet. */
  compile(settings: Settings, sources = this.#sources): Generation {
    const made = compileGeneration(settings, sources, {
      ...this.#lasting,
      enrolled: (provider, file, problem) => {
        this.#lasting.enrolled(provider, file, problem)
        // a sender that began to hand over its key before a swap ends after it: the file has the key now
        if (problem === undefined && made !== this.#current)
          this.swap(this.compile(this.#current.settings))
      },
    })
    return made
  }

  /** Serves this from now on. Limits, replay memory, places at Automatisch and counters are not touched by it. */
  swap(next: Generation): void {
    const before = this.#current
    this.#current = next
    this.#serve()
    this.#senders = byName(next)
    this.#number++
    this.#gates.use(
      new Map(next.settings.providers.map(({ name, limits }) => [name, limits.concurrency])),
    )
    for (const told of this.#told) told(next, before)
  }

  /** Serves these flows beside those that the map names, from now on and whatever map follows. */
  know(flows: readonly Flow[]): void {
    this.#flows = flows
    this.#serve()
  }

  #serve(): void {
    const { serving, discovering } = this.#current
    this.serving =
      discovering.owners.size === 0
        ? serving
        : { ...serving, routes: withDiscovered(discovering, this.#flows) }
  }

  /** Tells of what is served: of the present one at once, and of each that follows. */
  follow(told: (now: Generation, before: Generation | undefined) => void): void {
    this.#told.push(told)
    told(this.#current, undefined)
  }
}

function byName({ senders }: Generation): ReadonlyMap<string, Sender> {
  return new Map(senders.map(sender => [sender.name, sender]))
}
