import { totalmem } from 'node:os'
import type { Log } from '../report/log.ts'
import { type Bytes, formatBytes } from '../units.ts'

const MEBI = 1024 ** 2
/** What is used beside connections and bodies: the program, and what waits to be collected. */
const BESIDE = 96 * MEBI
/** What connections leave for bodies, at the least. */
const LEFT = 8 * MEBI
/** What one open connection takes, most of it OpenSSL's. */
const CONNECTION = 60 * 1024
/** What one byte held takes, with those that are not collected yet. */
const EACH = 1.5
/** What one address may hold of it: a body that is larger would never arrive. */
const SHARE_OF_ONE_ADDRESS = 8
/** Never fewer, however little memory there is: what serves nobody is of no use. */
const LEAST_CONNECTIONS = 100

/** What of the map it depends on. */
interface Wanted {
  readonly limits: { readonly buffered: Bytes }
  readonly providers: readonly { readonly limits: { readonly body: Bytes } }[]
}

/**
 * How many bytes of bodies may be held at all: `limits.buffered`, or what the container's memory leaves room for, so that
 * hundreds of slow uploads are refused one by one instead of ending the process. Never so few that the largest body that
 * is taken finds no room, however little memory there is.
 *
 * @param memory what this process may use; undefined where nothing bounds it
 * @param before what it was: a warning that was given for it is not given again
 * @see docs/image.md
 */
export function bufferedFor(
  map: Wanted,
  log: Pick<Log, 'warn'>,
  memory: Bytes | undefined,
  before?: Bytes,
): Bytes {
  const { buffered } = map.limits
  if (memory === undefined) return buffered
  const fits = Math.floor((memory - BESIDE) / EACH / MEBI) * MEBI
  const most = Math.min(buffered, Math.max(fits, leastFor(map)))
  if (most < buffered && most !== before)
    log.warn('limits.buffered is lowered: too little memory is allowed', {
      wanted: formatBytes(buffered),
      buffered: formatBytes(most),
      memory: formatBytes(memory),
    })
  return most
}

/**
 * The same while so many connections are open: what they take is not there for bodies.
 *
 * @param most what `bufferedFor` said
 */
export function bufferedBeside(
  connections: number,
  most: Bytes,
  map: Wanted,
  memory: Bytes | undefined,
): Bytes {
  if (memory === undefined) return most
  const fits = (memory - BESIDE - connections * CONNECTION) / EACH
  return Math.min(most, Math.max(leastFor(map), Math.floor(fits)))
}

/**
 * How many connections may be open: as many as `wanted`, or as the container's memory leaves room for beside the largest
 * bodies that are taken.
 *
 * @param wanted what the map says, or the limit on open files
 */
export function connectionsWithin(
  wanted: number,
  map: Wanted,
  log: Pick<Log, 'warn'>,
  memory: Bytes | undefined,
): number {
  if (memory === undefined) return wanted
  const left = Math.max(LEFT, leastFor(map)) * EACH
  const most = Math.max(LEAST_CONNECTIONS, Math.floor((memory - BESIDE - left) / CONNECTION))
  if (most >= wanted) return wanted
  log.warn('limits.connections is lowered: too little memory is allowed', {
    wanted,
    connections: most,
    memory: formatBytes(memory),
  })
  return most
}

/** What bodies and connections take together, in bytes. */
export function usedBy(bodies: Bytes, connections: number): Bytes {
  return bodies + connections * CONNECTION
}

/** What bodies have whatever else is open: less, and the largest of them would never arrive. */
export function leastFor({ limits, providers }: Wanted): Bytes {
  let largest = 0
  for (const one of providers) largest = Math.max(largest, one.limits.body)
  return Math.min(limits.buffered, largest * SHARE_OF_ONE_ADDRESS)
}

/** What the container may use; undefined where it is not bounded, or by no less than the machine has. */
export function allowedMemory(): Bytes | undefined {
  const memory = process.constrainedMemory()
  return memory > 0 && memory < totalmem() ? memory : undefined
}
