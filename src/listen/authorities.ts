import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { Fault } from '../errors.ts'
import type { Identity } from '../exchange/peer.ts'
import type { Millis } from '../units.ts'
import { nameOf, readChain } from './certificates.ts'
import { readPem } from './pem-file.ts'

/** What a provider asks of its sender's certificate. */
export interface Asked {
  readonly provider: string
  /** Path of a PEM file with the authorities that may sign it. */
  readonly ca: string
  /** The name that it is for, lower case: its common name or one of its DNS names; any where undefined. */
  readonly subject: string | undefined
}

/** One reading of an authority file. */
interface Reading {
  readonly text: string
  readonly certificates: readonly X509Certificate[]
}

/** Longer than any chain of issuers. */
const DEEPEST = 8
/** Certificates remembered whose chain was seen whole; only a listed authority's can be among them. */
const REMEMBERED = 1000

/** Who may sign the certificates that senders show, provider by provider. */
export class Authorities {
  readonly #asked: ReadonlyMap<string, Asked>
  readonly #now: () => Millis
  readonly #proven = new Map<string, Set<string>>()
  #readings: ReadonlyMap<string, Reading>
  /** Another one whenever a file is. */
  edition = 0

  /** Reads every file. Throws a fault for one that cannot be used. */
  constructor(asked: readonly Asked[], now: () => Millis) {
    this.#asked = new Map(asked.map(one => [one.provider, one]))
    this.#now = now
    this.#readings = new Map(this.paths.map(path => [path, read(path)]))
  }

  get paths(): readonly string[] {
    return [...new Set([...this.#asked.values()].map(({ ca }) => ca))]
  }

  /** PEM of all of them together. */
  get texts(): readonly string[] {
    return [...this.#readings.values()].flatMap(({ certificates }) => certificates.map(String))
  }

  /** Whether any provider asks for a certificate. */
  get some(): boolean {
    return this.#asked.size > 0
  }

  /** Reads every file again; one that cannot be used stays as it was. */
  renew(): { readonly changed: boolean; readonly faults: readonly string[] } {
    const faults: string[] = []
    let changed = false
    const next = [...this.#readings].map(([path, old]): [string, Reading] => {
      try {
        const reading = read(path)
        if (reading.text === old.text) return [path, old]
        changed = true
        return [path, reading]
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        faults.push(error.message)
        return [path, old]
      }
    })
    if (changed) {
      this.#readings = new Map(next)
      this.#proven.clear()
      this.edition++
    }
    return { changed, faults }
  }

  /** Whether the certificate of a connection is the one that a provider asks for. */
  proves(socket: TLSSocket, provider: string): boolean {
    const asked = this.#asked.get(provider)
    const leaf = socket.authorized ? socket.getPeerX509Certificate() : undefined
    if (asked === undefined || leaf === undefined || !isFor(leaf, asked.subject)) return false
    if (Date.parse(leaf.validTo) <= this.#now()) return false // a resumed session is not looked at again
    const roots = this.#readings.get(asked.ca)?.certificates ?? []
    const key = leaf.fingerprint256
    if (leadsTo(leaf, roots)) return this.#remember(key, provider)
    // a resumed session brings the certificate without its chain, which was whole at first
    return socket.isSessionReused() && this.#proven.get(key)?.has(provider) === true
  }

  #remember(key: string, provider: string): true {
    const providers = this.#proven.get(key) ?? new Set()
    this.#proven.delete(key) // inserted anew, so that the oldest goes first
    this.#proven.set(key, providers.add(provider))
    const [oldest] = this.#proven.keys()
    if (this.#proven.size > REMEMBERED && oldest !== undefined) this.#proven.delete(oldest)
    return true
  }
}

/**
 * What the certificate of a connection proves. It is looked at when somebody asks, and by what the map says then. Most
 * connections ask for one provider, again and again.
 */
export class Presented implements Identity {
  readonly #now: { readonly authorities: Authorities }
  readonly #socket: TLSSocket
  #authorities: Authorities | undefined
  #provider = ''
  #edition = -1
  #proves = false

  /** @param now where the authorities of the present map are */
  constructor(now: { readonly authorities: Authorities }, socket: TLSSocket) {
    this.#now = now
    this.#socket = socket
  }

  proves(provider: string): boolean {
    const { authorities } = this.#now
    const { edition } = authorities
    const known = this.#authorities === authorities && this.#edition === edition
    if (this.#provider !== provider || !known) {
      this.#provider = provider
      this.#authorities = authorities
      this.#edition = edition
      this.#proves = authorities.proves(this.#socket, provider)
    }
    return this.#proves
  }
}

/** Whether a certificate is for a name: its DNS names count, and its common name, each spelt out. */
function isFor(leaf: X509Certificate, subject: string | undefined): boolean {
  if (subject === undefined) return true
  return leaf.checkHost(subject, { subject: 'always', wildcards: false }) !== undefined
}

/** Whether signatures lead from a certificate, by way of those that came with it, to one of `roots`. */
function leadsTo(leaf: X509Certificate, roots: readonly X509Certificate[]): boolean {
  let below = leaf
  for (let depth = 0; depth < DEEPEST; depth++) {
    if (roots.some(root => issued(root, below))) return true
    const next = below.issuerCertificate
    if (next === undefined || !issued(next, below) || next.fingerprint256 === below.fingerprint256)
      return false
    below = next
  }
  return false
}

function issued(issuer: X509Certificate, below: X509Certificate): boolean {
  return issuer.ca && below.checkIssued(issuer) && below.verify(issuer.publicKey)
}

function read(path: string): Reading {
  const text = readPem(path)
  try {
    return { text, certificates: readAuthorities(text) }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    throw new Fault(error.code, `${path}: ${error.message}`, { cause: error })
  }
}

/** The authorities of a PEM text. Throws a fault where there is none, or one that may not sign. */
export function readAuthorities(text: string): readonly X509Certificate[] {
  const certificates = readChain(text)
  if (certificates.length === 0) throw new Fault('certificate', 'it holds no certificate in PEM')
  const plain = certificates.find(({ ca }) => !ca)
  if (plain === undefined) return certificates
  throw new Fault('certificate', `${nameOf(plain)} is no authority: it may not sign certificates`)
}
