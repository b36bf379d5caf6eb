import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { systemClock } from '../clock.ts'
import type { ProviderSettings, Settings } from '../config/settings.ts'
import { Fault } from '../errors.ts'
import { type Capture, readCapture, readInstant } from '../explain/capture.ts'
import { machineSources, type SecretSources } from '../secrets/resolve.ts'
import { nearest } from '../spelling.ts'
import type { Bytes, Millis } from '../units.ts'
import { readMap } from './map.ts'
import { paintIssue, processTerminal, type Terminal } from './terminal.ts'

/** What `sign`, `verify` and `explain` look at, and where they speak. */
export interface World {
  readonly sources: SecretSources
  readonly terminal: Terminal
  /** Wall clock. */
  readonly now: Millis
}

/** This machine, its terminal and its time. */
export function processWorld(dev: boolean): World {
  return { sources: machineSources(dev), terminal: processTerminal, now: systemClock.wall() }
}

/** Larger files are no requests. */
const MOST: Bytes = 16 * 1024 ** 2
const ROOT = join(import.meta.dirname, '..', '..')

/** Reads a map. Prints its issues and throws a fault where it has any. */
export function soundMap(file: string, dev: boolean, terminal: Terminal): Settings {
  const { settings, issues } = readMap(file, dev)
  if (settings !== undefined) return settings
  for (const issue of issues) terminal.err(`${paintIssue(issue, terminal)}\n`)
  throw new Fault('map', `${file} has issues, so nothing can be judged by it`)
}

/** The provider of that name. Throws a fault where the map has none. */
export function providerOf({ providers }: Settings, name: string): ProviderSettings {
  const found = providers.find(provider => provider.name === name)
  if (found !== undefined) return found
  const names = providers.map(provider => provider.name)
  const near = nearest(name, names)
  const hint = near === undefined ? `it has ${names.join(', ')}` : `did you mean '${near}'?`
  throw new Fault('usage', `the map has no provider '${name}': ${hint}`)
}

/** Reads a capture and the file of its body, which is looked for beside it. Throws a fault that names file and line. */
export function captureAt(file: string): Capture {
  const read = readCapture(bytesAt(file), path => bytesAt(resolve(dirname(file), path)))
  if ('problem' in read) throw new Fault('capture', `${file}:${read.line}: ${read.problem}`)
  return read
}

/** The bytes of a file that an operator named. Throws a fault where it cannot be read or is larger than 16 MiB. */
export function bytesAt(file: string): Uint8Array {
  try {
    return readUpTo(file, MOST)
  } catch (error) {
    if (error instanceof Fault) throw error
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
    throw new Fault('unreadable', `cannot read ${file}${code}`, { cause: error })
  }
}

/** Reads no more than tells that it is too long: a file may be a device that never ends. */
function readUpTo(path: string, most: Bytes): Uint8Array {
  const file = openSync(path, 'r')
  try {
    const chunks: Uint8Array[] = []
    for (let size = 0; ; ) {
      const chunk = new Uint8Array(64 * 1024)
      const got = readSync(file, chunk)
      size += got
      if (size > most) throw new Fault('too_large', `${path} is larger than 16 MiB`)
      if (got === 0) return Buffer.concat(chunks)
      chunks.push(chunk.subarray(0, got))
    }
  } finally {
    closeSync(file)
  }
}

/** Reads `--at`. Throws a fault where it is no time. */
export function instantOf(text: string | undefined): Millis | undefined {
  if (text === undefined) return undefined
  const time = readInstant(text)
  if (time !== undefined) return time
  throw new Fault('usage', `--at: '${text}' is no time: write it like 2026-11-25T10:00:00Z`)
}

/** What a page of the docs has as its title after its code; empty where the docs are not here. */
export function titleOf(page: string): string {
  try {
    const [line = ''] = readFileSync(join(ROOT, page), 'utf8').split('\n', 1)
    return line.replace(/^# `\w+`: /, '')
  } catch {
    return ''
  }
}
