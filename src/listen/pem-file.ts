import { readFileSync } from 'node:fs'
import { Fault } from '../errors.ts'

/** Reads a PEM file. Throws a fault that names it. */
export function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new Fault('certificate', `cannot read ${path} (${code})`, { cause: error })
  }
}
