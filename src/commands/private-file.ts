import { closeSync, fchmodSync, openSync, writeSync } from 'node:fs'
import { Fault } from '../errors.ts'

/**
 * Writes a new file that only its owner may read (mode 0600). Throws a fault where one is there already: what it holds may
 * be the only copy of a key.
 */
export function writePrivateFile(path: string, content: string | Uint8Array): void {
  let file: number
  try {
    file = openSync(path, 'wx', 0o600)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'EEXIST') {
      const why = 'there is a file already, and what it holds may be the only copy of a key'
      throw new Fault('exists', `${path}: ${why}`, { cause: error })
    }
    throw new Fault('unwritable', `cannot write ${path} (${code})`, { cause: error })
  }
  try {
    fchmodSync(file, 0o600) // a default ACL of the folder may have widened it
    writeSync(file, typeof content === 'string' ? Buffer.from(content) : content)
  } finally {
    closeSync(file)
  }
}
