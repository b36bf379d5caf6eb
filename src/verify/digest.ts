import { createHash } from 'node:crypto'
import { Crc32 } from './crc32.ts'

/** What can run over a body while it arrives. */
export const DIGESTS = ['sha256', 'sha1', 'sha512', 'md5', 'crc32'] as const
export type DigestName = (typeof DIGESTS)[number]

/** One run over bytes in order. */
export interface Digest {
  update(bytes: Uint8Array): unknown
  /** Raw bytes as latin-1 text; of crc32, its decimal digits. */
  digest(encoding: 'latin1'): string
}

export function openDigest(name: DigestName): Digest {
  return name === 'crc32' ? new Crc32() : createHash(name)
}

/** The digests of a body that somebody asks for at its end, fed in step. */
export class Digests {
  readonly #running: readonly (readonly [DigestName, Digest])[]
  readonly #done = new Map<DigestName, string>()

  constructor(names: readonly DigestName[]) {
    this.#running = names.map(name => [name, openDigest(name)])
  }

  update(chunk: Uint8Array): void {
    for (let i = 0; i < this.#running.length; i++) this.#running[i]?.[1].update(chunk)
  }

  /** Undefined where it was not asked for from the start. */
  value(name: DigestName): string | undefined {
    const done = this.#done.get(name)
    if (done !== undefined) return done
    const value = this.#running.find(([known]) => known === name)?.[1].digest('latin1')
    if (value !== undefined) this.#done.set(name, value)
    return value
  }
}
