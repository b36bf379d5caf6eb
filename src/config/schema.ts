import * as z from 'zod'
import { adminAuth } from './admin-auth.ts'
import { consoleLane } from './console.ts'
import {
  count,
  deadline,
  endpoint,
  hostName,
  interval,
  origin,
  privateEndpoint,
  rate,
  reference,
  size,
  trustedBlock,
  wait,
} from './grammar.ts'
import { filled, group, list, optional } from './keys.ts'
import { defaults, provider } from './provider.ts'
import { onStoreError, store } from './store.ts'

const ORIGIN_ONLY = 'expected only scheme, host and port: nothing may follow them'
const upstreamUrl = () => origin(ORIGIN_ONLY)

/** The long form of `upstream`. */
export const upstreamKeys = group({
  url: upstreamUrl().meta({ description: 'Origin of Automatisch.' }),
  connect: filled(
    deadline(),
    '2s',
    'Deadline to connect.',
    'a neighbour answers within milliseconds; one lost packet costs a second',
  ),
  answer: filled(
    deadline(),
    '10s',
    'Deadline from the request to the first byte of the answer.',
    'Automatisch only queues the delivery, and senders wait about as long',
  ),
  body: filled(
    deadline(),
    '30s',
    'Deadline from the request to the end of the answer.',
    'long enough for the answer of a sync flow, short enough to free its place',
  ),
})

const upstream = z
  .union([upstreamUrl(), upstreamKeys], {
    error: 'expected an origin such as `http://127.0.0.1:3000`, or `url` with deadlines',
  })
  .meta({
    description:
      'Where Automatisch listens: an origin, or `url` with its deadlines. Use a private network; the connection carries what was verified.',
  })

/** Where TLS is ended unless the map says otherwise. */
export const USUAL_HTTPS = { host: '0.0.0.0', port: 8443 } as const

const listen = group({
  https: optional(
    endpoint(),
    '`0.0.0.0:8443`; none where `http` is given and `tls` is not',
    'Address and port of the public listener.',
    'a port that needs no privilege, on every address of the container',
  ),
  http: optional(
    privateEndpoint(),
    'nothing is served in plain',
    'Address and port of a listener in plain, behind a proxy of yours that ends TLS: loopback or private, and only with `trust_proxies`.',
    'whoever is on the way reads what is not encrypted',
  ),
  proxy_protocol: filled(
    z.boolean({ error: 'expected `true` or `false`' }),
    false,
    'Whether peers in `trust_proxies` are TCP load balancers that say whom they speak for in a PROXY header (version 1 or 2). They have to; from any other peer a header is refused.',
    'a balancer that is not told to write it would be refused',
  ),
  tls: optional(
    list(
      group({
        cert: z
          .string({ error: 'expected the path of a PEM file' })
          .min(1, { error: 'expected the path of a PEM file' })
          .meta({ description: 'PEM file with the certificate and its chain.' }),
        key: z
          .string({ error: 'expected the path of a PEM file' })
          .min(1, { error: 'expected the path of a PEM file' })
          .meta({ description: 'PEM file with the private key.' }),
      }),
      'certificates, each with `cert` and `key`',
    ),
    'required for `https`; with `--dev` a self-signed certificate is made',
    'Certificates, chosen by the name the sender asks for; the first serves every other name.',
    'senders refuse what they cannot verify, so nobody should serve without one by accident',
  ),
  console: optional(
    endpoint(),
    '`127.0.0.1:8444` where `console` is given',
    "Address and port of Automatisch's own pages, on an origin apart from that of the webhooks.",
    'a page that a webhook could smuggle onto their origin would own the session of whoever is logged in',
  ),
  admin: filled(
    endpoint(),
    '127.0.0.1:9090',
    'Address and port of metrics, health and the status page. Off loopback only with `admin_auth`. It speaks plain HTTP.',
    "what it tells about providers is nobody else's business",
  ),
  admin_auth: adminAuth,
})

const drain = group({
  settle: filled(
    wait(),
    '5s',
    'How long new work is still taken after SIGTERM.',
    'balancers need seconds to notice that readiness went off',
  ),
  within: filled(
    deadline(),
    '30s',
    'How long in all, counted from SIGTERM, until what is left is cut.',
    'the time that Kubernetes gives a container by default',
  ),
})

