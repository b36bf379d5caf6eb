/**
 * Preloaded into each contender that runs on Node: tells the driver how long garbage collection took so far.
 * Plain JavaScript, so that a contender does not load what strips types: that takes its time, and tens of MiB.
 */
import { PerformanceObserver } from 'node:perf_hooks'

let spent = 0
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) spent += entry.duration
}).observe({ entryTypes: ['gc'] })

process.on('message', () => process.send?.({ gc: spent }))
process.channel?.unref()
