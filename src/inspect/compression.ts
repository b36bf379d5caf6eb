import {
  brotliDecompressSync,
  deflateRawSync,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateRawSync,
  inflateSync,
} from 'node:zlib'
import type { Bytes } from '../units.ts'

/** How compressed bytes came to be plain. */
export type Coding = 'gzip' | 'deflate' | 'br'

const LEVELS = [6, 9, 1, 2, 3, 4, 5, 7, 8] as const
/** What makers of gzip write for the system: Unix, unknown, FAT. @see RFC 1952, 2.3.1 */
const SYSTEMS = [3, 255, 0] as const
const SYSTEM_AT = 9

/** What the bytes come to when inflated: each coding that reads them, up to `most` bytes. */
export function* inflated(
  bytes: Uint8Array,
  most: Bytes,
): Generator<{ readonly coding: Coding; readonly bytes: Uint8Array }> {
  const options = { maxOutputLength: most }
  for (const [coding, inflate] of [
    ['gzip', gunzipSync],
    ['deflate', inflateSync],
    ['deflate', inflateRawSync],
    ['br', brotliDecompressSync],
  ] as const) {
    const plain = attempt(() => inflate(bytes, options))
    if (plain !== undefined && plain.length > 0) yield { coding, bytes: plain }
  }
}

/** What usual libraries make of the bytes: a bounded list, at every level, without a file name or time. */
export function* deflated(
  bytes: Uint8Array,
): Generator<{ readonly coding: Coding; readonly bytes: Uint8Array }> {
  for (const level of LEVELS) {
    const zipped = gzipSync(bytes, { level })
    for (const system of SYSTEMS) {
      const marked = Buffer.from(zipped)
      marked[SYSTEM_AT] = system
      yield { coding: 'gzip', bytes: marked }
    }
    yield { coding: 'deflate', bytes: deflateSync(bytes, { level }) }
    yield { coding: 'deflate', bytes: deflateRawSync(bytes, { level }) }
  }
}

/** Whatever a decoder throws for bytes that are not its own, or for more than it may give. */
function attempt(inflate: () => Uint8Array): Uint8Array | undefined {
  try {
    return inflate()
  } catch {
    return undefined
  }
}
