import type { Bytes, Millis, Rate } from '../units.ts'
import type { Enrolment } from '../verify/enrolling.ts'
import type { Handshake } from '../verify/handshake.ts'
import type { Configured } from '../verify/names.ts'
import type { Scheme } from '../verify/scheme.ts'

/** One reading of the map: checked whole, every default filled in, every value in its unit. */
export interface Settings {
  readonly upstream: {
    /** Origin only, such as `http://127.0.0.1:3000`. */
    readonly url: string
    /** Deadline to connect, to the first answer byte, to the whole answer. */
    readonly connect: Millis
    readonly answer: Millis
    readonly body: Millis
  }
  readonly listen: {
    /** Undefined where only `http` is given. */
    readonly https: Endpoint | undefined
    /** In plain, behind a proxy that ends TLS. */
    readonly http: Endpoint | undefined
    readonly admin: Endpoint
    /** Undefined where it asks for nothing. */
    readonly adminAuth: AdminAuth | undefined
    /** Whether balancers in `trustProxies` say whom they speak for by the PROXY protocol. */
    readonly proxyProtocol: boolean
    /** Paths of PEM files; empty only with `--dev`, which makes a certificate of its own. */
    readonly tls: readonly { readonly cert: string; readonly key: string }[]
  }
  /** Undefined where Automatisch's own pages are not served. */
  readonly console: ConsoleSettings | undefined
  readonly publicUrl: string | undefined
  /** CIDRs whose X-Forwarded-For or PROXY header is believed. */
  readonly trustProxies: readonly string[]
  /** Lower-case names without port; empty when any Host is served. */
  readonly hosts: readonly string[]
  /** Folder for what outlives a restart. */
  readonly state: string | undefined
  /** Undefined where no flow is discovered. */
  readonly discovery: DiscoverySettings | undefined
  readonly drain: { readonly settle: Millis; readonly within: Millis }
  readonly limits: {
    readonly connections: number
    readonly connectionsPerAddress: number
    readonly headers: Millis
    readonly idle: Millis
    readonly buffered: Bytes
    readonly verified: readonly Rate[]
  }
  /** Undefined: the memory of this process. */
  readonly store: StoreSettings | undefined
  /** What replay memory does while the store is away. */
  readonly onStoreError: 'local' | 'closed'
  /** `defaults.limits.per_address`: what unrouted requests of one address spend. */
  readonly unroutedPerAddress: Rate
  readonly providers: readonly ProviderSettings[]
}

/** What the admin listener asks for. */
export interface AdminAuth {
  /** Undefined for a token: whatever name comes with it. */
  readonly user: string | undefined
  /** A reference, as in `secrets`. */
  readonly secret: string
}

export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** Where flows are discovered. */
interface DiscoverySettings {
  /** A reference, as in `secrets`, to a URL. */
  readonly database: string
  readonly every: Millis
}

/** Automatisch's own pages and API, for the people who work with it. */
export interface ConsoleSettings {
  readonly at: Endpoint
  /** CIDRs of connections that are let in; any other is closed before its handshake. */
  readonly allowIps: readonly string[]
  /** What every connection has to show besides; any subject where none is named. */
  readonly clientCertificate:
    | { readonly ca: string; readonly subject: string | undefined }
    | undefined
  readonly limits: {
    readonly connections: number
    readonly body: Bytes
    readonly perAddress: Rate
    /** Deadline of Automatisch's answer. */
    readonly answer: Millis
    /** How long an upgraded connection may be silent. */
    readonly idle: Millis
  }
}

/** The Redis that replicas share. */
export interface StoreSettings extends Endpoint {
  readonly tls: boolean
  readonly database: number
  /** References, as in `secrets`. */
  readonly user: string | undefined
  readonly password: string | undefined
  /** Path of a PEM file. */
  readonly ca: string | undefined
  /** What every key begins with. */
  readonly prefix: string
}

