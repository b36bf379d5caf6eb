import { PRESETS } from '../presets/presets.ts'
import type { Scheme } from '../verify/scheme.ts'

/** Every known sender's scheme by the name of its preset. */
export const KNOWN: Readonly<Record<string, Scheme>> = Object.fromEntries(
  Object.entries(PRESETS).map(([name, { scheme }]) => [name, scheme]),
)
