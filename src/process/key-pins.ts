import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { comparePins, PINS_FILE, type PinState, readPins } from '../keys/pins.ts'
import type { SecretSources } from '../secrets/resolve.ts'

/** Who is told. */
interface Told {
  error(message: string, fields: Readonly<Record<string, string>>): void
}

/** What became of the pinned keys; empty until they were compared, and where nothing was pinned. */
export interface KeyPins {
  readonly states: readonly PinState[]
  /** Resolves when they were compared. */
  readonly compared: Promise<void>
}

/**
 * Compares what was pinned in the folder `state` with what this process has at hand, beside the start and not before it.
 * A changed key is one error line for all of them; a key that is not at hand here is nobody's fault.
 */
export function watchKeys(state: string | undefined, sources: SecretSources, log: Told): KeyPins {
  const kept: { states: readonly PinState[]; compared: Promise<void> } = {
    states: [],
    compared: Promise.resolve(),
  }
  if (state !== undefined) kept.compared = compare(join(state, PINS_FILE))
  return kept

  async function compare(file: string): Promise<void> {
    const pins = pinsAt(file, log)
    if (pins === undefined) return
    kept.states = await comparePins(pins, sources)
    const changed = kept.states.filter(({ state }) => state === 'changed')
    if (changed.length === 0) return
    log.error('a key of Automatisch is another than the one that was pinned', {
      keys: changed.map(({ key, pin }) => `${key} (pinned ${pin.pinned})`).join(', '),
      fix: 'put the old key back, or `hookwarden keys pin --again` if the change was meant: docs/keys.md',
    })
  }
}

function pinsAt(file: string, log: Told) {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code !== 'ENOENT') log.error('the pins of keys cannot be read', { file, code })
    return undefined
  }
  const pins = readPins(text)
  if (pins === undefined) log.error('a file of pins holds none of this version', { file })
  return pins
}
