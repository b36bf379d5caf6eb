import { readFileSync } from 'node:fs'
import type { Log } from '../report/log.ts'

/** Files that are open beside connections: listeners, logs, certificates, the pool's spare. */
const SPARE = 256

/** How many connections the limit on open files leaves room for: each may need one upstream as well. */
export function connectionsFor(wanted: number, log: Log): number {
  const files = openFiles()
  if (files === undefined) return wanted
  const most = Math.max(1, Math.floor((files - SPARE) / 2))
  if (most >= wanted) return wanted
  log.warn('limits.connections is lowered: too few open files are allowed', {
    wanted,
    connections: most,
    files,
  })
  return most
}

/** Open files that no connection takes, so that those there are can still be forwarded. */
const RESERVED = 32

/** The first file descriptor that is not for connections. */
export function reservedFrom(): number {
  const files = openFiles()
  return files === undefined ? Number.POSITIVE_INFINITY : files - Math.min(RESERVED, files >> 3)
}

/** This process's soft limit; undefined where the system does not say, or has none. */
function openFiles(): number | undefined {
  try {
    const line = /^Max open files\s+(?<soft>\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))
    return line === null ? undefined : Number(line.groups?.soft)
  } catch {
    return undefined
  }
}
