import { ask, type Child, cpuOf } from './child.ts'
import type { Running } from './contenders.ts'
import type { Load, Sent } from './load.ts'
import type { Row } from './rows.ts'
import { PATH, type Site } from './site.ts'

/** One round of one contender at one row. */
export interface Round {
  /** CPU time of the contender's process, microseconds for each delivery. */
  readonly cpu: number
  /** Garbage collection, milliseconds for a thousand deliveries. */
  readonly gc: number | undefined
  /** Milliseconds. */
  readonly p99: number
}

/** All rounds of all contenders at one row, or why a contender has none. */
export interface Measured {
  readonly row: Row
  readonly rounds: ReadonlyMap<string, readonly Round[]>
  readonly missing: ReadonlyMap<string, string>
}

/** Requests of one kind before any is measured. */
const WARM = 20_000

/** Time for what follows an answer: log lines, collectors, closed connections. */
const SETTLE = 20

/**
 * Runs `rounds` interleaved rounds after one unmeasured, each beginning with another contender, so that what
 * the machine does meanwhile meets all of them.
 */
export async function measure(
  row: Row,
  contenders: readonly Running[],
  rounds: number,
  { load, site }: { readonly load: Child; readonly site: Site },
): Promise<Measured> {
  const measured = new Map<string, Round[]>()
  const missing = new Map<string, string>()
  for (let round = -1; round < rounds; round++) {
    const first = Math.max(0, round) % contenders.length
    for (const running of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      const { name } = running.contender
      if (missing.has(name)) continue
      const got = await once(row, running, load, site)
      if (typeof got === 'string') missing.set(name, got)
      else if (round >= 0) measured.set(name, [...(measured.get(name) ?? []), got])
    }
  }
  for (const name of missing.keys()) measured.delete(name)
  return { row, rounds: measured, missing }
}

/**
 * Has a contender do small work until V8 has compiled what it will compile: a proxy runs for months, and the threads
 * of the compiler count as its own, so that one with more code would pay for its first minute in each round.
 */
export async function warm(row: Row, running: Running, load: Child, site: Site): Promise<void> {
  for (let sent = 0; sent < WARM; sent += row.load.count) {
    await ask(load, { ...row.load, port: running.port, path: PATH, secret: site.secret })
    await ask(load, 'run')
  }
}

async function once(row: Row, running: Running, load: Child, site: Site): Promise<Round | string> {
  const { count } = row.load
  const spec: Load = { ...row.load, port: running.port, path: PATH, secret: site.secret }
  await ask(load, spec)
  const gc = await running.gc()
  const cpu = cpuOf(running.pid)
  const sent = await ask<Sent>(load, 'run')
  await new Promise(resolve => setTimeout(resolve, SETTLE))
  const spent = cpuOf(running.pid) - cpu
  const collected = await running.gc()
  if (sent.statuses[row.status] !== count) {
    return `answered ${JSON.stringify(sent.statuses)} instead of ${count} times ${row.status}`
  }
  if (sent.resumed > 0) return `${sent.resumed} handshakes were not full ones`
  return {
    cpu: spent / count,
    gc: collected === undefined || gc === undefined ? undefined : ((collected - gc) * 1000) / count,
    p99: sent.p99,
  }
}
