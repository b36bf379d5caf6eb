import type { Millis } from '../units.ts'
import type { Labels, Sample, Sampling } from './sampled.ts'

export const UNLABELLED: Labels = {}

/** One number, read at each scrape. */
export function gauge(name: string, help: string, value: () => number): Sampling {
  return { name, help, type: 'gauge', samples: () => [{ labels: UNLABELLED, value: value() }] }
}

/** Counts by a word of a closed list. */
export function wordSamples(label: string, counts: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(counts).map(([word, value]) => ({ labels: { [label]: word }, value }))
}

/** Prometheus counts time in seconds. */
export function seconds(instant: Millis): number {
  return instant / 1000
}
