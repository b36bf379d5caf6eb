import { setFlagsFromString } from 'node:v8'

/** How far the heap may grow beyond what was alive at the last full collection, in percent. */
const GROWTH = 400

/**
 * Sets V8's collector to what a proxy of bodies needs; called once the map is read, because the young generation
 * keeps the size it has then. Bodies lie outside of V8's heap, count towards its limit and go when the young
 * generation is collected: kept small, that happens before the limit makes V8 mark the whole heap instead.
 *
 * @see docs/decisions/collector.md
 */
export function tuneCollector(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--no-parallel-scavenge')
  setFlagsFromString(`--heap-growing-percent=${GROWTH}`)
}
