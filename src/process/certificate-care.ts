import type { Clock, Timer } from '../clock.ts'
import type { Keyring } from '../listen/keyring.ts'
import type { TlsServer } from '../listen/tls-server.ts'
import type { Log } from '../report/log.ts'
import type { Millis } from '../units.ts'
import { FileWatch } from './file-watch.ts'

/** How long tickets are made under one key: whoever steals it reads what was resumed under it, and no more. */
const ROTATION: Millis = 12 * 3600e3

/** What the care of certificates needs. */
export interface CertificateCareOptions {
  readonly keyring: Keyring
  readonly tls: TlsServer
  readonly clock: Clock
  readonly log: Log
  /** 48 bytes that nobody can guess. */
  ticketKeys(): Uint8Array
  /** Told of each reading that changed something, or that could not be used. */
  renewed(result: 'renewed' | 'failed'): void
}

/** Keeps what is served fresh: certificates and authorities as their files change, and the keys of tickets. */
export class CertificateCare {
  readonly #options: CertificateCareOptions
  readonly #watch: FileWatch
  #keyring: Keyring
  #timer: Timer
  /** What the last reading could not use. */
  #faults: readonly string[] = []

  constructor(options: CertificateCareOptions) {
    const { keyring, clock } = options
    this.#options = options
    this.#keyring = keyring
    this.#watch = new FileWatch({
      paths: keyring.paths,
      clock,
      changed: () => this.renew(),
      quiet: () => this.#faults.length > 0 && this.#renew(this.#faults),
    })
    this.#timer = clock.after(ROTATION, rotate, this)
    this.#tellDates()
  }

  close(): void {
    this.#watch.close()
    this.#timer.cancel()
  }

  /** The certificates that the map names from now on: served at once, and kept fresh. */
  use(keyring: Keyring): void {
    this.#keyring = keyring
    this.#faults = []
    this.#options.tls.use(keyring)
    this.#watch.use(keyring.paths)
    this.#tell()
  }

  /** What is served. */
  get keyring(): Keyring {
    return this.#keyring
  }

  rotate(): void {
    const { tls, clock, ticketKeys } = this.#options
    tls.seal(ticketKeys())
    this.#timer = clock.after(ROTATION, rotate, this)
  }

  /** Reads every file again. What cannot be used leaves what was as it was: a half-written file ends no handshake. */
  renew(): void {
    this.#renew([])
  }

  /** @param known what was told already, and is not told again */
  #renew(known: readonly string[]): void {
    const { tls, clock, log, renewed } = this.#options
    const keyring = this.#keyring
    const { changed, faults } = keyring.renew(clock.wall())
    this.#faults = faults
    const news = faults.filter(fault => !known.includes(fault))
    for (const fault of news)
      log.error('a changed certificate cannot be used: the one before stays', { problem: fault })
    if (changed) {
      tls.use(keyring)
      this.#tell()
    }
    if (!changed && faults.length === 0 && known.length > 0)
      log.info('certificates can be read again: they are those in use')
    if (news.length > 0) renewed('failed')
    else if (faults.length === 0 && (changed || known.length > 0)) renewed('renewed')
  }

  #tell(): void {
    const names = this.#keyring.served.map(({ name }) => name).join(' ')
    this.#options.log.info('certificates were read again', { names })
    this.#tellDates()
  }

  /** An operator who starts with one that has ended may know it; senders will not take it. */
  #tellDates(): void {
    const { clock, log } = this.#options
    const now = clock.wall()
    for (const { name, notBefore, notAfter } of this.#keyring.served) {
      if (notAfter <= now) log.error('a certificate has ended: senders refuse it', { name })
      else if (notBefore > now)
        log.error('a certificate is not valid yet: senders refuse it', { name })
    }
  }
}

function rotate(care: CertificateCare): void {
  care.rotate()
}
