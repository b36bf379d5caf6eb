import type { Bytes } from '../units.ts'

/** Names that `mallopt` has for what it sets, in malloc.h of glibc. */
const TRIM_THRESHOLD = -1
const MMAP_THRESHOLD = -3

/** Where the heap has no room for them, blocks from here on are pages of their own: those that nothing was read into are never made. */
const APART: Bytes = 64 * 1024
/** How much may lie free at the end of the heap: less, and a body is freed page by page, to be asked for again at once. */
const SPARE: Bytes = 32 * 1024 ** 2
/** The same where memory matters more than time. */
const SPARE_TIGHT: Bytes = 128 * 1024

/** The C library's allocator, of which node and OpenSSL take all that V8 does not have. */
export interface Malloc {
  /** Whether memory matters more than time. */
  tight(is: boolean): void
  /** Gives back every page that is free. */
  trim(): void
}

/** What of `node:ffi` is used: its own types know no system where it is missing. */
interface Library {
  readonly functions: {
    mallopt(what: number, value: number): number
    malloc_trim(pad: bigint): number
  }
}

/**
 * glibc's allocator, told what suits a proxy of bodies; undefined where there is another (musl, macOS), or no `node:ffi`: then it is left as it is.
 *
 * @see docs/decisions/malloc.md
 * @see https://www.gnu.org/software/libc/manual/html_node/Malloc-Tunable-Parameters.html
 */
export function openMalloc(): Malloc | undefined {
  const library = itself()
  if (library === undefined) return undefined
  const { mallopt, malloc_trim } = library.functions
  if (mallopt(MMAP_THRESHOLD, APART) !== 1) return undefined
  const tight = (is: boolean): void => void mallopt(TRIM_THRESHOLD, is ? SPARE_TIGHT : SPARE)
  tight(false)
  return { tight, trim: () => void malloc_trim(0n) }
}

/** The process itself as a library. It stays open for as long as the process lives. */
function itself(): Library | undefined {
  const warn = process.emitWarning
  process.emitWarning = () => {} // an operator can do nothing about its being experimental
  try {
    return process.getBuiltinModule('node:ffi')?.dlopen(null, {
      mallopt: { arguments: ['i32', 'i32'], return: 'i32' },
      malloc_trim: { arguments: ['u64'], return: 'i32' },
    })
  } catch {
    return undefined // it lacks these, or may not be used
  } finally {
    process.emitWarning = warn
  }
}
