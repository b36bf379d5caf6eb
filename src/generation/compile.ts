import { compileNetworks } from '../admit/networks.ts'
import type { ProviderSettings, Settings } from '../config/settings.ts'
import { UNSIGNED } from '../exchange/check.ts'
import type { PaceLimit, Provider, Route, Serving } from '../exchange/route.ts'
import type { Leaks } from '../forward/leaks.ts'
import { type Bucket, limitOf } from '../limit/store.ts'
import { PRESETS } from '../presets/presets.ts'
import { RouteTable } from '../route/table.ts'
import { resolvePublicKey } from '../secrets/public-key.ts'
import { nameOf, resolveSecret, type SecretSources } from '../secrets/resolve.ts'
import { type Bytes, formatRate, type Millis, type Rate } from '../units.ts'
import { bindVerifier } from '../verify/bind.ts'
import type { BoundHandshake } from '../verify/bound-handshake.ts'
import { compileScheme } from '../verify/compile.ts'
import type { CompiledScheme } from '../verify/compiled.ts'
import { FetchedVerifier, type KnownCertificates } from '../verify/fetched.ts'
import { keyProblem } from '../verify/key.ts'
import type { Key, Verifier } from '../verify/verifier.ts'
import { type Discovering, type Owner, upstreamPathOf } from './discovered.ts'
import { bindEnrolment } from './enrolment.ts'
import { bindHandshake, sharedSecrets } from './handshake.ts'
import { insteadOf } from './instead.ts'
import type { Lasting } from './lasting.ts'
import { leaksOf } from './leaks.ts'

/** One reading of the map, compiled: swapped whole, retired when its last exchange settles. */
export interface Generation {
  /** What it was compiled from. */
  readonly settings: Settings
  readonly serving: Serving
  readonly senders: readonly Sender[]
  readonly discovering: Discovering
  /** The rates that proven deliveries spend, by what people call them; `whole`: of the process, not of a provider. */
  readonly rates: readonly {
    readonly name: string
    readonly whole: boolean
    readonly bucket: Bucket
  }[]
}

/** What the operator is told of a provider. */
export interface Sender {
  readonly name: string
  readonly preset: string | undefined
  readonly mode: ProviderSettings['mode']
  readonly signed: 'signature' | 'token' | 'none'
  /** Whether its scheme signs a time. */
  readonly timed: boolean
  readonly maxBody: Bytes
  /** So many failures in a row make its sender disable the hook; undefined where that is not known. */
  readonly failureRow: number | undefined
  readonly ready: boolean
  /** Why secrets cannot be used; names references, never values. */
  readonly problems: readonly string[]
  /** Until when it may hand over its key; undefined when it may not, or has no need to. */
  readonly enrolsUntil: Millis | undefined
  /** When the first of its secrets that ends does so; undefined when none does. */
  readonly secretExpiry: Millis | undefined
  /** Whether it has discovered drafts, to which nothing passes that is not proven. */
  readonly drafts: boolean
  /** Whether flows are discovered for it. */
  readonly discovers: boolean
}

/** Longer than any answer may take, so that a replay claim outlives its exchange. */
const LEASE_SPARE: Millis = 5000

