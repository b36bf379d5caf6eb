import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'

/**
 * Writes a secret into a file that must not exist yet, for nobody else to read. Throws where it exists or cannot be
 * written; then nothing is left of it.
 */
export function keepInNewFile(path: string, secret: Uint8Array): void {
  const file = openSync(path, 'wx', 0o600)
  try {
    writeSync(file, secret)
    fsyncSync(file)
  } catch (error) {
    rmSync(path, { force: true })
    throw error
  } finally {
    closeSync(file)
  }
}
