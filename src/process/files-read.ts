import { hash } from 'node:crypto'
import type { MapFiles } from '../config/files.ts'
import type { SecretSources } from '../secrets/resolve.ts'

/** What one file or folder held: a digest, or the system's word for why it could not be read. */
interface Held {
  readonly was: string
  readonly failed: boolean
  readonly again: () => Uint8Array
}

/**
 * Remembers what a reading of the map read: the map, what it includes, and its secrets. So it is known which files to
 * watch, and whether a file that was touched says anything else.
 */
export class FilesRead implements MapFiles {
  readonly #files: MapFiles
  readonly #held = new Map<string, Held>()

  constructor(files: MapFiles) {
    this.#files = files
  }

  readFile(path: string): Uint8Array {
    return this.#note(path, () => this.#files.readFile(path))
  }

  list(folder: string): readonly string[] {
    const listed = this.#note(folder, () => Buffer.from(this.#files.list(folder).join('\0')))
    return listed.length === 0 ? [] : Buffer.from(listed).toString().split('\0')
  }

  /** Remembers a file that somebody else reads. */
  note(path: string): void {
    const again = () => this.#files.readFile(path)
    this.#hold(path, attempt(again), again)
  }

  /** The same sources; what is read of their files is remembered. */
  secrets(sources: SecretSources): SecretSources {
    return {
      ...sources,
      readFile: path => this.#note(path, () => sources.readFile(path)),
    }
  }

  /** Every path, in the order of reading. */
  get paths(): readonly string[] {
    return [...this.#held.keys()]
  }

  /** Whether reading them now would give anything else. */
  get stale(): boolean {
    return [...this.#held.values()].some(({ was, again }) => attempt(again).digest !== was)
  }

  /** The same of those alone that could not be read. */
  get recovered(): boolean {
    return [...this.#held.values()].some(
      ({ was, failed, again }) => failed && attempt(again).digest !== was,
    )
  }

  #hold(path: string, found: Found, again: () => Uint8Array): void {
    this.#held.set(path, { was: found.digest, failed: 'error' in found, again })
  }

  #note(path: string, again: () => Uint8Array): Uint8Array {
    const found = attempt(again)
    this.#hold(path, found, again)
    if ('error' in found) throw found.error
    return found.bytes
  }
}

type Found =
  | { readonly digest: string; readonly bytes: Uint8Array }
  | { readonly digest: string; readonly error: unknown }

/** Reads once: the digest is that of the very bytes that are used. */
function attempt(read: () => Uint8Array): Found {
  try {
    const bytes = read()
    return { digest: hash('sha256', bytes), bytes }
  } catch (error) {
    return { digest: error instanceof Error && 'code' in error ? String(error.code) : '', error }
  }
}
