import type { Clock } from '../clock.ts'
import type { Settings } from '../config/settings.ts'
import type { WebhookFlow } from '../discovery/flows.ts'
import { FLOWS_FILE, FlowsFile, keptFlows } from '../discovery/flows-file.ts'
import { FlowDatabase, type FlowSource } from '../discovery/source.ts'
import { FlowWatch, type WatchTold } from '../discovery/watch.ts'
import { Fault } from '../errors.ts'
import { couldBeDiscovered, servedOf, unprotectedOf } from '../generation/discovered.ts'
import { WEBHOOK_APPS } from '../presets/automatisch.ts'
import type { DiscoveredLabel } from '../report/labels.ts'
import type { Log } from '../report/log.ts'
import { readReference, type SecretSources } from '../secrets/resolve.ts'
import type { Generations } from './generations.ts'

/** What discovery needs of its process. */
export interface DiscoveringOptions {
  readonly generations: Generations
  readonly sources: SecretSources
  readonly clock: Clock
  readonly log: Log
  /** Where flows are looked up; the map's database unless given. */
  readonly source?: FlowSource | undefined
}

/** The parts of the map that a watch is made of. */
type Asked = Pick<Settings, 'state'> & Required<Pick<Settings, 'discovery'>>

/** Numbers of one set of flows under one map. */
interface Counted {
  readonly flows: readonly WebhookFlow[]
  /** Which map. */
  readonly of: number
  readonly served: ReadonlyMap<string, number>
  readonly unprotected: ReadonlyMap<string, number>
}

/** Apps that are a label: those of Automatisch that are known, and those that the map names. */
const KNOWN: readonly string[] = [...Object.keys(WEBHOOK_APPS), 'webhook']

/** Follows what is published in Automatisch, for as long as the map says so. */
export class Discovering {
  readonly #options: DiscoveringOptions
  #asked: Asked | undefined
  #watch: FlowWatch | undefined
  #file: FlowsFile | undefined
  #counted: Counted | undefined
  #toldUnprotected = ''

  constructor(options: DiscoveringOptions) {
    this.#options = options
    options.generations.follow(({ settings }) => this.#follow(settings))
  }

  /** Whether deliveries to flows that nobody knows are answered 503: nothing was ever known. */
  get pending(): boolean {
    return this.#watch !== undefined && this.#watch.flows === undefined
  }

  /** Looks for a flow of this path, where there could be one. Resolves with what is said where there is none. */
  seek(path: string): SeekResult | Promise<SeekResult> {
    const { discovering } = this.#options.generations.current
    if (this.#watch === undefined || !couldBeDiscovered(discovering, path)) return 'no_route'
    const told = this.#watch.seek()
    return typeof told === 'boolean' ? refusalOf(told) : told.then(refusalOf)
  }

  /** What the metrics say. It is worked out once for each set of flows and each map. */
  get told(): DiscoveredLabel {
    const { generations } = this.#options
    const watch = this.#watch
    if (watch === undefined) return NOTHING
    const { flows = [] } = watch
    if (this.#counted?.flows !== flows || this.#counted.of !== generations.number)
      this.#counted = { flows, of: generations.number, ...this.#count(flows) }
    const { served, unprotected } = this.#counted
    return { up: watch.up, doubted: watch.doubting, flows: served, unprotected }
  }

  #count(flows: readonly WebhookFlow[]): Pick<Counted, 'served' | 'unprotected'> {
    const { discovering } = this.#options.generations.current
    const counts = unprotectedOf(discovering, flows)
    const labels = new Set([...KNOWN, ...discovering.owners.keys()])
    const unprotected = new Map([...labels].map(app => [app, counts.get(app) ?? 0]))
    let others = 0
    for (const [app, count] of counts) if (!labels.has(app)) others += count
    unprotected.set('none', others)
    return { served: servedOf(discovering, flows), unprotected }
  }

  /** Ends it; resolves when what is known is kept. */
  async close(): Promise<void> {
    this.#watch?.close()
    this.#watch = undefined
    await this.#file?.settled()
  }

  #follow({ discovery, state }: Settings): void {
    const asked = discovery && { discovery, state }
    if (sameAsked(this.#asked, asked)) return
    this.#asked = asked
    const before = this.#watch?.flows
    this.#watch?.close()
    this.#watch = undefined
    if (asked !== undefined) this.#begin(asked, before)
    else this.#options.generations.know([])
  }

  #begin({ discovery, state }: Asked, before: readonly WebhookFlow[] | undefined): void {
    const { generations, sources, clock, log, source } = this.#options
    if (discovery === undefined) return
    this.#file =
      state === undefined
        ? undefined
        : new FlowsFile(state, error =>
            log.error('the flows that are known cannot be kept', {
              state,
              cause: messageOf(error),
            }),
          )
    if (state === undefined) {
      const message =
        'without `state` no discovered flow is known after a restart until the database answers'
      log.warn(message)
    }
    if (before !== undefined) this.#file?.keep(before)
    const known = before ?? this.#kept(state)
    if (known !== undefined) generations.know(known)
    this.#watch = new FlowWatch({
      source: source ?? new FlowDatabase(() => urlOf(discovery.database, sources)),
      clock,
      every: discovery.every,
      known,
      told: this.#told(),
    })
  }