/** Compiles what the map says; secrets are resolved here, and later only what a sender hands over. */
export function compileGeneration(
  settings: Settings,
  sources: SecretSources,
  lasting: Lasting,
): Generation {
  const verified = settings.limits.verified.map((rate, i) => processLimit(`verified:${i}`, rate))
  const unproven = settings.limits.verified.map((rate, i) =>
    processLimit(`unproven:${i}`, quarter(rate)),
  )
  const senders: Sender[] = []
  const named: [string, Route][] = []
  const owners = new Map<string, Owner>()
  const shared = sharedSecrets(settings, sources)
  const leaks = leaksOf(settings, sources)
  for (const one of settings.providers) {
    const bound = bind(one, { sources, shared, leaks, lasting })
    senders.push(bound.sender)
    const provider = compileProvider(one, settings, bound, {
      verified,
      unproven: [...unproven, ...verified],
      gate: lasting.gateOf(one.name, one.limits.concurrency),
    })
    for (const { path, flow, sync, replay } of one.routes) {
      const upstreamPath = upstreamPathOf(flow, sync)
      const replayPrefix = `${flow} `
      named.push([path, { path, upstreamPath, replayPrefix, sync, draft: false, replay, provider }])
    }
    if (one.discovers === undefined) continue
    const { app, drafts, replay, syncReplay } = one.discovers
    const proves = bound.sender.signed !== 'none' && drafts === 'proven'
    owners.set(app, { provider, drafts: proves, replay, syncReplay })
  }
  const flows = new Set(settings.providers.flatMap(one => one.routes.map(({ flow }) => flow)))
  return {
    settings,
    senders,
    discovering: { named, flows, owners },
    rates: [
      ...verified.map((bucket, i) => ({
        name: `Verified, all providers (${formatRate(settings.limits.verified[i] as Rate)})`,
        whole: true,
        bucket,
      })),
      ...settings.providers.map(({ name, limits }) => ({
        name: `${name} (${formatRate(limits.perProvider)})`,
        whole: false,
        bucket: ownLimit(name, limits.perProvider),
      })),
    ],
    serving: {
      routes: new RouteTable(named),
      hosts: new Set(settings.hosts),
      trusted: compileNetworks(settings.trustProxies),
      unrouted: limitOf('per_address', settings.unroutedPerAddress),
      leaks,
      inspector: lasting.inspector,
    },
  }
}

/** A verifier with what the operator is told of it. */
interface Bound {
  readonly sender: Sender
  readonly verifier: Verifier | undefined
  readonly credentials: CompiledScheme['credentials']
  readonly handshake: BoundHandshake | undefined
}

/** What an entry is bound with. */
interface Means {
  readonly sources: SecretSources
  /** Secrets that several entries have. */
  readonly shared: ReadonlySet<string>
  /** All of them, whoever's; what a sender hands over later joins them. */
  readonly leaks: Leaks
  readonly lasting: Lasting
}

function bind(one: ProviderSettings, means: Means): Bound {
  const { sources, shared, leaks, lasting } = means
  const { name, preset, mode, scheme } = one
  const told = {
    name,
    preset,
    mode,
    maxBody: one.limits.body,
    failureRow: preset === undefined ? undefined : PRESETS[preset]?.failure?.row,
    enrolsUntil: undefined,
    secretExpiry: firstEnd(one),
    drafts: one.discovers?.drafts === 'proven',
    discovers: one.discovers !== undefined,
  }
  if ('none' in scheme) {
    const sender: Sender = { ...told, signed: 'none', timed: false, ready: true, problems: [] }
    return {
      sender,
      verifier: UNSIGNED,
      credentials: { headers: [], query: [] },
      handshake: undefined,
    }
  }
  const compiled = compileScheme(scheme, one)
  if (Array.isArray(compiled))
    throw new Error(`the scheme of ${name} was checked before it came here`)
  const read = compiled.proves === 'secret' ? readKeys : readPublicKey
  const { keys, problems } = read(one, compiled, sources)
  const asked = bindHandshake(one, compiled, keys, { sources, shared })
  const fetched = fetchedBy(one, compiled, lasting.certificates)
  const ready = keys.length > 0 || fetched !== undefined
  const enrolling = ready ? undefined : bindEnrolment(one, compiled, { sources, leaks, lasting })
  const shown = compiled.kind === 'token' || compiled.kind === 'basic'
  const signed = shown ? 'token' : 'signature'
  return {
    sender: {
      ...told,
      signed,
      timed: compiled.timed,
      enrolsUntil: enrolling && one.enrolment?.until,
      get ready() {
        return ready || enrolling?.enrolled === true
      },
      problems: [...problems, ...asked.problems],
    },
    verifier: fetched ?? (ready ? asked.guard(bindVerifier(compiled, keys)) : enrolling),
    credentials: compiled.credentials,
    handshake: asked.handshake,
  }
}

