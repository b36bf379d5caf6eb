import { PRESETS, type Preset } from '../presets/presets.ts'
import { type Millis, parseMillis } from '../units.ts'
import type { Handshake } from '../verify/handshake.ts'
import { adminAuthOf } from './admin-auth.ts'
import { lostOf } from './check-bodies.ts'
import { needsToken, offByDefault } from './check-handshake.ts'
import { USUAL_CONSOLE } from './console.ts'
import { DISCOVERED } from './provider.ts'
import { type MapValues, type ProviderValues, USUAL_HTTPS, upstreamKeys } from './schema.ts'
import type { ProviderSettings, RouteSettings, SecretReference, Settings } from './settings.ts'
import {
  coversBody,
  fetching,
  formatted,
  longest,
  publicKeyOf,
  schemeOf,
  valuesOf,
} from './signing.ts'
import { storeOf } from './store.ts'

/** What a sender is given where nobody knows how long it waits. */
const ANSWER_WITHIN: Millis = 9_000
/** What the answer needs for its own way back to a sender. */
const WAY_BACK: Millis = 1_000
/** What is not fresh any more becomes so again when a clock is set back: by so much at most, in all likelihood. */
const CLOCK_SET_BACK: Millis = 60_000

/** Fills in what a map leaves to presets and defaults. The map has passed every check. */
export function complete(map: MapValues): Settings {
  const upstream =
    typeof map.upstream === 'string' ? upstreamKeys.parse({ url: map.upstream }) : map.upstream
  return {
    upstream,
    listen: listeners(map.listen),
    console: consoleOf(map),
    publicUrl: map.public_url,
    trustProxies: map.trust_proxies,
    hosts: map.hosts,
    state: map.state,
    discovery: map.discovery,
    drain: map.drain,
    limits: {
      connections: map.limits.connections,
      connectionsPerAddress: map.limits.connections_per_address,
      headers: map.limits.headers,
      idle: map.limits.idle,
      buffered: map.limits.buffered,
      verified: map.limits.verified,
    },
    store: storeOf(map.store),
    onStoreError: map.on_store_error,
    unroutedPerAddress: map.defaults.limits.per_address,
    providers: Object.entries(map.providers).map(([name, entry]) =>
      provider(name, entry, map, upstream.answer),
    ),
  }
}

/** Where only the plain listener is given, TLS is somebody else's. */
function listeners({ https, http, tls = [], admin, ...rest }: MapValues['listen']) {
  const usual = http === undefined || tls.length > 0 ? USUAL_HTTPS : undefined
  const { admin_auth: auth, proxy_protocol: proxyProtocol } = rest
  return { https: https ?? usual, http, tls, admin, adminAuth: adminAuthOf(auth), proxyProtocol }
}

/** The console with everything filled in; undefined where it is off. */
function consoleOf({ console: lane, listen }: MapValues): Settings['console'] {
  if (lane === undefined) return undefined
  const { connections, body, per_address, answer, idle } = lane.limits
  const asked = lane.client_certificate
  return {
    at: listen.console ?? USUAL_CONSOLE,
    allowIps: lane.allow_ips,
    clientCertificate: asked && { ca: asked.ca, subject: asked.subject },
    limits: { connections, body, perAddress: per_address, answer, idle },
  }
}

