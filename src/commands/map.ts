import { readdirSync, readFileSync } from 'node:fs'
import type { CompileScheme } from '../config/check-senders.ts'
import type { MapFiles } from '../config/files.ts'
import { type Loaded, loadMap } from '../config/load.ts'
import { Fault } from '../errors.ts'
import { isReference } from '../secrets/public-key.ts'
import { compileScheme } from '../verify/compile.ts'
import { keyProblem } from '../verify/key.ts'
import { snsHost } from '../verify/sns-urls.ts'

/** Where a map is looked for unless `--config` says otherwise. */
export const USUAL_MAP = 'hookwarden.yaml'

/** This machine's files. */
export const disk: MapFiles = {
  readFile: path => readFileSync(path),
  list: folder => readdirSync(folder).sort(),
}

/** Reads a map from a file, schemes compiled. Throws a fault where the file cannot be read. */
export function readMap(file: string, dev: boolean, files = disk): Loaded {
  let text: string
  try {
    text = Buffer.from(files.readFile(file)).toString()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
    throw new Fault('map_unreadable', `cannot read ${file}${code}`, { cause: error })
  }
  return loadMap(text, {
    file,
    dev,
    files,
    compileScheme: flawsOf,
  })
}

/** What is wrong with a scheme, or with a public key that stands in the map itself. */
export const flawsOf: CompileScheme = (scheme, entry) => {
  const compiled = compileScheme(scheme, entry)
  if (Array.isArray(compiled)) return compiled
  const { publicKey, values } = entry
  const topic = scheme.sign === '{sns}' ? values.topic_arn : undefined
  if (topic !== undefined && topic !== 'missing' && snsHost(topic) === undefined) {
    const message = 'expected `arn:aws:sns:REGION:ACCOUNT:NAME`'
    return [{ key: '', column: 1, entry: 'topic_arn', message }]
  }
  if (publicKey === undefined || isReference(publicKey.text)) return []
  const message = keyProblem(compiled, Buffer.from(publicKey.text), publicKey.form)
  const at = publicKey.form === 'set' ? 'jwks' : 'public_key'
  return message === undefined ? [] : [{ key: '', column: 1, entry: at, message }]
}