/** One entry under `providers:`. */
export interface ProviderSettings {
  /** The key in the map and the metric label. */
  readonly name: string
  /** Undefined where the entry brings a scheme of its own. */
  readonly preset: string | undefined
  /** The scheme, from the preset or the entry; or the mandatory sentence of an unsigned sender. */
  readonly scheme: Scheme | { readonly none: string }
  /** The first is current, the others previous. Empty for unsigned senders, and where a public key proves. */
  readonly secrets: readonly SecretReference[]
  /** What proves a sender that signs with a private key: the text itself or `file:PATH`; `set` is a JWKS. */
  readonly publicKey: { readonly form: 'one' | 'set'; readonly text: string } | undefined
  /** Values that the scheme names, by their keys, such as `key_id`. */
  readonly values: Configured
  /** A reference, as in `secrets`. */
  readonly verifyToken: string | undefined
  /** How the sender is answered when it asks whether the URL is ours; empty when it is not. */
  readonly handshake: readonly Handshake[]
  /** Set while the sender may hand over its key, which is kept in a file that does not exist yet. */
  readonly enrolment:
    | { readonly from: Enrolment; readonly until: Millis; readonly file: string }
    | undefined
  /** What the map names itself. */
  readonly routes: readonly RouteSettings[]
  /** Undefined where no flows are discovered for it. */
  readonly discovers: DiscoversSettings | undefined
  readonly mode: 'enforce' | 'report' | 'off'
  /** Upper case. */
  readonly methods: readonly string[]
  /** Lower case, without parameters. */
  readonly contentTypes: readonly string[]
  /** Type to forward instead, and the types it takes the place of; undefined where all stay as they came. */
  readonly forwardAs: { readonly type: string; readonly of: readonly string[] } | undefined
  readonly contentEncodings: readonly ('gzip' | 'deflate')[]
  readonly limits: {
    readonly body: Bytes
    readonly perAddress: Rate
    readonly perProvider: Rate
    /** As effective: already lowered to half of `answerWithin`. */
    readonly patience: Millis
    readonly concurrency: number
    readonly deadline: Millis
  }
  /** Undefined when off, or where nothing signed covers the body. Sync routes have their own on `RouteSettings`. */
  readonly replay: Millis | undefined
  /** CIDRs; empty when every address may send. */
  readonly allowIps: readonly string[]
  /** The sender's own timeout less a second. */
  readonly answerWithin: Millis
  /** Deadline to the first answer byte for this provider; `upstream.answer` unless set. */
  readonly upstreamAnswer: Millis
  readonly publicUrl: string | undefined
  /** What its sender has to show when it connects; undefined when nothing. */
  readonly clientCertificate: ClientCertificate | undefined
}

/** Which flows a provider has beside those that are named, and how they are served. */
interface DiscoversSettings {
  /** Key of the app of their trigger. */
  readonly app: string
  readonly drafts: 'proven' | 'refuse'
  /** Windows of replay memory, as on `RouteSettings`. */
  readonly replay: Millis | undefined
  readonly syncReplay: Millis | undefined
}

/** A certificate that a sender shows. */
interface ClientCertificate {
  /** Path of a PEM file with the authorities that may sign it. */
  readonly ca: string
  /** Its common name, or one of its DNS names; lower case. */
  readonly subject: string
}

export interface SecretReference {
  /** `env:NAME`, `file:PATH`, `sealed:BASE64`, or `plain:TEXT` with `--dev`. */
  readonly ref: string
  /** Wall clock after which it is no longer tried. */
  readonly until: Millis | undefined
}

/** One path that senders call. */
export interface RouteSettings {
  /** Exact path on the listener. */
  readonly path: string
  /** Flow id, lower case with dashes. */
  readonly flow: string
  readonly sync: boolean
  /** Window of replay memory; undefined when off, as on sync routes unless set. */
  readonly replay: Millis | undefined
}
