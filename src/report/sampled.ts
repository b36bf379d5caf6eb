import { Gauge, type MetricType, type Registry } from 'prom-client'
import type { Spread } from './tally.ts'

/** The configured names and closed words of one series. */
export type Labels = Readonly<Record<string, string>>

/** One line of the exposition. */
export interface Sample {
  readonly labels: Labels
  readonly value: number
  /** Where it is not the metric's own, as in a histogram. */
  readonly metricName?: string
}

/** What a metric is and where its numbers come from at a scrape. */
export interface Sampling {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly samples: () => Iterable<Sample>
}

/**
 * A metric whose numbers are kept elsewhere and read at a scrape. prom-client hashes the labels of every
 * increment, which for a delivery's dozen series costs more than the rest of its bookkeeping.
 */
export class Sampled extends Gauge<string> {
  readonly #type: Sampling['type']
  readonly #samples: Sampling['samples']

  constructor(registry: Registry, { name, help, type, samples }: Sampling) {
    super({ name, help, registers: [registry] })
    this.#type = type
    this.#samples = samples
  }

  override async get() {
    // the declared enum is numeric; what the library writes is the word
    const type = this.#type as unknown as MetricType
    return { ...(await super.get()), type, values: [...this.#samples()] }
  }
}

/** The lines of one histogram series: cumulative buckets, sum and count. */
export function* spreadSamples(name: string, labels: Labels, spread: Spread): Generator<Sample> {
  let count = 0
  for (const [index, own] of spread.counts.entries()) {
    count += own
    const le = `${spread.bounds[index] ?? '+Inf'}`
    yield { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count }
  }
  yield { metricName: `${name}_sum`, labels, value: spread.sum }
  yield { metricName: `${name}_count`, labels, value: count }
}
