import { KEY_NAMES, KEY_PURPOSES } from '../keys/names.ts'
import { WEAKNESSES, weaknessesOf } from '../keys/weakness.ts'
import { processWorld, type World } from './asked.ts'
import { readArguments } from './command.ts'
import { bytesOfKeys, findKeys, KEY_OPTIONS, type KeyPlaces } from './keys-asked.ts'

export async function main(args: readonly string[]): Promise<number> {
  const options = readArguments(args, {
    ...KEY_OPTIONS,
    json: { type: 'boolean', default: false },
  })
  return checkKeys(options, processWorld(false))
}

/** Says what is wrong with the keys at hand; gives the exit code. */
export function checkKeys(options: KeyPlaces & { readonly json: boolean }, world: World): number {
  const { sources, terminal } = world
  const found = findKeys(options, sources)
  const weaknesses = weaknessesOf(bytesOfKeys(found))
  const rows = found.map(({ key, from, bytes, problem }) => ({
    key,
    from,
    length: bytes?.length ?? 0,
    findings: [
      ...(problem === undefined ? [] : [{ code: 'key_missing', says: problem, fix: MISSING }]),
      ...weaknesses
        .filter(weakness => weakness.key === key)
        .map(({ code }) => ({ code, ...WEAKNESSES[code] })),
    ],
  }))
  const count = rows.reduce((sum, { findings }) => sum + findings.length, 0)
  if (options.json) {
    terminal.out(JSON.stringify({ keys: rows }, null, 2))
    return count === 0 ? 0 : 1
  }
  const width = Math.max(...KEY_NAMES.map(key => key.length))
  for (const { key, length, findings } of rows) {
    const fine = findings.length === 0
    const state = fine ? terminal.paint('green', 'fine') : terminal.paint('red', 'finding')
    const size = length === 0 ? '-' : `${length} bytes`
    terminal.out(`${key.padEnd(width)}  ${size.padEnd(9)}  ${state}`)
    for (const { code, says, fix } of findings) {
      terminal.out(`  ${terminal.paint('bold', code)}: ${says}`)
      terminal.out(`    fix  ${fix}`)
    }
    if (!fine) terminal.out(`    why  ${key} ${KEY_PURPOSES[key]}`)
  }
  return count === 0 ? 0 : 1
}

const MISSING = 'give it in the environment, by --env-file FILE or by a reference; see --help'
