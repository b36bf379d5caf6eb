import { Fault } from '../errors.ts'
import type { Millis } from '../units.ts'
import type { Authorities } from './authorities.ts'
import { type Certificate, prepare, type Served } from './certificates.ts'
import { readPem } from './pem-file.ts'

/** Where a certificate and its key stand: paths of PEM files, or the text itself. */
export type Origin =
  | { readonly files: { readonly cert: string; readonly key: string } }
  | { readonly text: Certificate }

/** What came of reading all files again. */
export interface Renewal {
  /** Whether anything is other than before. */
  readonly changed: boolean
  /** What cannot be used, and was left as it was. */
  readonly faults: readonly string[]
}

/** The certificates that are served, in the order of the map, and who may sign those of senders. */
export class Keyring {
  readonly authorities: Authorities
  readonly #origins: readonly Origin[]
  #served: readonly Served[]

  /** Reads everything. Throws a fault for what cannot be used. */
  constructor(origins: readonly Origin[], authorities: Authorities) {
    this.#origins = origins
    this.authorities = authorities
    this.#served = origins.map(origin => this.#prepared(origin, readOrigin(origin)))
  }

  get served(): readonly Served[] {
    return this.#served
  }

  /** Every file it was read from. */
  get paths(): readonly string[] {
    const own = this.#origins.flatMap(one =>
      'files' in one ? [one.files.cert, one.files.key] : [],
    )
    return [...new Set([...own, ...this.authorities.paths])]
  }

  /** Reads every file again. What can be used replaces what was, each for itself; what cannot is told. */
  renew(now: Millis): Renewal {
    const asked = this.authorities.renew()
    const faults = [...asked.faults]
    let { changed } = asked
    const next = this.#origins.map((origin, index) => {
      const old = this.#served[index] as Served // one for each origin
      try {
        const read = readOrigin(origin)
        const same = read.cert === old.certificate.cert && read.key === old.certificate.key
        if (same && !asked.changed) return old
        const prepared = this.#prepared(origin, read)
        if (!same) mayReplace(prepared, old, origin, now)
        changed = true
        return prepared
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        faults.push(error.message)
        return asked.changed ? prepare(old.certificate, this.authorities.texts) : old
      }
    })
    this.#served = next
    return { changed, faults }
  }

  #prepared(origin: Origin, certificate: Certificate): Served {
    try {
      return prepare(certificate, this.authorities.texts)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      throw new Fault(error.code, `${placeOf(origin)}${error.message}`, { cause: error })
    }
  }
}

/** A pair that nobody would take does not replace one that is still taken. */
function mayReplace(next: Served, old: Served, origin: Origin, now: Millis): void {
  if (next.notAfter > now || old.notAfter <= now) return
  const ended = new Date(next.notAfter).toISOString()
  throw new Fault('certificate', `${placeOf(origin)}it has ended (${ended})`)
}

function placeOf(origin: Origin): string {
  return 'files' in origin ? `${origin.files.cert}: ` : ''
}

function readOrigin(origin: Origin): Certificate {
  if ('text' in origin) return origin.text
  return { cert: readPem(origin.files.cert), key: readPem(origin.files.key) }
}
