import { promises } from 'node:fs'
import type { Clock, Timer } from '../clock.ts'
import type { Millis } from '../units.ts'

/** How often files are looked at. What two looks in a row agree on is no longer being written. */
const LOOK: Millis = 1000
/** Looks between two questions whether what could not be read can be by now. */
const BETWEEN = 10

/** Which files, and who is told. */
export interface Watching {
  readonly paths: readonly string[]
  readonly clock: Clock
  /** Some of them are others than before, and at rest. Told once at the start, too: they may have changed since they were read. */
  changed(): void
  /** Told every ten seconds while nothing changes: reading fails and recovers without a trace that a look could see. */
  quiet(): void
}

/**
 * Watches files by looking at them. It follows links, so that it sees a file replaced, a directory of links swapped by
 * one rename, and a file that is gone for a while, on any kind of mount.
 *
 * @see docs/decisions/file-watching.md
 */
export class FileWatch {
  readonly #watching: Watching
  #paths: readonly string[]
  #told: string | undefined
  #last: string | undefined
  #looks = 0
  #timer: Timer | undefined
  #closed = false

  constructor(watching: Watching) {
    this.#watching = watching
    this.#paths = watching.paths
    if (watching.paths.length > 0) this.#wait()
  }

  /** Looks at these from now on, and tells as at the start where they are others than before. */
  use(paths: readonly string[]): void {
    if (paths.join('\n') === this.#paths.join('\n')) return
    this.#paths = paths
    this.#told = undefined
    this.#last = undefined
    if (this.#timer === undefined && !this.#closed) this.#wait()
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  look(): void {
    void this.#look()
  }

  async #look(): Promise<void> {
    const paths = this.#paths
    const now = (await Promise.all(paths.map(stampOf))).join('\n')
    if (this.#closed) return
    if (paths === this.#paths) this.#compare(now)
    this.#wait()
  }

  #compare(now: string): void {
    const settled = now === this.#last && now !== this.#told
    this.#last = now
    if (!settled) {
      if (++this.#looks % BETWEEN === 0 && now === this.#told) this.#watching.quiet()
      return
    }
    this.#told = now
    this.#watching.changed()
  }

  #wait(): void {
    this.#timer = this.#watching.clock.after(LOOK, look, this)
  }
}

function look(watch: FileWatch): void {
  watch.look()
}

/** What is another when the file behind a path is another, or was written to. */
async function stampOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await promises.stat(path, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  }
}
