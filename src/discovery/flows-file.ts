import { readFileSync, statSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import type { Bytes } from '../units.ts'
import { isFlow, MOST, type WebhookFlow } from './flows.ts'

/** The name of the file under `state:`. */
export const FLOWS_FILE = 'discovered-flows'
/** First words of the file: whoever writes it otherwise gives them another number. */
const HEAD = 'hookwarden-flows 1'
/** An id, an app, two words and their spaces come to less than that. */
const LONGEST_LINE: Bytes = 128

/** Flows as text: a line that says how many, then one for each. It holds nothing secret. */
export function writeFlows(flows: readonly WebhookFlow[]): string {
  const lines = flows.map(
    ({ id, app, sync, published }) =>
      `${id} ${app} ${sync ? 'sync' : 'async'} ${published ? 'published' : 'draft'}`,
  )
  return `${[`${HEAD} ${flows.length}`, ...lines].join('\n')}\n`
}

/** Reads such a text; undefined where it is none, was cut, or has a line that is no flow. */
export function readFlows(text: string): readonly WebhookFlow[] | undefined {
  const [head, ...lines] = text.split('\n')
  if (lines.pop() !== '' || head !== `${HEAD} ${lines.length}`) return undefined
  const flows = lines.flatMap(line => {
    const [id, app, sync = '', state = '', more] = line.split(' ')
    const known = /^a?sync$/.test(sync) && /^(?:published|draft)$/.test(state)
    const flow = { id, app, sync: sync === 'sync', published: state === 'published' }
    return known && more === undefined && isFlow(flow) ? [flow] : []
  })
  return flows.length === lines.length ? flows : undefined
}

/** What was kept; undefined where nothing was. Throws where the file cannot be read or holds something else. */
export function keptFlows(file: string): readonly WebhookFlow[] | undefined {
  const size = statSync(file, { throwIfNoEntry: false })?.size
  if (size === undefined) return undefined
  const flows = size > MOST * LONGEST_LINE ? undefined : readFlows(readFileSync(file, 'utf8'))
  if (flows === undefined) throw new Error('it holds no flows of this version')
  return flows
}

/**
 * Keeps the last set that it was given, for the owner alone (mode 0600). What is written takes the place of what was there
 * by one rename, so that whoever ends or reads meanwhile finds one set or the other, whole.
 */
export class FlowsFile {
  readonly #file: string
  readonly #folder: string
  readonly #failed: (error: unknown) => void
  #next: readonly WebhookFlow[] | undefined
  #writing: Promise<void> | undefined
  #written = 0

  /** @param failed told where it could not be kept */
  constructor(folder: string, failed: (error: unknown) => void) {
    this.#folder = folder
    this.#file = `${folder}/${FLOWS_FILE}`
    this.#failed = failed
  }

  keep(flows: readonly WebhookFlow[]): void {
    this.#next = flows
    this.#writing ??= this.#write()
  }

  /** Resolves when what was given is kept, or could not be. */
  async settled(): Promise<void> {
    await this.#writing
  }

  async #write(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 }).catch(() => {}) // writing says why
    while (this.#next !== undefined) {
      const flows = this.#next
      this.#next = undefined
      await this.#replace(writeFlows(flows)).catch(this.#failed)
    }
    this.#writing = undefined
  }

  async #replace(text: string): Promise<void> {
    // replicas may share the folder: each writes beside it under a name of its own
    const beside = `${this.#file}.${process.pid}-${process.hrtime.bigint()}-${this.#written++}`
    try {
      const handle = await open(beside, 'wx', 0o600)
      try {
        await handle.chmod(0o600) // a default ACL of the folder may have widened it
        await handle.writeFile(text)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(beside, this.#file)
    } catch (error) {
      await rm(beside, { force: true }).catch(() => {})
      throw error
    }
  }
}
