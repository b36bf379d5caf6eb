import { readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '../errors.ts'
import { matches } from '../keys/fingerprint.ts'
import { KEY_CHANGES, type KeyName } from '../keys/names.ts'
import { PINS_FILE, type Pins, pinOf, readPins, writePins } from '../keys/pins.ts'
import { processWorld, soundMap, type World } from './asked.ts'
import { readArguments } from './command.ts'
import { findKeys, KEY_OPTIONS, type KeyPlaces } from './keys-asked.ts'
import { USUAL_MAP } from './map.ts'
import { writePrivateFile } from './private-file.ts'

/** What `keys pin` was asked. */
export interface PinOptions extends KeyPlaces {
  /** The folder that `state:` of the map names. */
  readonly state: string
  readonly again: boolean
  readonly json: boolean
}

export async function main(args: readonly string[]): Promise<number> {
  const options = readArguments(args, {
    ...KEY_OPTIONS,
    state: { type: 'string' },
    config: { type: 'string', default: USUAL_MAP },
    again: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  })
  const world = processWorld(false)
  const state = options.state ?? soundMap(options.config, false, world.terminal).state
  if (state === undefined) {
    const how = 'write `state: /var/lib/hookwarden`, or give --state DIR'
    throw new Fault('usage', `${options.config} names no folder for pins: ${how}`)
  }
  return pin({ ...options, state }, world)
}

/** Pins the keys at hand, or compares them with what was pinned before; gives the exit code. */
export async function pin(options: PinOptions, world: World): Promise<number> {
  const { sources, terminal, now } = world
  const file = join(options.state, PINS_FILE)
  const before = pinsAt(file)
  const found = findKeys(options, sources)
  const present = found.filter(({ bytes }) => bytes !== undefined)
  if (present.length === 0) {
    const why = found.map(({ problem }) => problem).join('; ')
    throw new Fault('keys', `no key is at hand: ${why}. See --env-file`)
  }
  const today = new Date(now).toISOString().slice(0, 10)
  const pins: Record<string, Pins[keyof Pins]> = { ...before }
  const rows: { key: KeyName; state: 'same' | 'changed' | 'unseen' | 'pinned'; text: string }[] = []
  for (const { key, from, bytes, problem } of found) {
    const old = before[key]
    if (bytes === undefined) {
      rows.push({ key, state: 'unseen', text: `${problem ?? ''}, so it is not compared` })
    } else if (old === undefined) {
      pins[key] = await pinOf(bytes, from, today)
      rows.push({ key, state: 'pinned', text: `pinned today; \`run\` looks for it at ${from}` })
    } else if (await matches(bytes, old.fingerprint)) {
      rows.push({ key, state: 'same', text: `the same as on ${old.pinned}` })
    } else if (options.again) {
      pins[key] = await pinOf(bytes, from, today)
      rows.push({ key, state: 'pinned', text: `pinned anew: another than on ${old.pinned}` })
    } else {
      rows.push({ key, state: 'changed', text: `CHANGED since ${old.pinned}` })
    }
  }
  if (rows.some(({ state }) => state === 'pinned')) replace(file, writePins(pins))
  const changed = rows.some(({ state }) => state === 'changed')
  if (options.json) {
    terminal.out(
      JSON.stringify({ file, keys: rows.map(({ key, state }) => ({ key, state })) }, null, 2),
    )
    return changed ? 1 : 0
  }
  for (const { key, state, text } of rows) {
    const style = state === 'changed' ? 'red' : state === 'unseen' ? 'dim' : 'green'
    terminal.out(`${key.padEnd(18)}  ${terminal.paint(style, text)}`)
    if (state === 'changed') terminal.out(`  ${KEY_CHANGES[key]}`)
  }
  if (changed) terminal.out(`\n${CHANGED}`)
  return changed ? 1 : 0
}

const CHANGED =
  'Put the old key back (`hookwarden keys escrow --open`); if the change was meant, pin the new one with --again.'

function pinsAt(file: string): Pins {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {}
    throw new Fault('unreadable', `cannot read ${file}`, { cause: error })
  }
  const pins = readPins(text)
  if (pins === undefined) throw new Fault('pins', `${file} holds no pins of this version`)
  return pins
}

/** Never leaves half a file behind. */
function replace(file: string, text: string): void {
  const next = `${file}.${process.pid}`
  writePrivateFile(next, text)
  renameSync(next, file)
}
