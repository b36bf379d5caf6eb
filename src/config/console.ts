import { block, count, deadline, rate, size } from './grammar.ts'
import { filled, group, list, optional, template } from './keys.ts'

/** Where the console listens unless the map says otherwise. */
export const USUAL_CONSOLE = { host: '127.0.0.1', port: 8444 } as const

const limits = group({
  connections: filled(
    count(),
    100,
    'Open connections in all.',
    'a browser opens six; these are people, not senders',
  ),
  body: filled(size(), '1MiB', 'Longest body.', 'Automatisch itself refuses more'),
  per_address: filled(
    rate(),
    '1200/1m',
    'Requests of one address.',
    'a page asks for some fifty things; a login that is guessed at asks for more',
  ),
  answer: filled(
    deadline(),
    '2m',
    "Deadline of Automatisch's answer.",
    'a step that is tested in the editor runs while the browser waits',
  ),
  idle: filled(
    deadline(),
    '10m',
    'How long an upgraded connection (WebSocket) may be silent, or twice that at most.',
    'what is forgotten in a tab holds no place',
  ),
})

/** The lane for Automatisch's own pages. */
export const consoleLane = optional(
  group({
    allow_ips: list(block(), 'address blocks', 1).meta({
      description:
        'Address blocks of the connections that are let in; any other is closed before its handshake. `X-Forwarded-For` is never believed here.',
    }),
    client_certificate: optional(
      group({
        ca: template('the path of a PEM file').meta({
          description:
            'PEM file with the authorities that may sign it. Read again when it changes.',
        }),
        subject: optional(
          template("the certificate's common name, or one of its DNS names")
            .max(253, { error: 'expected a name of at most 253 characters' })
            .transform(name => name.toLowerCase()),
          'any certificate of those authorities',
          'Its common name, or one of its DNS names; no wildcard.',
          'several people have several certificates',
        ),
      }),
      'no certificate is asked for',
      'Certificate that each connection has to show besides; without it every answer is 403.',
      'an address list and the login are enough on loopback or behind a VPN',
    ),
    limits: limits.prefault({}).meta({ description: 'Limits of its own.' }),
  }),
  'off: nothing of Automatisch but its webhooks is reachable through Hookwarden',
  "Serves Automatisch's own pages and API on `listen.console`, by TLS with the certificates of `listen.tls`. `/webhooks` and `/admin/queues` are never reached through it.",
  'whoever reaches the login page may guess at it',
)
