import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '../errors.ts'
import { generateKeys } from '../keys/generate.ts'
import { KEY_NAMES, type KeyName } from '../keys/names.ts'
import { readArguments } from './command.ts'
import { writePrivateFile } from './private-file.ts'
import { processTerminal, type Terminal } from './terminal.ts'

/** What `keys generate` was asked. */
export interface GenerateOptions {
  readonly out: string | undefined
  readonly format: string
  readonly print: boolean
}

export async function main(args: readonly string[]): Promise<number> {
  const options = readArguments(args, {
    out: { type: 'string' },
    format: { type: 'string', default: 'files' },
    print: { type: 'boolean', default: false },
  })
  return generate({ ...options, out: options.out }, processTerminal)
}

/** Makes three keys and writes them where they were asked for; gives the exit code. */
export function generate({ out, format, print }: GenerateOptions, terminal: Terminal): number {
  const keys = generateKeys()
  if (print) {
    if (out !== undefined) throw new Fault('usage', '--print and --out exclude each other')
    terminal.out(environment(keys).trimEnd())
    return 0
  }
  if (out === undefined) {
    throw new Fault('usage', 'where should the keys go? --out PATH, or --print to see them here')
  }
  switch (format) {
    case 'files':
      writeKeyFiles(out, keys)
      terminal.out(KEY_NAMES.map(key => join(out, key)).join('\n'))
      terminal.err(`
Three new keys, readable by you alone: one file each, as container secrets are.`)
      break
    case 'env':
      writePrivateFile(out, environment(keys))
      terminal.out(out)
      terminal.err(`
Three new keys, readable by you alone, for \`env_file:\` or \`--env-file\`. Keep it out of the repository.`)
      break
    case 'kubernetes':
      writePrivateFile(out, manifest(keys))
      terminal.out(out)
      terminal.err(`
Three new keys as a Secret, readable by you alone: \`kubectl apply -f ${out}\`, then keep it out of the repository.`)
      break
    default:
      throw new Fault('usage', `--format: '${format}' is none of files, env, kubernetes`)
  }
  terminal.err(`Next, before anything is stored with them:
  hookwarden keys escrow --to PUBLIC --out FILE   a copy that only an offline key opens
  hookwarden keys pin                             so that a change is noticed
They are for a new installation: one that runs keeps its keys, or it loses its connections and webhooks.`)
  return 0
}

/** Writes a file for each key into a folder, which is made. */
export function writeKeyFiles(
  folder: string,
  keys: Readonly<Partial<Record<KeyName, string | Uint8Array>>>,
): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const key of KEY_NAMES) {
    const value = keys[key]
    if (value !== undefined) writePrivateFile(join(folder, key), value)
  }
}

function environment(keys: Readonly<Record<KeyName, string>>): string {
  return KEY_NAMES.map(key => `${key}=${keys[key]}\n`).join('')
}

/** @see "Secrets", Kubernetes documentation */
function manifest(keys: Readonly<Record<KeyName, string>>): string {
  return `apiVersion: v1
kind: Secret
metadata:
  name: automatisch-keys
type: Opaque
immutable: true
stringData:
${KEY_NAMES.map(key => `  ${key}: "${keys[key]}"\n`).join('')}`
}
