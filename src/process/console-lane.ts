import { randomBytes } from 'node:crypto'
import { parseAddress } from '../admit/address.ts'
import { declaredLength } from '../admit/length.ts'
import { compileNetworks } from '../admit/networks.ts'
import type { Clock } from '../clock.ts'
import type { ConsoleSettings } from '../config/settings.ts'
import { type Console, openConsole } from '../console/console.ts'
import type { ConsoleRefusal } from '../console/refusal.ts'
import { framing } from '../exchange/framing.ts'
import { Peer } from '../exchange/peer.ts'
import { Head } from '../head.ts'
import { AddressBuckets } from '../limit/address-buckets.ts'
import { limitOf } from '../limit/store.ts'
import { Authorities } from '../listen/authorities.ts'
import { Keyring, type Origin } from '../listen/keyring.ts'
import { createTlsServer } from '../listen/tls-server.ts'
import { CLEAN } from '../reasons.ts'
import type { Log } from '../report/log.ts'
import type { Millis } from '../units.ts'
import { CertificateCare } from './certificate-care.ts'

/** What the console needs of the process around it. */
export interface ConsoleLaneOptions {
  readonly settings: ConsoleSettings
  readonly upstream: string
  readonly certificates: readonly Origin[]
  /** Deadline of a handshake and a request's head, and how long a connection may do nothing. */
  readonly headers: Millis
  readonly idle: Millis
  readonly clock: Clock
  readonly log: Log
  refused(why: ConsoleRefusal): void
}

/** What the requests of a server that ends TLS come on. */
type OverTls = Parameters<Authorities['proves']>[0]

/** The console, whose certificates can be changed. */
export interface ConsoleLane extends Console {
  /** Reads certificates of a map that follows. Throws a fault where they cannot be used; what it gives puts them to use. */
  prepare(certificates: readonly Origin[]): () => void
  /** Reads those in use again. */
  renew(): void
}

/** Whom the console's certificates are for. */
const CONSOLE = 'console'
/** Addresses with a bucket of their own: people, not the Internet. */
const ADDRESSES = 1000
/** A refusal is told once in so long; the rest is counted. */
const QUIET: Millis = 60_000
const HEAD_BYTES = 16 * 1024
const ANY_HOST: ReadonlySet<string> = new Set()

/** Opens the console on a TLS server of its own, with the certificates of the map. Throws a fault where that cannot be done. */
export async function openConsoleLane(options: ConsoleLaneOptions): Promise<ConsoleLane> {
  const { settings, clock, log } = options
  const { clientCertificate: asked, limits } = settings
  const authorities = new Authorities(asked ? [{ provider: CONSOLE, ...asked }] : [], () =>
    clock.wall(),
  )
  const keyring = new Keyring(options.certificates, authorities)
  const tls = createTlsServer(keyring, {
    handshakeTimeout: options.headers,
    headersTimeout: options.headers,
    requestTimeout: Math.max(options.headers, limits.answer),
    keepAliveTimeout: options.idle,
    connectionsCheckingInterval: 500,
    maxHeaderSize: HEAD_BYTES,
    insecureHTTPParser: false,
  })
  const allowed = compileNetworks(settings.allowIps)
  const buckets = new AddressBuckets({ max: ADDRESSES, hashKey: randomBytes(8) })
  const perAddress = limitOf(CONSOLE, limits.perAddress)
  let quietUntil = 0
  const lane = await openConsole({
    server: tls.server,
    at: settings.at,
    upstream: options.upstream,
    connections: limits.connections,
    body: limits.body,
    answer: limits.answer,
    idle: limits.idle,
    clock,
    addressOf: socket => parseAddress(socket.remoteAddress ?? '') ?? '',
    listed: address => address !== '' && allowed.has(address),
    shows: socket => asked === undefined || authorities.proves(socket as OverTls, CONSOLE),
    framed(req) {
      const head = new Head(req.method ?? '', req.url ?? '', req.rawHeaders)
      return framing(head, req.httpVersion, declaredLength(head), ANY_HOST) === CLEAN
    },
    spend(address) {
      const key = new Peer(address).keyUnder(CONSOLE)
      return buckets.spend(perAddress, key, clock.now()).granted
    },
    refused(why, address) {
      options.refused(why)
      if (clock.now() < quietUntil) return
      quietUntil = clock.now() + QUIET
      log.warn('the console refused somebody', { why, address })
    },
  })
  const care = new CertificateCare({
    keyring,
    tls,
    clock,
    log,
    ticketKeys: () => randomBytes(48),
    renewed: () => {}, // the same files, which are counted where deliveries come in
  })
  return {
    ...lane,
    prepare(certificates) {
      const others = new Keyring(certificates, authorities)
      return () => care.use(others)
    },
    renew: () => care.renew(),
    close() {
      care.close()
      lane.close()
    },
  }
}
