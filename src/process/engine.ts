import { setFlagsFromString } from 'node:v8'

/** How far the heap may grow beyond what was alive at the last full collection, in percent. */
const GROWTH = 400

/** How often a function is called before V8's best compiler takes it; V8 itself waits for 3000 and more. */
const CALLS = 1000

/**
 * Has V8 compile what is called for each delivery within the first thousands of them, and by its best compiler alone: a
 * delivery passes through hundreds of functions of ours, which all become hot at once. Its faster compiler, Maglev, would have
 * them all in hand together, which leaves 20 MiB behind that nothing gives back.
 *
 * @see docs/decisions/compiler.md
 */
export function tuneCompiler(): void {
  setFlagsFromString(`--invocation-count-for-turbofan=${CALLS}`)
  setFlagsFromString('--no-maglev')
}

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