/** The verifier of a sender whose certificates are fetched. */
function fetchedBy(
  { values }: ProviderSettings,
  compiled: CompiledScheme,
  certificates: KnownCertificates,
): FetchedVerifier | undefined {
  if (compiled.code !== 'aws-sns' || values.topic_arn === undefined) return undefined
  return new FetchedVerifier(compiled, values.topic_arn, certificates)
}

/** What can be bound, and why the rest cannot. */
interface Read {
  readonly keys: readonly Key[]
  readonly problems: readonly string[]
}

function readKeys(one: ProviderSettings, compiled: CompiledScheme, sources: SecretSources): Read {
  const keys: Key[] = []
  const problems: string[] = []
  for (const [i, { ref, until }] of one.secrets.entries()) {
    const secret = resolveSecret(ref, sources)
    const problem = 'problem' in secret ? secret.problem : keyProblem(compiled, secret.bytes)
    if (problem !== undefined)
      problems.push('problem' in secret ? problem : `${nameOf(ref)}: ${problem}`)
    else if (!('problem' in secret)) {
      keys.push({ bytes: secret.bytes, place: i === 0 ? 'current' : 'previous', until })
    }
  }
  return { keys, problems }
}

function readPublicKey(
  { publicKey }: ProviderSettings,
  compiled: CompiledScheme,
  sources: SecretSources,
): Read {
  if (publicKey === undefined) return { keys: [], problems: [] }
  const { form, text } = publicKey
  const bytes = resolvePublicKey(text, sources)
  if ('problem' in bytes) return { keys: [], problems: [bytes.problem] }
  const problem = keyProblem(compiled, bytes, form)
  if (problem !== undefined) return { keys: [], problems: [problem] }
  return { keys: [{ bytes, form, place: 'current', until: undefined }], problems: [] }
}

/** What a provider has together with others, and its gate, which it has had before. */
interface Shared {
  readonly verified: readonly PaceLimit[]
  readonly unproven: readonly PaceLimit[]
  readonly gate: Provider['gate']
}

function compileProvider(
  one: ProviderSettings,
  settings: Settings,
  { verifier, credentials, handshake }: Bound,
  { verified, unproven, gate }: Shared,
): Provider {
  const { name, preset, limits, upstreamAnswer, answerWithin } = one
  const upstreamWhole = Math.max(upstreamAnswer, settings.upstream.body)
  const own = ownLimit(name, limits.perProvider)
  return {
    name,
    mode: one.mode,
    methods: new Set(one.methods),
    allow: one.methods.join(', '),
    contentTypes: new Set(one.contentTypes),
    forwardAs: one.forwardAs && { type: one.forwardAs.type, of: new Set(one.forwardAs.of) },
    encodings: new Set(one.contentEncodings),
    maxBody: limits.body,
    instead: insteadOf(preset === undefined ? undefined : PRESETS[preset]?.failure),
    deadline: limits.deadline,
    asksCertificate: one.clientCertificate !== undefined,
    allowIps: one.allowIps.length === 0 ? undefined : compileNetworks(one.allowIps),
    verifier,
    handshake,
    credentials,
    introduced: {
      current: `provider=${name}; secret=current`,
      previous: `provider=${name}; secret=previous`,
    },
    addressLimit: limitOf('per_address', limits.perAddress),
    proven: [own, ...verified],
    unproven,
    gate,
    patience: limits.patience,
    answerWithin,
    upstreamAnswer,
    upstreamWhole,
    lease: answerWithin + upstreamWhole + LEASE_SPARE,
  }
}

function ownLimit(provider: string, rate: Rate): PaceLimit {
  return {
    limit: limitOf('per_provider', rate),
    key: `provider:${provider}`,
    reason: 'rate_provider',
  }
}

function processLimit(key: string, rate: Rate): PaceLimit {
  return { limit: limitOf('verified', rate), key, reason: 'rate_global' }
}

/** What unproven passes may take together of a limit meant for proven ones. */
function quarter({ count, per }: Rate): Rate {
  return { count: Math.max(1, Math.floor(count / 4)), per }
}

function firstEnd({ secrets }: ProviderSettings): Millis | undefined {
  const ends = secrets.flatMap(({ until }) => (until === undefined ? [] : [until]))
  return ends.length === 0 ? undefined : Math.min(...ends)
}
