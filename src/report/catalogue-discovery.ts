import type { Gauges } from './labels.ts'
import type { Sampling } from './sampled.ts'
import { gauge } from './samples.ts'

/** What is told of flows that are discovered. */
export function discovery({ discovered }: Gauges): Sampling[] {
  return [
    gauge(
      'hookwarden_discovery_up',
      '0 while flows cannot be looked up, and those last known are served',
      () => Number(discovered().up),
    ),
    gauge(
      'hookwarden_discovery_doubted',
      '1 while a look that takes too many flows away is not believed yet',
      () => Number(discovered().doubted),
    ),
    {
      name: 'hookwarden_discovered_flows',
      type: 'gauge',
      help: 'Flows that are served because they were discovered, drafts included',
      samples: () =>
        [...discovered().flows].map(([provider, value]) => ({ labels: { provider }, value })),
    },
    {
      name: 'hookwarden_unprotected_flows',
      type: 'gauge',
      help: 'Published flows that no provider covers, so that their deliveries are refused',
      samples: () =>
        [...discovered().unprotected].map(([app, value]) => ({ labels: { app }, value })),
    },
  ]
}
