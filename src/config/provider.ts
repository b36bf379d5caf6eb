import * as z from 'zod'
import {
  block,
  canonicalPath,
  contentType,
  count,
  deadline,
  destination,
  encoding,
  flowId,
  memory,
  origin,
  rate,
  reference,
  size,
  until,
  wait,
  word,
} from './grammar.ts'
import { filled, group, list, optional, template } from './keys.ts'
import { scheme } from './scheme.ts'

const INHERIT = 'from `defaults`'
const INHERITED = 'one place sets it for every provider'

const mode = () => word(['enforce', 'report', 'off'])
const methods = () => list(word(['POST', 'PUT', 'PATCH', 'DELETE', 'GET']), 'methods', 1)
const contentTypes = () => list(contentType(), 'content types', 1)
const replay = () =>
  z.union([z.literal('off'), memory()], { error: 'expected a duration such as `10m`, or `off`' })

const SAYS = {
  mode: '`enforce` refuses what does not verify; `report` verifies, counts, logs and lets 401 reasons through; `off` answers 503.',
  methods: 'Methods that are accepted; any other is 405.',
  content_types:
    'Content types that are accepted, without parameters; any other is 415. A body of `multipart/form-data` is parsed whole before it is forwarded; it may have fields, and no files.',
  body: 'Largest body, in bytes as received.',
  per_address:
    'Deliveries of one address (IPv6: one /64) that did not prove themselves. Requests without a route spend the one under `defaults`.',
  per_provider: 'Verified deliveries of one provider. What is above waits its turn.',
  patience: 'How long a verified delivery may wait its turn. Lowered to half of `answer_within`.',
  concurrency: 'Deliveries of one provider at Automatisch at once. More wait.',
  deadline: 'Deadline of head and body together.',
  replay:
    'How long a delivery is remembered, so that its repetition is answered and not run again; or `off`. Only where the signature covers the body.',
} as const

/** What every provider inherits. */
export const defaults = group({
  mode: filled(mode(), 'enforce', SAYS.mode, 'a door is closed unless somebody opens it'),
  methods: filled(methods(), ['POST'], SAYS.methods, 'webhooks are posted'),
  content_types: filled(
    contentTypes(),
    ['application/json', 'application/x-www-form-urlencoded', 'text/plain'],
    SAYS.content_types,
    'what Automatisch parses safely; a malformed multipart body ends its process',
  ),
  limits: group({
    body: filled(size(), '1MiB', SAYS.body, 'Automatisch itself refuses more'),
    per_address: filled(
      rate(),
      '120/1m',
      SAYS.per_address,
      'enough for a person who tries things out, useless for guessing',
    ),
    per_provider: filled(
      rate(),
      '6000/1m',
      SAYS.per_provider,
      'one provider alone should not fill the queue of the others',
    ),
    patience: filled(
      wait(),
      '4s',
      SAYS.patience,
      'several senders give up after five to ten seconds',
    ),
    concurrency: filled(
      count(),
      32,
      SAYS.concurrency,
      'Automatisch answers from one process; more at once only wait there',
    ),
    deadline: filled(deadline(), '10s', SAYS.deadline, 'the longest that common senders wait'),
  })
    .prefault({})
    .meta({ description: 'Limits of one provider.' }),
  replay: filled(
    replay(),
    '10m',
    `${SAYS.replay} Raised to twice the tolerance of the signed time and a minute where that is longer.`,
    'longer than a captured delivery stays fresh in either direction',
  ),
})

const inherited = <S extends z.ZodType>(schema: S, says: string) =>
  optional(schema, INHERIT, says, INHERITED)

/** What stands for every flow of an app. */
export const DISCOVERED = 'discovered'
const FLOWS = 'expected a list of flow ids, or `discovered`'

const flows = () =>
  z.union(
    [
      z.literal(DISCOVERED, { error: FLOWS }),
      z
        .array(flowId(), { error: FLOWS })
        .min(1, { error: 'expected at least one flow id' })
        .max(10_000, { error: 'expected at most 10000 flow ids' }),
    ],
    { error: FLOWS },
  )

const NEEDED = 'required where the scheme names it'
const ONE_OF_MANY = 'most senders have one key and one webhook for each URL'
const SET = 'expected a set of keys: `keys` with a list, JSON, or `file:PATH`'

const configured = (what: string) => template(what).max(2048, { error: `expected ${what}` })

/** Text, or where it is. A reference to a secret is a mistake to say so, not a key that cannot be read. */
const publicKey = (what: string) =>
  template(what).refine(text => !/^(env|sealed|plain):/.test(text), {
    error: `expected ${what}\na public key is no secret: write it here, or into a file`,
  })

