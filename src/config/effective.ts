import { stringify } from 'yaml'
import { formatBytes, formatMillis, formatRate, type Millis } from '../units.ts'
import type { Endpoint, ProviderSettings, SecretReference, Settings } from './settings.ts'

/** What only others know about a provider, such as when its verifier can judge. */
export type Notes = (provider: ProviderSettings) => Readonly<Record<string, unknown>>

/** The settings in the words of the map: everything filled in, secrets as references. */
export function effectiveMap(settings: Settings, notes: Notes): Readonly<Record<string, unknown>> {
  const { upstream, listen, drain, limits } = settings
  return {
    upstream: {
      url: upstream.url,
      connect: formatMillis(upstream.connect),
      answer: formatMillis(upstream.answer),
      body: formatMillis(upstream.body),
    },
    listen: {
      https: listen.https === undefined ? null : formatEndpoint(listen.https),
      http: listen.http === undefined ? null : formatEndpoint(listen.http),
      tls: listen.tls,
      proxy_protocol: listen.proxyProtocol,
      admin: formatEndpoint(listen.admin),
      admin_auth: adminAuthOf(listen.adminAuth),
    },
    console: consoleOf(settings.console),
    public_url: settings.publicUrl ?? null,
    trust_proxies: settings.trustProxies,
    hosts: settings.hosts,
    state: settings.state ?? null,
    discovery: discoveryOf(settings.discovery),
    store: storeOf(settings.store),
    on_store_error: settings.onStoreError,
    drain: { settle: formatMillis(drain.settle), within: formatMillis(drain.within) },
    limits: {
      connections: limits.connections,
      connections_per_address: limits.connectionsPerAddress,
      headers: formatMillis(limits.headers),
      idle: formatMillis(limits.idle),
      buffered: formatBytes(limits.buffered),
      verified: limits.verified.map(formatRate),
    },
    providers: Object.fromEntries(
      settings.providers.map(provider => [provider.name, entryOf(provider, notes(provider))]),
    ),
  }
}

/** Writes it as YAML: values are text, so none is folded or anchored. */
export function writeEffective(map: Readonly<Record<string, unknown>>): string {
  return stringify(map, { lineWidth: 0, aliasDuplicateObjects: false })
}

function consoleOf(lane: Settings['console']) {
  if (lane === undefined) return null
  const { at, allowIps, clientCertificate, limits } = lane
  return {
    at: formatEndpoint(at),
    allow_ips: allowIps,
    client_certificate: clientCertificate ?? null,
    limits: {
      connections: limits.connections,
      body: formatBytes(limits.body),
      per_address: formatRate(limits.perAddress),
      answer: formatMillis(limits.answer),
      idle: formatMillis(limits.idle),
    },
  }
}

function entryOf(provider: ProviderSettings, notes: Readonly<Record<string, unknown>>) {
  const { limits } = provider
  return {
    preset: provider.preset ?? null,
    scheme: provider.scheme,
    ...notes,
    secrets: provider.secrets.map(secretOf),
    ...publicKeyOf(provider),
    ...provider.values,
    ...(provider.verifyToken === undefined ? {} : { verify_token: shown(provider.verifyToken) }),
    handshake: handshakeOf(provider),
    routes: provider.routes.map(({ path, flow, sync, replay }) => ({
      path,
      flow,
      sync,
      replay: windowOf(replay),
    })),
    ...discoversOf(provider.discovers),
    mode: provider.mode,
    methods: provider.methods,
    content_types: provider.contentTypes,
    forward_as: provider.forwardAs?.type ?? null,
    content_encodings: provider.contentEncodings,
    limits: {
      body: formatBytes(limits.body),
      per_address: formatRate(limits.perAddress),
      per_provider: formatRate(limits.perProvider),
      patience: formatMillis(limits.patience),
      concurrency: limits.concurrency,
      deadline: formatMillis(limits.deadline),
    },
    replay: windowOf(provider.replay),
    allow_ips: provider.allowIps,
    answer_within: formatMillis(provider.answerWithin),
    upstream_answer: formatMillis(provider.upstreamAnswer),
    public_url: provider.publicUrl ?? null,
    client_certificate: provider.clientCertificate ?? null,
  }
}

function handshakeOf({ handshake, enrolment }: ProviderSettings) {
  if (enrolment !== undefined) return { enrol: new Date(enrolment.until).toISOString() }
  return handshake.length === 0 ? 'off' : 'on'
}

function discoveryOf(discovery: Settings['discovery']) {
  if (discovery === undefined) return null
  return { database: shown(discovery.database), every: formatMillis(discovery.every) }
}

function discoversOf(discovers: ProviderSettings['discovers']) {
  if (discovers === undefined) return {}
  const { app, drafts, replay, syncReplay } = discovers
  const windows = { replay: windowOf(replay), replay_sync: windowOf(syncReplay) }
  return { discovered: { app, drafts, ...windows } }
}

function storeOf(store: Settings['store']) {
  if (store === undefined) return 'memory'
  const { tls, database, user, password, ca, prefix } = store
  return {
    url: `${tls ? 'rediss' : 'redis'}://${formatEndpoint(store)}/${database}`,
    user: user === undefined ? null : shown(user),
    password: password === undefined ? null : shown(password),
    ca: ca ?? null,
    prefix,
  }
}

function publicKeyOf({ publicKey }: ProviderSettings) {
  if (publicKey === undefined) return {}
  return publicKey.form === 'set' ? { jwks: publicKey.text } : { public_key: publicKey.text }
}

function shown(ref: string): string {
  return ref.startsWith('plain:') ? 'plain:…' : ref
}

function secretOf({ ref, until }: SecretReference) {
  const secret = shown(ref)
  return until === undefined ? { secret } : { secret, until: new Date(until).toISOString() }
}

function windowOf(replay: Millis | undefined): string {
  return replay === undefined ? 'off' : formatMillis(replay)
}

function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** As the map has it. */
function adminAuthOf(auth: Settings['listen']['adminAuth']): unknown {
  if (auth === undefined) return 'none'
  return auth.user === undefined ? auth.secret : { user: auth.user, password: auth.secret }
}
