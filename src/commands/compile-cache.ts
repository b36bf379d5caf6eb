import { enableCompileCache, flushCompileCache } from 'node:module'
import { join } from 'node:path'

/**
 * From a checkout, types are stripped from each file and it is compiled: once is enough. The cache lies where the
 * packages do; where nothing can be written it is done without.
 */
export function useCompileCache(): void {
  const { filename, dirname } = import.meta
  if (filename.endsWith('.ts')) {
    enableCompileCache(join(dirname, '../../node_modules/.cache/hookwarden'))
  }
}

/** Writes it out at once: a process that is killed would not. */
export function keepCompileCache(): void {
  flushCompileCache()
}
