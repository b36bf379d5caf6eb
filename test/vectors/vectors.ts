import { globSync, readFileSync } from 'node:fs'
import type { Scheme } from '../../src/verify/scheme.ts'

/** One delivery with the signature that its sender published, and where. */
export interface Vector {
  /** File name without its ending. */
  readonly name: string
  /** A preset, or else a scheme of its own. */
  readonly preset?: string
  readonly scheme?: Scheme
  readonly source: string
  readonly secret: string
  /** Wall clock at which it is fresh, milliseconds since 1970; null where no time is signed. */
  readonly time: number | null
  readonly method: string
  readonly target: string
  readonly headers: readonly (readonly [string, string])[]
  /** As UTF-8. */
  readonly body: string
  readonly expect: 'clean'
}

/** Every published vector of this folder. */
export const VECTORS: readonly Vector[] = globSync(`${import.meta.dirname}/*.json`)
  .sort()
  .map(file => ({
    ...JSON.parse(readFileSync(file, 'utf8')),
    name: /(?<name>[^/\\]+)\.json$/.exec(file)?.groups?.name,
  }))
