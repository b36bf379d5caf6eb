import { readFileSync } from 'node:fs'
import { type Loaded, loadMap } from '../config/load.ts'
import { Fault } from '../errors.ts'
import { compileScheme } from '../verify/compile.ts'

/** Where a map is looked for unless `--config` says otherwise. */
export const USUAL_MAP = 'hookwarden.yaml'

/** Reads a map from a file, schemes compiled. Throws a fault where the file cannot be read. */
export function readMap(file: string, dev: boolean): Loaded {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
    throw new Fault('map_unreadable', `cannot read ${file}${code}`, { cause: error })
  }
  return loadMap(text, {
    file,
    dev,
    compileScheme: (scheme, at) => {
      const compiled = compileScheme(scheme, at)
      return Array.isArray(compiled) ? compiled : []
    },
  })
}
