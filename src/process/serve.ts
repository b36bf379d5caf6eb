import { randomBytes } from 'node:crypto'
import type { Clock, Timer } from '../clock.ts'
import type { Settings } from '../config/settings.ts'
import type { FlowSource } from '../discovery/source.ts'
import { Errands } from '../errands/errands.ts'
import { type Get, getter } from '../errands/get.ts'
import { OpenExchanges, SWEEP } from '../exchange/open.ts'
import { RequestIds } from '../exchange/request-ids.ts'
import type { Site } from '../exchange/site.ts'
import { Explainer } from '../explain/live.ts'
import { Upstream } from '../forward/upstream.ts'
import { adminAdmits } from '../generation/admin-auth.ts'
import type { Sender } from '../generation/compile.ts'
import { AddressBuckets } from '../limit/address-buckets.ts'
import { Budget } from '../limit/budget.ts'
import { Lateness } from '../limit/lateness.ts'
import { type Admin, openAdmin } from '../listen/admin.ts'
import type { Certificate } from '../listen/certificates.ts'
import { type Ingress, openIngress } from '../listen/ingress.ts'
import { History } from '../report/history.ts'
import type { Gauges } from '../report/labels.ts'
import { Log } from '../report/log.ts'
import { Metrics } from '../report/metrics.ts'
import { Report } from '../report/report.ts'
import type { Put } from '../report/sink.ts'
import type { SecretSources } from '../secrets/resolve.ts'
import type { Millis } from '../units.ts'
import { CertificateCare } from './certificate-care.ts'
import type { ConsoleLane, ConsoleLaneOptions } from './console-lane.ts'
import { reservedFrom } from './descriptors.ts'
import { Discovering } from './discovering.ts'
import { after, emptyWithin } from './draining.ts'
import type { FilesRead } from './files-read.ts'
import { Generations } from './generations.ts'
import { keyringOf, nextKeyring, originsOf } from './handshakes.ts'
import { type KeyPins, watchKeys } from './key-pins.ts'
import { allowedMemory } from './memory.ts'
import { LoopDelay } from './overload.ts'
import { type PersonOptions, personPage } from './person.ts'
import { type ConfigState, type MapSource, Reloading } from './reloading.ts'
import { Room } from './room.ts'
import { subjectsOf, tellOfSenders } from './senders.ts'
import { openStores } from './stores.ts'
import type { Thrift } from './thrift.ts'

/** What a service is made of: tests give a clock and a log of their own. */
export interface ServeOptions {
  readonly settings: Settings
  readonly sources: SecretSources
  /** What TLS is ended with where the map names no certificate. */
  readonly made: readonly Certificate[]
  readonly clock: Clock
  readonly version: string
  /** Where log lines go; standard output unless given. */
  readonly put?: Put
  /** Whether the event loop is too slow; measured unless given. */
  readonly slow?: () => boolean
  /** Whether the metrics show Node's own; they do unless said, which spares who asks for them all the time. */
  readonly runtimeMetrics?: boolean
  /** How the hosts of senders are asked; over TLS unless given. */
  readonly get?: Get
  /** Where flows are looked up; the database of the map unless given. */
  readonly flows?: FlowSource
  /** Gives memory back where it gets tight; nothing does unless given. */
  readonly thrift?: Thrift
  /** Where the map came from, and what was read of it; it is not read again unless given. */
  readonly map?: { readonly source: MapSource; readonly read: FilesRead }
}

/** A running Hookwarden. */
export interface Service {
  /** What is served, and how that is changed. */
  readonly generations: Generations
  /** Of the listener that ends TLS, or of the plain one where there is no other. */
  readonly port: number
  readonly plainPort: number | undefined
  readonly adminPort: number
  /** Undefined where the console is off. */
  readonly consolePort: number | undefined
  readonly log: Log
  /** Reads the map again, and serves it where it has no issue. */
  reload(): void
  /** Which reading of the map is served. */
  config(): ConfigState
  /** Stops taking work and finishes what is in flight, as the map says unless told. Resolves with how many had to be cut. */
  drain(how?: Settings['drain']): Promise<number>
  /** Ends at once. */
  close(): Promise<void>
}

const ADDRESSES = 100_000

