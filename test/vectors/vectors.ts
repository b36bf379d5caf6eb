import { globSync, readFileSync } from 'node:fs'

/** One delivery with the signature that its sender published, and where. */
export interface Vector {
  /** File name without its ending. */
  readonly name: string
  readonly preset: string
  readonly source: string
  readonly secret: string
  /** Values of the entry beside the secret, such as `public_key`. */
  readonly values?: Readonly<Record<string, string>>
  readonly public_url?: string
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