  #kept(state: string | undefined): readonly WebhookFlow[] | undefined {
    if (state === undefined) return undefined
    const { log } = this.#options
    const file = `${state}/${FLOWS_FILE}`
    try {
      const flows = keptFlows(file)
      if (flows !== undefined)
        log.info('flows are served as they were last known', { flows: flows.length })
      return flows
    } catch (error) {
      log.error('the flows that were last known cannot be read', { file, cause: messageOf(error) })
      return undefined
    }
  }

  #told(): WatchTold {
    const { generations, log } = this.#options
    return {
      changed: flows => {
        generations.know(flows)
        this.#file?.keep(flows)
        const published = flows.filter(one => one.published).length
        log.info('flows were discovered', {
          flows: flows.length,
          published,
          served: sumOf(this.told.flows),
        })
        this.#tellUnprotected(flows)
      },
      up: () => log.info('flows can be looked up'),
      down: cause => log.error('flows cannot be looked up: those last known are served', { cause }),
      doubted: ({ gone, of }, looks) =>
        log.error(
          'a look that takes too many flows away is not believed: those known before are served',
          {
            gone,
            of,
            looks,
            fix: 'was the database emptied, or restored to an old dump? docs/discovery.md',
          },
        ),
      believed: ({ gone, of }) =>
        log.error('three looks agree: the flows are gone and no longer served', { gone, of }),
      odd: rows =>
        log.warn('rows that are no flow of Automatisch, or say two things of one, are left out', {
          rows,
        }),
    }
  }

  /** Each app once, and not again until they are others: the metric has the numbers. */
  #tellUnprotected(flows: readonly WebhookFlow[]): void {
    const { generations, log } = this.#options
    const counts = unprotectedOf(generations.current.discovering, flows)
    const apps = [...counts.keys()].sort()
    const told = `${sumOf(counts)} ${apps.join(' ')}`
    if (told === this.#toldUnprotected || counts.size === 0) return
    this.#toldUnprotected = told
    log.warn('published flows are covered by no provider: their deliveries are refused', {
      flows: sumOf(counts),
      apps: apps.slice(0, 30).join(' '),
      fix: 'hookwarden discover writes the entries that are missing',
    })
  }
}

type SeekResult = 'no_route' | 'discovery_pending'

function refusalOf(told: boolean): SeekResult {
  return told ? 'no_route' : 'discovery_pending'
}

const NOTHING: DiscoveredLabel = {
  up: true,
  doubted: false,
  flows: new Map(),
  unprotected: new Map(),
}

/** Read at each connection: a password may have changed. */
function urlOf(database: string, sources: SecretSources): string {
  const found = readReference(database, sources)
  if ('problem' in found) throw new Fault('database', found.problem)
  return new TextDecoder().decode(found.bytes)
}

function sameAsked(a: Asked | undefined, b: Asked | undefined): boolean {
  return (
    a?.discovery?.database === b?.discovery?.database &&
    a?.discovery?.every === b?.discovery?.every &&
    a?.state === b?.state
  )
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
