import { totalmem } from 'node:os'
import type { Log } from '../report/log.ts'
import { type Bytes, formatBytes } from '../units.ts'

const MEBI = 1024 ** 2
/** What is used beside bodies: the program and five hundred connections, with room for what is not measured here. */
const BESIDE = 176 * MEBI
/** What one byte held takes of the container's memory: refused bodies lie about until they are collected. */
const EACH = 5
/** What one address may hold of it: a body that is larger would never arrive. */
const SHARE_OF_ONE_ADDRESS = 8

/** What of the map it depends on. */
interface Wanted {
  readonly limits: { readonly buffered: Bytes }
  readonly providers: readonly { readonly limits: { readonly body: Bytes } }[]
}

/**
 * How many bytes of bodies may be held: `limits.buffered`, or what the container's memory leaves room for, so that five
 * hundred slow uploads are refused one by one instead of ending the process. Never so few that the largest body that is
 * taken finds no room.
 *
 * @param before what it was: a warning that was given for it is not given again
 * @param memory what this process may use; undefined where nothing bounds it
 * @see docs/image.md
 */
export function bufferedFor(
  { limits: { buffered }, providers }: Wanted,
  log: Pick<Log, 'warn'>,
  before?: Bytes,
  memory: Bytes | undefined = allowed(),
): Bytes {
  if (memory === undefined) return buffered
  const fits = Math.floor((memory - BESIDE) / EACH / MEBI) * MEBI
  const body = Math.max(0, ...providers.map(one => one.limits.body))
  const most = Math.min(buffered, Math.max(fits, body * SHARE_OF_ONE_ADDRESS))
  if (most < buffered && most !== before)
    log.warn('limits.buffered is lowered: too little memory is allowed', {
      wanted: formatBytes(buffered),
      buffered: formatBytes(most),
      memory: formatBytes(memory),
    })
  return most
}

/** What the container may use; undefined where it is not bounded, or by no less than the machine has. */
function allowed(): Bytes | undefined {
  const memory = process.constrainedMemory()
  return memory > 0 && memory < totalmem() ? memory : undefined
}
