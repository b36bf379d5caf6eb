import { setFlagsFromString } from 'node:v8'

/** How far the heap may grow beyond what was alive at the last full collection, in percent. */
const GROWTH = 400

/**
 * Sets V8's collector to what a proxy of bodies needs: bodies lie outside of V8's heap but count towards its limit, so
 * that V8 would mark the whole heap to get rid of a few of them.
 *
 * @see docs/decisions/collector.md
 */
export function tuneCollector(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH}`)
  setFlagsFromString('--no-parallel-scavenge')
}
