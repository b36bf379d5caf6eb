import { readFile } from 'node:fs/promises'
import type { Clock } from '../clock.ts'
import { ANYBODYS, FINDINGS, type FindingCode } from '../explain/findings.ts'
import type { Generation, Sender } from '../generation/compile.ts'
import type { MemoryLimits } from '../limit/memory-limits.ts'
import type { Page } from '../listen/admin.ts'
import { REASONS } from '../reasons.ts'
import type { History } from '../report/history.ts'
import type { DiscoveredLabel, Gauges } from '../report/labels.ts'
import type { Metrics } from '../report/metrics.ts'
import type { Recent, Refusal } from '../report/recent.ts'
import type {
  DiscoveryStatus,
  Fill,
  FindingStatus,
  GenerationStatus,
  ProviderStatus,
  RefusalStatus,
  Status,
} from '../status/status.ts'
import type { ConfigState } from './reloading.ts'

/** So many providers have their rate shown, where that much of it is spent. */
const FEW = 5
const WORTH_SHOWING = 0.05
/** `check` has the others. */
const MOST_ISSUES = 10

/** Where what a person is shown comes from. */
export interface PersonOptions {
  readonly clock: Clock
  readonly version: string
  readonly metrics: Metrics
  readonly history: History
  readonly recent: Recent
  readonly gauges: Gauges
  /** Of this process alone. */
  readonly limits: MemoryLimits
  served(): Generation
  draining(): boolean
  config(): ConfigState
}

/**
 * Answers what a person asks of the admin listener: the status page at `/`, and the pages of reasons and findings that it
 * links to. What writes the pages is loaded with the first of them, so that the start does not pay for it.
 */
export async function personPage(path: string, options: PersonOptions): Promise<Page | undefined> {
  const [{ statusPage }, { leafletPage }, { POLICY: policy }] = await Promise.all([
    import('../status/page.ts'),
    import('../status/leaflet.ts'),
    import('../status/policy.ts'),
  ])
  if (path === '/') return { html: statusPage(statusOf(options)).text, policy }
  const [, folder = '', name = ''] = /^\/docs\/(reasons|findings)\/([a-z_]+)$/.exec(path) ?? []
  const known = folder === 'reasons' ? REASONS : folder === 'findings' ? FINDINGS : {}
  if (!Object.hasOwn(known, name)) return undefined
  const text = await read(`${folder}/${name}.md`)
  return { html: leafletPage(name, text).text, policy }
}

/** A page of `docs/`, or where it stands if it did not come along. */
async function read(path: string): Promise<string> {
  try {
    return await readFile(new URL(`../../docs/${path}`, import.meta.url), 'utf8')
  } catch {
    return `# Not here\n\nThe pages did not come along with this installation. Read \`docs/${path}\` in the repository.`
  }
}

function statusOf(options: PersonOptions): Status {
  const { clock, version, metrics, history, recent, gauges } = options
  const { counts } = metrics
  const { settings, senders, rates } = options.served()
  return {
    now: clock.wall(),
    version,
    draining: options.draining(),
    providers: senders.map(one => providerOf(one, options)),
    unrouted: history.hour('none'),
    upstream: {
      url: settings.upstream.url,
      circuit: gauges.circuit(),
      answered: counts.upstreamRequests.answered,
      failed: counts.upstreamRequests.error,
      late: counts.upstreamRequests.timeout,
    },
    fills: [
      {
        name: 'Connections',
        used: gauges.connections(),
        most: gauges.connectionsLimit(),
        unit: 'count',
      },
      { name: 'Held bytes', used: gauges.buffered(), most: gauges.bufferedLimit(), unit: 'bytes' },
      ...(settings.store === undefined ? fillsOf(rates, options) : []), // Redis knows, and is not asked for this
    ],
    inFlight: gauges.inFlight(),
    overloaded: gauges.overloaded(),
    store: {
      shared: settings.store !== undefined,
      up: gauges.storeUp(),
      errors: gauges.storeErrors(),
    },
    certificates: gauges.certificates().map(({ name, notAfter }) => ({ name, notAfter })),
    certificatesRenewed: counts.lastRenewalUsed,
    discovery: settings.discovery && discoveryOf(gauges.discovered()),
    generation: generationOf(options.config()),
    refusals: recent.refusals.map(refusalOf),
    strays: recent.strays.map(refusalOf),
    clockSuspect: gauges.clockSuspect(),
    addressHidden: gauges.addressHidden(),
    logLinesDropped: gauges.logLinesDropped(),
    changedKeys: gauges
      .pinnedKeys()
      .filter(({ state }) => state === 'changed')
      .map(({ key }) => key),
  }
}

/** How much of each rate is spent now: of the process, and of the few providers whose is spent most. */
function fillsOf(rates: Generation['rates'], { limits, clock }: PersonOptions): Fill[] {
  const now = clock.now()
  const fills = rates.map(({ name, whole, bucket }) => ({
    whole,
    fill: { name, used: limits.fullness(bucket, now), most: 1, unit: 'share' as const },
  }))
  const spent = fills
    .filter(({ whole, fill }) => !whole && fill.used >= WORTH_SHOWING)
    .sort((a, b) => b.fill.used - a.fill.used)
  return [...fills.filter(({ whole }) => whole), ...spent.slice(0, FEW)].map(({ fill }) => fill)
}

function providerOf(
  { name, preset, mode, ready, problems, secretExpiry }: Sender,
  { metrics, history }: PersonOptions,
): ProviderStatus {
  const tally = metrics.counts.tallies.get(name)
  return {
    name,
    preset,
    mode,
    ready,
    problems,
    hour: history.hour(name),
    lastAccepted: tally?.lastAccepted ?? 0,
    lastRefused: tally?.lastRejected ?? 0,
    lastReason: tally?.lastReason,
    secret: tally?.lastSecret,
    secretEnds: secretExpiry,
    found: tally?.found && { at: tally.found.at, findings: tally.found.codes.flatMap(findingOf) },
    leaks: tally?.leaks ?? 0,
  }
}

/** Issues are said as `check` says them, with their place in front. */
function generationOf({ generation, since, refused }: ConfigState): GenerationStatus {
  const issues = refused?.issues.map(
    ({ file, line, column, path, message }) =>
      `${file}:${line}:${column} ${path === '' ? '' : `${path}: `}${message}`,
  )
  return {
    number: generation,
    since,
    failed: refused && { at: refused.at, issues: (issues ?? []).slice(0, MOST_ISSUES) },
  }
}

function discoveryOf({ up, doubted, flows, unprotected }: DiscoveredLabel): DiscoveryStatus {
  return {
    up,
    doubted,
    flows: [...flows.values()].reduce((sum, one) => sum + one, 0),
    unprotected: [...unprotected]
      .filter(([, flows]) => flows > 0)
      .map(([app, flows]) => ({ app, flows })),
  }
}

function findingOf(code: string): FindingStatus[] {
  if (!Object.hasOwn(FINDINGS, code)) return []
  const { says, fix } = FINDINGS[code as FindingCode] // just looked up
  return [{ code, says, fix, genuine: !ANYBODYS.some(one => one === code) }]
}

function refusalOf({ at, end, findings }: Refusal): RefusalStatus {
  const { provider, reason, address, requestId, bytes, detail } = end
  return { at, provider, reason, address, requestId, bytes, detail, findings }
}
