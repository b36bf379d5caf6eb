/** Preloaded into each contender that runs on Node: tells the driver how long garbage collection took so far. */
import { PerformanceObserver } from 'node:perf_hooks'

let spent = 0
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) spent += entry.duration
}).observe({ entryTypes: ['gc'] })

process.on('message', () => process.send?.({ gc: spent }))
process.channel?.unref()