const processLimits = group({
  connections: filled(
    count(),
    2000,
    'Open connections in all. Lowered at start to (open files - 256) / 2, and to what a small container has memory for, with a warning.',
    'each may cost a second socket to Automatisch; more than this is a flood',
  ),
  connections_per_address: filled(
    count(),
    400,
    'Open connections of one address (IPv6: one /64); peers in `trust_proxies` excepted.',
    'one address must not take every place, yet senders share few addresses',
  ),
  headers: filled(
    deadline(),
    '5s',
    'Deadline of the TLS handshake and of the request head.',
    'a genuine sender needs one round trip for each',
  ),
  idle: filled(
    deadline(),
    '10s',
    'How long a connection may do nothing: between requests, within a body, or not reading an answer.',
    'keeps reuse for bursts and ends uploads that trickle',
  ),
  buffered: filled(
    size(),
    '64MiB',
    'Bytes of bodies held in memory by all requests together. One address holds at most an eighth, bodies over 64 KiB three quarters, where each counts for up to 192 KiB more until it is whole. Lowered to two thirds of what the memory of the container leaves beside 96 MiB and the open connections, with a warning at start.',
    'some forty of the largest bodies at once, inside a small container',
  ),
  verified: filled(
    z
      .union([rate(), list(rate(), 'rates', 1)], {
        error: 'expected a rate such as `300/1s`, or a list of rates',
      })
      .transform(given => (Array.isArray(given) ? given : [given])),
    '300/1s',
    'Deliveries forwarded by the whole process: one rate, or several that all have to hold.',
    'ingress of Automatisch saturates near 350 a second',
  ),
})

const discovery = group({
  database: reference().meta({
    description:
      "Reference to the URL of Automatisch's PostgreSQL, `postgres://hookwarden:PASSWORD@HOST/automatisch`, with the role of `deploy/postgres-role.sql`, which sees the ids of flows and nothing else. By reference, because a password stands in it.",
  }),
  every: filled(
    interval(),
    '15s',
    'How often is looked for changes. A flow that nobody knows is looked for at once.',
    'what is unpublished is refused soon, and one short query costs the database nothing',
  ),
})

/** The provider map as it stands in the file. */
export const mapSchema = group({
  version: z
    .literal(1, { error: 'expected `1`, the version of this format' })
    .meta({ description: 'Version of this format: `1`.' }),
  upstream,
  listen: listen.prefault({}).meta({ description: 'Listeners.' }),
  public_url: optional(
    origin(
      'expected only scheme, host and port: Automatisch drops a path in its webhook URL, so a prefix never arrives',
    ),
    'schemes that sign the URL are refused',
    'What senders call. Some sign it.',
    "behind a proxy nothing else tells it, and a Host header is the sender's word",
  ),
  trust_proxies: filled(
    list(trustedBlock(), 'address blocks'),
    [],
    'Address blocks of proxies whose X-Forwarded-For and X-Forwarded-Proto, or PROXY header, is believed.',
    'whoever is believed chooses the address that is limited',
  ),
  hosts: filled(
    list(hostName(), 'host names'),
    [],
    'Host names that are served; any other is 421. Empty: every name.',
    'the path alone decides; set it where the listener is reachable under foreign names',
  ),
  state: optional(
    z
      .string({ error: 'expected the path of a folder' })
      .min(1, { error: 'expected the path of a folder' })
      .meta({ form: 'path' }),
    'nothing is kept',
    "Folder for what outlives a restart: the flows that discovery last knew, and the pins of `hookwarden keys pin`, with which Automatisch's keys are compared at start.",
    'a proxy that keeps nothing can be replaced at any time',
  ),
  drain: drain.prefault({}).meta({ description: 'How SIGTERM is followed.' }),
  console: consoleLane,
  store,
  on_store_error: onStoreError,
  defaults: defaults.prefault({}).meta({ description: 'What every provider inherits.' }),
  limits: processLimits.prefault({}).meta({ description: 'Limits of the whole process.' }),
  discovery: optional(
    discovery,
    'flows are listed by hand',
    'Where the flows of providers with `flows: discovered` are looked up; see docs/discovery.md.',
    'without it nothing but Automatisch is called',
  ),
  providers_dir: optional(
    z
      .string({ error: 'expected the path of a folder' })
      .min(1, { error: 'expected the path of a folder' })
      .meta({ form: 'path' }),
    'all providers stand under `providers`',
    'Folder of further providers, beside the map unless it begins with `/`: each file `NAME.yaml` in it holds the keys of the provider `NAME`, so that a team owns its own file.',
    'one file is the easiest to read',
  ),
  providers: z
    .record(
      z.string().regex(/^(?!none$)[a-z0-9][a-z0-9_-]{0,62}$/, {
        error:
          'expected a name of lower-case letters, digits, `-` and `_`, other than `none`: it is a label of metrics',
      }),
      provider.meta({ description: 'One sender.' }),
      { error: 'expected providers, each a name with its keys' },
    )
    .prefault({})
    .meta({
      description:
        'The senders. The key is the name in metrics and logs and, where a preset has that name, the preset. Needed unless there is a `providers_dir`.',
    }),
})

/** The map with every scalar in its unit and every fixed default filled in. */
export type MapValues = z.output<typeof mapSchema>
export type ProviderValues = MapValues['providers'][string]