const keySet = group({
  keys: list(z.record(z.string(), z.unknown()), 'keys', 1).meta({
    description: 'The keys, each as RFC 7517 has it.',
  }),
})

/** One sender. */
export const provider = group({
  preset: optional(
    template('the name of a preset'),
    'the key of the entry, where a preset has that name',
    'Name of the preset that says how the sender signs.',
    'one provider of a kind needs no second name',
  ),
  scheme: optional(
    scheme,
    'from the preset',
    'How a sender signs for which there is no preset.',
    'presets are tested against the sender',
  ),
  secret: optional(
    reference(),
    'required for signed senders, unless `secrets` is given',
    'Reference to the secret.',
    'an unsigned sender has to say so in `scheme`',
  ),
  secrets: optional(
    list(
      z.union(
        [
          reference(),
          group({
            secret: reference().meta({ description: 'Reference to the secret.' }),
            until: optional(
              until(),
              'it does not end',
              'Last day (in UTC) or instant at which it is tried.',
              'an end belongs to a rotation',
            ),
          }),
        ],
        { error: 'expected a reference, or `secret` with `until`' },
      ),
      'references',
      1,
    ).max(8, { error: 'expected at most 8 secrets: each costs a MAC for every delivery' }),
    '`secret` alone',
    'Several references while a secret is rotated. The first is current, the others are previous.',
    'one secret is the rule',
  ),
  username: optional(
    // a sender may have a password alone
    z.string({ error: 'expected a user name' }).max(2048, { error: 'expected a user name' }),
    'required for `basic`',
    'User name of a sender that shows name and password; the password is `secret`.',
    'no other scheme has a name',
  ),
  key_id: optional(
    configured('the id of a key'),
    NEEDED,
    "The sender's name for the key or the application; what names another is refused.",
    ONE_OF_MANY,
  ),
  webhook_id: optional(
    configured('the id of a webhook'),
    NEEDED,
    "The sender's id of this webhook, where it signs it.",
    ONE_OF_MANY,
  ),
  cert_url: optional(
    configured('the URL of a certificate'),
    NEEDED,
    "The only URL of a certificate that the sender may name; nothing is fetched from it. Or `fetch`, for Amazon SNS alone: whatever certificate a message names at the host of the topic's region is fetched from there, and no `public_key` is needed.",
    'whoever chooses the certificate chooses who is believed; and nobody is called unless you say so',
  ),
  topic_arn: optional(
    configured('the ARN of a topic'),
    NEEDED,
    'The only topic of Amazon SNS that is accepted.',
    'anyone can have a topic',
  ),
  public_key: optional(
    publicKey('the public key: PEM, or `file:PATH`'),
    'required where a public key proves the sender, unless a JWT has `jwks`',
    'Public key or certificate of the sender: the text itself, or `file:PATH`. It needs no `secret`.',
    'a shared secret is the rule',
  ),
  key_format: optional(
    word(['pem', 'hex', 'base64', 'base64url']),
    'from the scheme',
    'How `public_key` is written: PEM, or raw Ed25519 or DER in that encoding.',
    'the preset knows how its sender shows it',
  ),
  jwks: optional(
    z
      .union([publicKey('a set of keys: JSON, or `file:PATH`'), keySet], { error: SET })
      .transform(set => (typeof set === 'string' ? set : JSON.stringify(set))),
    'required where a JWT is signed with a private key, unless there is `public_key`',
    'Public keys of the sender as a set (RFC 7517): the set itself, or `file:PATH`. Nothing is fetched.',
    'most senders have one key',
  ),
  verify_token: optional(
    reference(),
    'the sender is not answered when it asks',
    'Reference to the token that the sender shows when it asks whether the URL is yours.',
    'few senders ask',
  ),
  handshake: optional(
    z.union(
      [
        z.enum(['on', 'off']),
        group({
          enrol: until().meta({
            description:
              'Last day (in UTC) or instant at which the first request of Asana, Clio or Notion may hand over the key. It is written into the file that `secret: file:PATH` names, which must not exist yet. Whoever comes first in that time chooses the key: make it minutes.',
          }),
        }),
      ],
      { error: 'expected `on`, `off` or `enrol` with a time' },
    ),
    '`on` where the preset knows how, and `verify_token` is there where the sender shows one; `off` for Amazon SNS',
    'Whether the sender is answered here when it asks whether the URL is yours. `off` leaves that to the flow. Amazon SNS is answered by calling it, so only with `on`.',
    'a flow cannot answer in time, or at all',
  ),
  flows: optional(
    flows(),
    '`path` and `to`',
    'Flows that the sender calls at the URL that Automatisch registers, `/webhooks/flows/<id>`. Or `discovered`: every published flow whose trigger is of this app, as the database of `discovery` says, less those that any provider names under `flows` or `to`.',
    'nothing is forwarded that is not named',
  ),
  app: optional(
    z.string().regex(/^[a-z0-9][a-z0-9_-]{0,55}$/, {
      error: 'expected the key of an app of Automatisch, such as `github` or `telegram-bot`',
    }),
    'the key of the entry, which then is an app of Automatisch',
    'App of Automatisch whose flows are discovered, where the entry has another name; `webhook` is the app of URLs that somebody pasted. Only with `flows: discovered`.',
    'one entry for an app needs no second name',
  ),
  drafts: optional(
    word(['proven', 'refuse']),
    '`proven` with `flows: discovered`',
    'What becomes of deliveries to flows that are not published, where flows are discovered: `proven` lets those pass that proved who sent them, any other is 404 `no_route`; with `refuse` all are.',
    'a trigger is tested before it is published, and some senders try the URL while it is',
  ),
  path: optional(
    canonicalPath(),
    '`flows` alone',
    'An exact path that a person pastes at the sender; `to` says its flow.',
    'a short name that tells nobody the flow id',
  ),
  to: optional(
    destination(),
    '`flows` alone',
    'Flow behind `path`.',
    'one without the other leads nowhere',
  ),
  sync: filled(
    z.boolean({ error: 'expected `true` or `false`' }),
    false,
    'Whether the flows answer the sender themselves: forwards to the `/sync` variant.',
    'a sync flow runs inside the API process, so it is opened on purpose only',
  ),
  mode: inherited(mode(), SAYS.mode),
  methods: optional(
    methods(),
    'from the preset, else from `defaults`',
    SAYS.methods,
    'the sender decides how it calls',
  ),
  content_types: optional(
    contentTypes(),
    'from the preset, else from `defaults`',
    SAYS.content_types,
    'the sender decides what it sends',
  ),
  forward_as: optional(
    word(['application/json', 'application/x-www-form-urlencoded', 'text/plain']),
    'from the preset, else types stay as they came',
    'Type under which bodies are forwarded whose own type Automatisch does not parse: it answers those with 204 and loses the body. Types that it parses stay as they came.',
    'the bytes stay the same, and only the operator knows what a type of its own name holds',
  ),
  content_encodings: filled(
    list(encoding(), 'content encodings'),
    [],
    'Encodings that a body may have beside none: `gzip` and `deflate`. The signature covers the compressed bytes; what they inflate to has to keep to `limits.body`, and the bytes are forwarded as they came.',
    'few senders compress, and a compressed body is inflated once more to be looked at',
  ),
  limits: optional(
    group({
      body: inherited(size(), SAYS.body),
      per_address: inherited(rate(), SAYS.per_address),
      per_provider: inherited(rate(), SAYS.per_provider),
      patience: inherited(wait(), SAYS.patience),
      concurrency: inherited(count(), SAYS.concurrency),
      deadline: inherited(deadline(), SAYS.deadline),
    }),
    INHERIT,
    'Limits of this provider, each key for itself.',
    INHERITED,
  ),
  replay: optional(
    replay(),
    'from `defaults`; `off` where no signature covers the body, and with `sync`',
    SAYS.replay,
    'a constant token would make every second event a repetition, and a sync flow owes each caller its answer',
  ),
  allow_ips: filled(
    list(block(), 'address blocks'),
    [],
    'Address blocks that may send; any other address is 403. Empty: every address.',
    'a signature proves more than an address, and senders change theirs',
  ),
  client_certificate: optional(
    group({
      ca: template('the path of a PEM file').meta({
        description: 'PEM file with the authorities that may sign it. Read again when it changes.',
      }),
      subject: template("the certificate's common name, or one of its DNS names")
        .max(253, { error: 'expected a name of at most 253 characters' })
        .transform(name => name.toLowerCase())
        .meta({ description: 'Its common name, or one of its DNS names; no wildcard.' }),
    }),
    'no certificate is asked for',
    'Certificate that the sender shows when it connects to `listen.https`; any other sender of this provider is 403.',
    'few senders have one, and a signature proves the body as well',
  ),
  answer_within: optional(
    deadline(),
    "the sender's own timeout less a second, 9s where it is not known",
    'When the sender has to have its answer, counted from its last byte. Bounds all waiting.',
    'a sender that gives up repeats, or never comes back',
  ),
  upstream_answer: optional(
    deadline(),
    'from `upstream.answer`',
    'Deadline to the first byte of the answer of Automatisch, for long sync flows.',
    'only a sync flow takes longer than queueing',
  ),
  public_url: optional(
    origin(
      'expected only scheme, host and port: Automatisch drops a path in its webhook URL, so a prefix never arrives',
    ),
    'the `public_url` at the top',
    'What this sender calls, where its signature covers the URL.',
    'one name for all is the rule',
  ),
})
