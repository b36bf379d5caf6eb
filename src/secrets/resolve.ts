import { closeSync, openSync, readSync } from 'node:fs'
import { keepInNewFile } from './keep.ts'
import { nameOfSealed, openSealed } from './sealed.ts'
import { Secret } from './secret.ts'

/** Where secrets come from. */
export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Gives the bytes of a file as they are; throws where it cannot. */
  readFile(path: string): Uint8Array
  /** Writes a file that does not exist yet; throws where it cannot. Without it no key is ever kept. */
  readonly writeNew?: (path: string, bytes: Uint8Array) => void
  /** Whether `plain:` is accepted. */
  readonly dev: boolean
}

/** Why a reference gives no usable secret; names the reference, never what was found there. */
export interface SecretProblem {
  readonly problem: string
}

/** Fewer bytes can be guessed. */
const SHORTEST = 16
/** More is no secret but the wrong file. */
const LONGEST = 64 * 1024

/** This machine's environment and files. */
export function machineSources(dev: boolean): SecretSources {
  return { env: process.env, readFile: readSmallFile, writeNew: keepInNewFile, dev }
}

/**
 * Resolves `env:NAME` (UTF-8, nothing dropped), `file:PATH` (bytes as they are, less exactly one trailing line end),
 * `sealed:BASE64` (what `hookwarden seal` was given) or, with `dev`, `plain:TEXT`. What is unset, empty or shorter than 16 bytes is a problem and never a secret.
 */
export function resolveSecret(ref: string, sources: SecretSources): Secret | SecretProblem {
  const found = readReference(ref, sources)
  if ('problem' in found) return found
  const { bytes, name } = found
  if (bytes.length < SHORTEST) {
    return { problem: `${name} has ${bytes.length} bytes, fewer than ${SHORTEST}` }
  }
  return new Secret(bytes)
}

/** What a reference names, of whatever kind it is: some bytes, and no more than a secret or a key can have. */
export function readReference(ref: string, sources: SecretSources): Found | SecretProblem {
  const found = read(ref, sources)
  if ('problem' in found) return found
  const { bytes, name } = found
  if (bytes.length === 0) return { problem: `${name} is empty` }
  return bytes.length > LONGEST ? { problem: `${name} is longer than ${LONGEST} bytes` } : found
}

/** A reference as messages may show it: never a secret, and no longer than a line. */
export function nameOf(ref: string): string {
  if (ref.startsWith('plain:')) return 'plain:…'
  return ref.startsWith('sealed:') ? nameOfSealed(ref) : ref
}

interface Found {
  readonly bytes: Uint8Array
  /** The reference as messages may show it. */
  readonly name: string
}

function read(ref: string, sources: SecretSources): Found | SecretProblem {
  const colon = ref.indexOf(':')
  const rest = ref.slice(colon + 1)
  switch (ref.slice(0, Math.max(colon, 0))) {
    case 'env': {
      const value = Object.hasOwn(sources.env, rest) ? sources.env[rest] : undefined
      if (value === undefined) return { problem: `${ref} is not set` }
      return { bytes: new TextEncoder().encode(value), name: ref }
    }
    case 'file':
      try {
        return { bytes: withoutLineEnd(sources.readFile(rest)), name: ref }
      } catch (error) {
        return { problem: `${ref} cannot be read${codeOf(error)}` }
      }
    case 'sealed': {
      const bytes = openSealed(rest, sources)
      return 'problem' in bytes ? bytes : { bytes, name: nameOf(ref) }
    }
    case 'plain':
      if (!sources.dev) return { problem: 'plain: is accepted with --dev only' }
      return { bytes: new TextEncoder().encode(rest), name: nameOf(ref) }
    default:
      return { problem: 'not a reference: expected env:NAME, file:PATH or sealed:…' }
  }
}

/** Drops exactly one trailing line end, which editors add. */
export function withoutLineEnd(bytes: Uint8Array): Uint8Array {
  if (bytes.at(-1) !== 0x0a) return bytes
  return bytes.subarray(0, bytes.at(-2) === 0x0d ? -2 : -1)
}

/** The system's word for it, such as ENOENT: messages of the system itself may quote more than the path. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
}

/** Reads no more than tells that it is too long: a reference may name a device that never ends. */
function readSmallFile(path: string): Uint8Array {
  const file = openSync(path, 'r')
  try {
    const bytes = new Uint8Array(LONGEST + 3)
    let length = 0
    for (;;) {
      const got = readSync(file, bytes, length, bytes.length - length, null)
      length += got
      if (got === 0 || length === bytes.length) return bytes.subarray(0, length)
    }
  } finally {
    closeSync(file)
  }
}
