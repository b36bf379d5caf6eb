import { readReference, type SecretSources } from '../secrets/resolve.ts'
import { fingerprintOf, isFingerprint, matches } from './fingerprint.ts'
import { isObject, parsedJson } from './json.ts'
import { KEY_NAMES, type KeyName } from './names.ts'

/** What a key was when it was pinned. */
export interface Pin {
  /** Where it was found, and where `run` looks for it. */
  readonly from: string
  readonly fingerprint: string
  /** A day, such as `2026-11-25`. */
  readonly pinned: string
}

export type Pins = Readonly<Partial<Record<KeyName, Pin>>>

/** How a pinned key is found now: `unseen` where this process has no such key at hand. */
export interface PinState {
  readonly key: KeyName
  readonly state: 'same' | 'changed' | 'unseen'
  readonly pin: Pin
}

/** The name of the file under `state:`. */
export const PINS_FILE = 'key-pins.json'
const VERSION = 1

/** Pins a key as it is now. */
export async function pinOf(key: Uint8Array, from: string, pinned: string): Promise<Pin> {
  return { from, fingerprint: await fingerprintOf(key), pinned }
}

/** The text of a file of pins. It holds nothing secret. */
export function writePins(pins: Pins): string {
  return `${JSON.stringify({ hookwarden_key_pins: VERSION, keys: pins }, null, 2)}\n`
}

/** Reads a file of pins; undefined where it is none. */
export function readPins(text: string): Pins | undefined {
  const value = parsedJson(text)
  if (!isObject(value) || value.hookwarden_key_pins !== VERSION || !isObject(value.keys)) {
    return undefined
  }
  const pins: Partial<Record<KeyName, Pin>> = {}
  for (const [name, pin] of Object.entries(value.keys)) {
    const key = KEY_NAMES.find(known => known === name)
    if (key === undefined || !isObject(pin)) return undefined
    const { from, fingerprint, pinned } = pin
    if (typeof from !== 'string' || typeof pinned !== 'string') return undefined
    if (!isFingerprint(fingerprint)) return undefined
    pins[key] = { from, fingerprint, pinned }
  }
  return pins
}

/** Compares what was pinned with what the same references give now. */
export async function comparePins(pins: Pins, sources: SecretSources): Promise<PinState[]> {
  const states: PinState[] = []
  for (const key of KEY_NAMES) {
    const pin = pins[key]
    if (pin === undefined) continue
    const found = readReference(pin.from, sources)
    if ('problem' in found) states.push({ key, pin, state: 'unseen' })
    else {
      const same = await matches(found.bytes, pin.fingerprint)
      states.push({ key, pin, state: same ? 'same' : 'changed' })
    }
  }
  return states
}
