import { SEAL_PROBLEMS, seal, unseal } from '../secrets/seal.ts'
import type { OpeningKey } from '../secrets/sealing-key.ts'
import { fingerprintOf, isFingerprint, matches } from './fingerprint.ts'
import { isObject, parsedJson } from './json.ts'
import { KEY_NAMES, type KeyBytes, type KeyName } from './names.ts'

/**
 * One file to lie beside each dump of the database: the keys, closed to an offline key, with what a person may know of them in
 * clear. What stands in clear stands inside too, so that a change shows when it is opened.
 */
interface Escrow {
  readonly hookwarden_escrow: number
  /** An instant in UTC. */
  readonly made: string
  /** The public half it was closed to, as text. */
  readonly to: string
  readonly fingerprints: Readonly<Partial<Record<KeyName, string>>>
  readonly sealed: string
}

/** What came out of an escrow. */
export interface Opened {
  readonly made: string
  readonly keys: KeyBytes
  /** What in clear is not what was sealed; empty where nothing was touched. */
  readonly tampered: readonly string[]
}

const VERSION = 1

/** Closes keys to the holder of the private half. Gives the text of the file. */
export async function makeEscrow(
  keys: KeyBytes,
  to: { readonly text: string; readonly publicKey: Uint8Array },
  made: string,
): Promise<string> {
  const fingerprints: Partial<Record<KeyName, string>> = {}
  const inside: Partial<Record<KeyName, string>> = {}
  for (const key of KEY_NAMES) {
    const bytes = keys[key]
    if (bytes === undefined) continue
    fingerprints[key] = await fingerprintOf(bytes)
    inside[key] = Buffer.from(bytes).toString('base64')
  }
  const clear = { hookwarden_escrow: VERSION, made, to: to.text, fingerprints }
  const content = Buffer.from(JSON.stringify({ clear, keys: inside }))
  const escrow: Escrow = { ...clear, sealed: seal(content, to.publicKey) }
  return `${JSON.stringify(escrow, null, 2)}\n`
}

/** Opens the text of an escrow, or says why it cannot be opened. */
export function openEscrow(text: string, keys: readonly OpeningKey[]): Opened | string {
  const escrow = readEscrow(text)
  if (escrow === undefined) return 'is no escrow of this version'
  const content = unseal(escrow.sealed, keys)
  if (typeof content === 'string') return `its sealed part ${SEAL_PROBLEMS[content]}`
  // sealed by makeEscrow, or by somebody who knows the public half: read as carefully as the outside
  const inside = parsedJson(Buffer.from(content).toString())
  if (!isObject(inside) || !isObject(inside.clear) || !isObject(inside.keys)) {
    return 'its sealed part holds something else'
  }
  const found: Partial<Record<KeyName, Uint8Array>> = {}
  for (const key of KEY_NAMES) {
    const value = inside.keys[key]
    if (typeof value === 'string') found[key] = Buffer.from(value, 'base64')
  }
  const { sealed: _, ...clear } = escrow
  return {
    made: String(inside.clear.made),
    keys: found,
    tampered: differences(clear, inside.clear),
  }
}

/** For each key of an escrow whether the one at hand is the same; undefined where the text is no escrow. Needs no private half. */
export async function compareEscrow(
  text: string,
  keys: KeyBytes,
): Promise<Map<KeyName, 'same' | 'changed' | 'unseen'> | undefined> {
  const escrow = readEscrow(text)
  if (escrow === undefined) return undefined
  const states = new Map<KeyName, 'same' | 'changed' | 'unseen'>()
  for (const key of KEY_NAMES) {
    const fingerprint = escrow.fingerprints[key]
    const bytes = keys[key]
    if (fingerprint === undefined) continue
    if (bytes === undefined) states.set(key, 'unseen')
    else states.set(key, (await matches(bytes, fingerprint)) ? 'same' : 'changed')
  }
  return states
}

/** The paths at which what stands in clear is not what was sealed. */
function differences(clear: unknown, sealed: unknown, path = ''): string[] {
  if (isObject(clear) && isObject(sealed)) {
    const names = new Set([...Object.keys(clear), ...Object.keys(sealed)])
    return [...names].flatMap(name =>
      differences(clear[name], sealed[name], path === '' ? name : `${path}.${name}`),
    )
  }
  return clear === sealed ? [] : [path]
}

function readEscrow(text: string): Escrow | undefined {
  const value = parsedJson(text)
  if (!isObject(value) || value.hookwarden_escrow !== VERSION) return undefined
  const { made, to, fingerprints, sealed } = value
  if (typeof made !== 'string' || typeof to !== 'string' || typeof sealed !== 'string') {
    return undefined
  }
  if (!isObject(fingerprints) || !Object.values(fingerprints).every(isFingerprint)) return undefined
  return { ...value, hookwarden_escrow: VERSION, made, to, fingerprints, sealed }
}