/** Starts both listeners. Throws a fault where that cannot be done; nothing is left running then. */
export async function serve(options: ServeOptions): Promise<Service> {
  const { settings, clock, sources } = options
  const { limits } = settings
  const started = clock.wall()
  const log = new Log({ clock, ...(options.put && { put: options.put }) })
  const admits = adminAdmits(settings.listen.adminAuth, sources)
  const errands = new Errands({
    get: options.get ?? getter(),
    clock,
    failed: (url, why) => log.warn('an errand came to nothing', { url, why }),
  })
  const generations = new Generations({
    settings,
    sources,
    read: options.map?.read.secrets(sources) ?? sources,
    certificates: errands,
    enrolled: (provider, file, problem) =>
      problem === undefined
        ? log.warn('a key was handed over and kept', { provider, file })
        : log.error('a key was handed over and could not be kept', { provider, file, problem }),
  })
  const buckets = new AddressBuckets({ max: ADDRESSES, hashKey: randomBytes(8) })
  const room = new Room(settings, log, allowedMemory())
  const budget = new Budget(room.bodiesBeside(0))
  const open = new OpenExchanges()
  const around = { made: options.made, wall: () => clock.wall() }
  const keyring = keyringOf(settings, around)
  const stores = await openStores({ settings, sources, clock, log })
  const { ownLimits, ownReplay } = stores
  const delay = options.slow === undefined ? new LoopDelay(clock) : undefined
  const { url, connect } = settings.upstream
  const upstream = new Upstream({
    url,
    connect,
    clock,
    changed: (open, cause) =>
      open
        ? log.error('the upstream is away: proven deliveries wait for it', { upstream: url, cause })
        : log.info('the upstream is back', { upstream: url }),
  })
  const slow = options.slow ?? (() => delay?.slow === true)
  const overloaded = () => slow() || budget.held > budget.total * 0.8
  let draining: 'no' | 'settling' | 'closed' = 'no'
  let ingress: Ingress | undefined
  let keyPins: KeyPins | undefined
  let admin: Admin | undefined
  let care: CertificateCare | undefined
  let lane: ConsoleLane | undefined
  let reloading: Reloading | undefined
  const gauges: Gauges = {
    inFlight: () => open.count,
    buffered: () => budget.held,
    bufferedLimit: () => budget.total,
    connections: () => ingress?.connections.count ?? 0,
    connectionsLimit: () => room.connections,
    overloaded,
    clockSuspect: () => report.clockSuspect,
    limiterKeys: scope => (scope === 'address' ? buckets.size : ownLimits.size),
    limiterEvicted: scope => (scope === 'address' ? buckets.evicted : ownLimits.evicted),
    replayEntries: () => ownReplay.size,
    replayEvicted: () => ownReplay.evicted,
    storeUp: stores.up,
    storeErrors: stores.errors,
    ready: name => generations.senders.get(name)?.ready === true,
    addressHidden: () => ingress?.addressHidden() === true,
    certificates: () => (care?.keyring ?? keyring).served,
    logLinesDropped: () => log.dropped,
    pinnedKeys: () => keyPins?.states ?? [],
    circuit: () => upstream.circuit.level,
    discovered: () => discovering.told,
  }
  const metrics = new Metrics({
    providers: generations.current.senders,
    version: options.version,
    node: process.version,
    runtime: options.runtimeMetrics,
    clock,
    gauges,
  })
  const report: Report = new Report(metrics, log, clock)
  const history = new History(() => metrics.counts.tallies, clock)
  const explainer = new Explainer({
    subjects: [],
    clock,
    busy: overloaded,
    tell: (refused, findings) => report.explained(refused, findings),
  })
  const site: Site = {
    clock,
    requestIds: new RequestIds(randomBytes(8).toString('hex')),
    addresses: buckets,
    limits: stores.limits,
    lateness: new Lateness(),
    ownLimits,
    replay: stores.replay,
    budget,
    upstream,
    observer: report,
    explainer,
    errands,
    open,
    get idle() {
      return generations.current.settings.limits.idle
    },
    overloaded,
    serving: () => generations.serving,
    seek: path => discovering.seek(path),
    draining: () => draining,
  }
  generations.follow((now, before) => {
    metrics.use(now.senders)
    explainer.use(subjectsOf(now.settings, sources))
    log.routesChanged()
    tellOfSenders(now.senders, before?.senders ?? [], log)
    if (before !== undefined) resize(now.settings)
  })
  const { flows: source } = options
  const discovering = new Discovering({ generations, sources, clock, log, source })

  function resize(map: Settings): void {
    room.use(map)
    fitBudget()
    ingress?.retime(map.limits.idle, longestOf(map))
  }

  const shown: PersonOptions = {
    clock,
    version: options.version,
    metrics,
    history,
    recent: report.recent,
    gauges,
    limits: ownLimits,
    served: () => generations.current,
    draining: () => draining !== 'no',
    config,
  }
  let sweeping: Timer = clock.after(SWEEP, sweep, undefined)

  function fitBudget(): void {
    const fits = room.bodiesBeside(gauges.connections())
    if (fits !== budget.total) budget.resize(fits, clock.now())
  }

  function sweep(): void {
    const now = clock.now()
    open.sweep(now)
    ingress?.sweep(now)
    fitBudget()
    options.thrift?.look(room.taken(budget.held, gauges.connections()))
    sweeping = clock.after(SWEEP, sweep, undefined)
  }

  function config(): ConfigState {
    const first = { generation: generations.number, since: started, refused: undefined }
    return reloading?.state ?? first
  }

  async function close(): Promise<void> {
    sweeping.cancel()
    reloading?.close()
    history.close()
    care?.close()
    delay?.stop()
    explainer.close()
    errands.close()
    lane?.close()
    await ingress?.close()
    await admin?.close()
    await discovering.close()
    site.upstream.close()
    await stores.close()
    report.close()
    await log.flush()
  }

  try {
    admin = await openAdmin({
      endpoint: settings.listen.admin,
      admits,
      metrics: () => metrics.text(),
      contentType: metrics.contentType,
      readiness: () => ({
        ready: ingress !== undefined && draining === 'no',
        state: draining === 'no' ? 'serving' : 'draining',
        providers: Object.fromEntries(
          generations.current.senders.map(one => [one.name, stateOf(one, discovering.pending)]),
        ),
      }),
      page: path => personPage(path, shown),
    })
    ingress = await openIngress({
      https: settings.listen.https,
      http: settings.listen.http,
      proxyProtocol: settings.listen.proxyProtocol,
      credentials: keyring,
      caps: {
        get connections() {
          return room.connections
        },
        get connectionsPerAddress() {
          return generations.current.settings.limits.connectionsPerAddress
        },
        trusted: () => generations.serving.trusted,
      },
      headers: limits.headers,
      longest: longestOf(settings),
      site,
      reserved: reservedFrom(),
      refused: report,
    })
    lane = await openLane(options, log, why => metrics.consoleRefused(why))
  } catch (error) {
    await close()
    throw error
  }
  const listening = ingress
  keyPins = watchKeys(settings.state, sources, log)
  care =
    listening.tls &&
    new CertificateCare({
      keyring,
      tls: listening.tls,
      clock,
      log,
      ticketKeys: () => randomBytes(48),
      renewed: result => metrics.certificatesRenewed(result),
    })

  reloading =
    options.map &&
    new Reloading({
      ...options.map,
      generations,
      sources,
      clock,
      log,
      prepare: (next, before, read) => {
        const others = nextKeyring(next, before, around, read)
        const shown = others && lane?.prepare(originsOf(next, options.made))
        return () => {
          if (others !== undefined) care?.use(others)
          shown?.()
        }
      },
      reloaded: result => metrics.configReloaded(result),
    })

  return {
    generations,
    port: listening.ports.https ?? listening.ports.http ?? 0,
    plainPort: listening.ports.http,
    adminPort: admin.port,
    consolePort: lane?.port,
    log,
    close,
    reload() {
      if (draining !== 'no') return
      care?.renew()
      lane?.renew()
      reloading?.reload()
    },
    config,
    async drain({ settle, within } = generations.current.settings.drain) {
      reloading?.close()
      draining = 'settling'
      log.info('draining: new work is taken a little longer', { in_flight: open.count })
      await after(clock, settle)
      draining = 'closed'
      listening.stopAccepting()
      lane?.stopAccepting()
      const late = await emptyWithin(open, clock, within - settle)
      if (late > 0) log.error('not all was finished in time', { cut: late })
      else log.info('drained: everything in flight was finished')
      await close()
      return late
    },
  }
}

/** Longest that any request may take to arrive, a dropped rest included. */
function longestOf({ providers, limits }: Settings): Millis {
  return Math.max(0, ...providers.map(one => one.limits.deadline)) + 2 * limits.idle
}

/** Automatisch's own pages, where the map wants them: what serves them is loaded only then. */
async function openLane(
  { settings, made, clock }: ServeOptions,
  log: Log,
  refused: ConsoleLaneOptions['refused'],
): Promise<ConsoleLane | undefined> {
  if (settings.console === undefined) return undefined
  const { openConsoleLane } = await import('./console-lane.ts')
  const { headers, idle } = settings.limits
  const upstream = settings.upstream.url
  const certificates = originsOf(settings, made)
  const asked = { settings: settings.console, upstream, certificates, headers, idle }
  return openConsoleLane({ ...asked, clock, log, refused })
}

function stateOf({ mode, ready, discovers }: Sender, pending: boolean): string {
  if (mode === 'off') return 'off'
  if (!ready) return 'secret_unavailable'
  return discovers && pending ? 'discovery_pending' : 'ready'
}
