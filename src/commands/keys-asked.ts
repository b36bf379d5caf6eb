import { parseEnv } from 'node:util'
import { Fault } from '../errors.ts'
import { KEY_NAMES, type KeyBytes, type KeyName } from '../keys/names.ts'
import { readReference, type SecretSources } from '../secrets/resolve.ts'
import { bytesAt } from './asked.ts'

/** The options that say where the keys are, for `readArguments`. */
export const KEY_OPTIONS = {
  'env-file': { type: 'string' },
  'encryption-key': { type: 'string' },
  'webhook-secret-key': { type: 'string' },
  'app-secret-key': { type: 'string' },
} as const

/** What those options may be given. */
export interface KeyPlaces {
  readonly 'env-file'?: string | undefined
  readonly 'encryption-key'?: string | undefined
  readonly 'webhook-secret-key'?: string | undefined
  readonly 'app-secret-key'?: string | undefined
}

/** A key that is at hand, or why it is not. */
export interface FoundKey {
  readonly key: KeyName
  /** The reference it was looked for by. */
  readonly from: string
  readonly bytes: Uint8Array | undefined
  readonly problem: string | undefined
}

/** Looks for the three keys. A key that is there has at least one byte; what it is worth is another question. */
export function findKeys(places: KeyPlaces, sources: SecretSources): readonly FoundKey[] {
  const file = places['env-file']
  const env = file === undefined ? sources.env : environmentAt(file)
  return KEY_NAMES.map(key => {
    const from = places[optionOf(key)] ?? `env:${key}`
    const found = readReference(from, { ...sources, env: { ...sources.env, ...env } })
    if ('problem' in found) {
      const where = file !== undefined && from.startsWith('env:') ? ` in ${file}` : ''
      return { key, from, bytes: undefined, problem: `${found.problem}${where}` }
    }
    return { key, from, bytes: found.bytes, problem: undefined }
  })
}

/** The bytes of those that are at hand. */
export function bytesOfKeys(found: readonly FoundKey[]): KeyBytes {
  return Object.fromEntries(
    found.flatMap(({ key, bytes }) => (bytes === undefined ? [] : [[key, bytes]])),
  )
}

/** All three, or a fault that says which are missing. */
export function everyKey(found: readonly FoundKey[]): KeyBytes {
  const missing = found.flatMap(({ problem }) => (problem === undefined ? [] : [problem]))
  if (missing.length > 0) {
    throw new Fault('keys', `not all keys are at hand: ${missing.join('; ')}. See --env-file`)
  }
  return bytesOfKeys(found)
}

function optionOf(key: KeyName): keyof typeof KEY_OPTIONS {
  switch (key) {
    case 'ENCRYPTION_KEY':
      return 'encryption-key'
    case 'WEBHOOK_SECRET_KEY':
      return 'webhook-secret-key'
    case 'APP_SECRET_KEY':
      return 'app-secret-key'
  }
}

/** The variables of a file of `NAME=value` lines; those of this process do not count then. */
function environmentAt(file: string): Readonly<Record<string, string | undefined>> {
  const none = Object.fromEntries(KEY_NAMES.map(key => [key, undefined]))
  return { ...none, ...parseEnv(Buffer.from(bytesAt(file)).toString()) }
}