function provider(
  name: string,
  entry: ProviderValues,
  map: MapValues,
  upstreamAnswer: Millis,
): ProviderSettings {
  const { defaults } = map
  const preset = entry.scheme === undefined ? (entry.preset ?? name) : undefined
  const known = preset === undefined ? undefined : PRESETS[preset]
  const named = entry.scheme === undefined ? known?.scheme : schemeOf(entry.scheme)
  const scheme = named && fetching(named, entry)
  if (scheme === undefined) throw new Error(`provider ${name} passed the checks without a scheme`)
  const answerWithin = entry.answer_within ?? answerBudget(known)
  const own = entry.limits
  const types = entry.content_types ?? known?.contentTypes ?? defaults.content_types
  const usual = defaults.limits
  const replay = replayWindow(entry, scheme, defaults.replay, entry.sync)
  return {
    name,
    preset,
    scheme: 'none' in scheme ? scheme : formatted(scheme, entry),
    secrets: references(entry),
    publicKey: publicKeyOf(entry),
    values: valuesOf(entry),
    verifyToken: entry.verify_token,
    handshake: handshakes(entry, known),
    enrolment: enrolment(entry, known),
    routes: routes(entry, replay),
    discovers:
      entry.flows !== DISCOVERED
        ? undefined
        : {
            app: entry.app ?? name,
            drafts: entry.drafts ?? 'proven',
            replay: replayWindow(entry, scheme, defaults.replay, false),
            syncReplay: replayWindow(entry, scheme, defaults.replay, true),
          },
    mode: entry.mode ?? defaults.mode,
    methods: entry.methods ?? known?.methods ?? defaults.methods,
    contentTypes: types,
    forwardAs: forwardedAs(types, entry.forward_as ?? known?.forwardAs),
    contentEncodings: entry.content_encodings,
    limits: {
      body: Math.min(own?.body ?? usual.body, longest(scheme)),
      perAddress: own?.per_address ?? usual.per_address,
      perProvider: own?.per_provider ?? usual.per_provider,
      patience: Math.min(own?.patience ?? usual.patience, answerWithin / 2),
      concurrency: own?.concurrency ?? usual.concurrency,
      deadline: own?.deadline ?? usual.deadline,
    },
    replay,
    allowIps: entry.allow_ips,
    answerWithin,
    upstreamAnswer: entry.upstream_answer ?? upstreamAnswer,
    publicUrl: entry.public_url ?? map.public_url,
    clientCertificate: entry.client_certificate,
  }
}

function forwardedAs(
  types: readonly string[],
  type: string | undefined,
): ProviderSettings['forwardAs'] {
  const of = lostOf(types)
  return type === undefined || of.length === 0 ? undefined : { type, of }
}

/** Those that the preset knows and the entry can answer. */
function handshakes(entry: ProviderValues, known: Preset | undefined): readonly Handshake[] {
  if (entry.handshake === 'off') return []
  const asked = entry.handshake === 'on'
  const all = (known?.handshake ?? []).filter(one => asked || !offByDefault(one))
  return entry.verify_token === undefined ? all.filter(one => !needsToken(one)) : all
}

function enrolment(
  { handshake, secret }: ProviderValues,
  known: Preset | undefined,
): ProviderSettings['enrolment'] {
  const from = known?.enrolment
  if (typeof handshake !== 'object' || from === undefined || secret === undefined) return undefined
  return { from, until: handshake.enrol, file: secret.slice('file:'.length) }
}

/** The sender's own timeout less the way back; half of it where it is shorter than that. */
function answerBudget(known: Preset | undefined): Millis {
  const timeout = known?.timeout
  if (timeout === undefined) return ANSWER_WITHIN
  return Math.max(timeout - WAY_BACK, timeout / 2)
}

/**
 * How long a delivery is remembered. A captured one stays fresh for the tolerance before and after its time, so the
 * default never ends before twice that, nor when a clock is set back by a minute. Undefined where repetition cannot be told, and on sync routes unless set.
 */
function replayWindow(
  entry: ProviderValues,
  scheme: ProviderSettings['scheme'],
  usual: Millis | 'off',
  sync: boolean,
): Millis | undefined {
  if (!coversBody(scheme) || 'none' in scheme) return undefined
  if (entry.replay !== undefined) return entry.replay === 'off' ? undefined : entry.replay
  if (usual === 'off' || sync) return undefined
  const tolerance = parseMillis(scheme.timestamp?.tolerance ?? scheme.max_age ?? '0s') ?? 0
  return tolerance === 0 ? usual : Math.max(usual, 2 * tolerance + CLOCK_SET_BACK)
}

function references(entry: ProviderValues): SecretReference[] {
  if (entry.secret !== undefined) return [{ ref: entry.secret, until: undefined }]
  return (entry.secrets ?? []).map(one =>
    typeof one === 'string'
      ? { ref: one, until: undefined }
      : { ref: one.secret, until: one.until },
  )
}

function routes(entry: ProviderValues, replay: Millis | undefined): RouteSettings[] {
  const { sync } = entry
  const named = entry.flows === DISCOVERED ? [] : (entry.flows ?? [])
  const registered = named.map(flow => ({
    path: sync ? `/webhooks/flows/${flow}/sync` : `/webhooks/flows/${flow}`,
    flow,
    sync,
    replay,
  }))
  if (entry.path === undefined || entry.to === undefined) return registered
  return [...registered, { path: entry.path, flow: entry.to, sync, replay }]
}
