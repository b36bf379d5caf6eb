import { isDeepStrictEqual } from 'node:util'
import type { Settings } from '../config/settings.ts'
import { Fault } from '../errors.ts'
import { Authorities } from '../listen/authorities.ts'
import type { Certificate } from '../listen/certificates.ts'
import { Keyring, type Origin } from '../listen/keyring.ts'
import type { Millis } from '../units.ts'
import type { FilesRead } from './files-read.ts'

/** Where handshakes take what the map does not say. */
export interface Around {
  /** What TLS is ended with where the map names no certificate. */
  readonly made: readonly Certificate[]
  readonly wall: () => Millis
}

/** Everything that a handshake needs, read from its files. Throws a fault for what cannot be used. */
export function keyringOf(settings: Settings, { made, wall }: Around): Keyring {
  const { asked } = namedBy(settings)
  const origins = originsOf(settings, made)
  const secure = settings.listen.https !== undefined
  if (secure && origins.length === 0)
    throw new Fault('certificate', 'the map names no certificate to end TLS with')
  return new Keyring(secure ? origins : [], new Authorities(asked, wall))
}

/** Where certificates stand: in the files of the map, or made for this process. */
export function originsOf({ listen }: Settings, made: readonly Certificate[]): readonly Origin[] {
  const { tls } = listen
  return tls.length > 0 ? tls.map(files => ({ files })) : made.map(text => ({ text }))
}

/**
 * The same of a map that follows another; undefined where it names the same files. What cannot be used is watched with
 * the rest of the map until it can: those that are in use have a watch of their own.
 */
export function nextKeyring(
  next: Settings,
  before: Settings,
  around: Around,
  read: FilesRead,
): Keyring | undefined {
  if (isDeepStrictEqual(namedBy(next), namedBy(before))) return undefined
  try {
    return keyringOf(next, around)
  } catch (error) {
    const { files, asked } = namedBy(next)
    for (const { cert, key } of files) for (const path of [cert, key]) read.note(path)
    for (const { ca } of asked) read.note(ca)
    throw error
  }
}

/** What handshakes are made with, by the map. */
function namedBy({ listen, providers }: Settings) {
  const asked = providers.flatMap(({ name, clientCertificate }) =>
    clientCertificate === undefined ? [] : [{ provider: name, ...clientCertificate }],
  )
  return { files: listen.tls, asked }
}
