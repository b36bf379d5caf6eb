import type { Clock } from '../clock.ts'
import type { MapFiles } from '../config/files.ts'
import type { Issue } from '../config/issues.ts'
import type { Loaded, Sound } from '../config/load.ts'
import type { Settings } from '../config/settings.ts'
import { Fault } from '../errors.ts'
import type { Generation } from '../generation/compile.ts'
import type { Log } from '../report/log.ts'
import type { SecretSources } from '../secrets/resolve.ts'
import type { Millis } from '../units.ts'
import { restartIssues } from './at-start.ts'
import { FileWatch } from './file-watch.ts'
import { FilesRead } from './files-read.ts'
import type { Generations } from './generations.ts'

/** Where the map is read from, again and again. */
export interface MapSource {
  /** Name of the map's file. */
  readonly file: string
  readonly files: MapFiles
  /** Reads the map by way of `files`. Throws a fault where that cannot be done. */
  read(files: MapFiles): Loaded
  /** What `check` finds of secrets, keys and certificates. */
  findings(map: Sound, sources: SecretSources): readonly Issue[]
}

/** Which reading of the map is served, and what is wrong with the one that is not. */
export interface ConfigState {
  /** Counts up with each that is served; the first is 1. */
  readonly generation: number
  /** Wall clock since when it is. */
  readonly since: Millis
  /** The last reload, where it was refused: when, and why. */
  readonly refused: { readonly at: Millis; readonly issues: readonly Issue[] } | undefined
}

export interface ReloadingOptions {
  readonly source: MapSource
  /** What the first reading read. */
  readonly read: FilesRead
  readonly generations: Generations
  readonly sources: SecretSources
  readonly clock: Clock
  readonly log: Log
  /**
   * Reads what the listeners need of the files that the next map names, and gives what serves it. Throws a fault for what
   * cannot be used.
   */
  prepare(next: Settings, before: Settings, read: FilesRead): () => void
  /** Told of each reload. */
  reloaded(result: 'reloaded' | 'failed'): void
}

/** Issues that are logged of one reload; `check` has them all. */
const MOST = 20

/**
 * Reads the map again: when told to, and when a file that it was read from says something else. The new reading is served
 * whole or not at all.
 *
 * @see docs/reload.md
 */
export class Reloading {
  readonly #options: ReloadingOptions
  readonly #watch: FileWatch
  #read: FilesRead
  #since: Millis
  #refused: ConfigState['refused']

  constructor(options: ReloadingOptions) {
    const { clock, read, generations } = options
    this.#options = options
    this.#read = read
    this.#since = clock.wall()
    this.#watch = new FileWatch({
      paths: read.paths,
      clock,
      changed: () => this.#touched(),
      quiet: () => this.#read.recovered && this.reload(),
    })
    generations.follow(() => {
      this.#since = clock.wall()
    })
  }

  get state(): ConfigState {
    const { number } = this.#options.generations
    return { generation: number, since: this.#since, refused: this.#refused }
  }

  close(): void {
    this.#watch.close()
  }

  /** Reads the map, checks it whole and serves it; or leaves everything as it is and says why. */
  reload(): void {
    const { source, generations, reloaded } = this.#options
    const read = new FilesRead(source.files)
    const issues = this.#serve(read)
    // whatever came of it: what was read is what is to be watched now
    this.#read = read
    this.#watch.use(read.paths)
    if (issues.length > 0) return this.#refuse(issues)
    this.#refused = undefined
    reloaded('reloaded')
    this.#options.log.info('the map was reloaded', {
      generation: generations.number,
      providers: generations.current.senders.length,
    })
  }

  #touched(): void {
    if (this.#read.stale) this.reload()
  }

  /** Serves the next reading, or says what stands against it. */
  #serve(read: FilesRead): readonly Issue[] {
    const { source, generations, prepare } = this.#options
    const { current } = generations
    const sources = read.secrets(this.#options.sources)
    try {
      const next = source.read(read)
      if (next.settings === undefined) return next.issues
      const fixed = restartIssues(current.settings, next)
      if (fixed.length > 0) return fixed
      const generation = generations.compile(next.settings, sources)
      const lost = worse(generation, current)
      if (lost.length > 0) {
        const found = source.findings(next, sources)
        if (found.length > 0) return found
        const gone = lost.find(name => keyed(next.settings, name) === keyed(current.settings, name))
        if (gone !== undefined) return [ofFile(source.file, `the key of ${gone} is gone`)]
      }
      const commit = prepare(next.settings, current.settings, read)
      generations.swap(generation)
      commit()
      return []
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return [ofFile(source.file, error.message)]
    }
  }

  #refuse(issues: readonly Issue[]): void {
    const { clock, log, reloaded } = this.#options
    this.#refused = { at: clock.wall(), issues }
    reloaded('failed')
    log.error('the map was not reloaded: the one before stays', { issues: issues.length })
    for (const { file, line, column, path, message, fix } of issues.slice(0, MOST)) {
      log.error('an issue of the map', {
        place: `${file}:${line}:${column}`,
        path: path === '' ? undefined : path,
        issue: message,
        fix,
      })
    }
  }
}

/** Providers of which something is wrong that was not before: a secret that is half written, or gone. */
function worse({ senders }: Generation, before: Generation): readonly string[] {
  return senders
    .filter(({ name, problems }) => {
      const old = before.senders.find(one => one.name === name)
      return old !== undefined && problems.some(problem => !old.problems.includes(problem))
    })
    .map(({ name }) => name)
}

/** Where the keys of a provider are. One that a sender hands over may be awaited, but not where it was before. */
function keyed({ providers }: Settings, name: string): string {
  return JSON.stringify(providers.find(one => one.name === name)?.secrets)
}

/** An issue of a file that could not be read at all. */
function ofFile(file: string, message: string): Issue {
  return { file, line: 1, column: 1, path: '', message, excerpt: '', fix: undefined }
}
