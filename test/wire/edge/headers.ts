import { valuesOf } from '../../support/message.ts'
import type { Answer } from '../../support/sender.ts'
import type { Stage } from '../stage.ts'
import {
  type Case,
  CERTAIN,
  type Expected,
  MALFORMED,
  refused,
  rows,
  type Table,
  taken,
} from './case.ts'
import { BODY, delivery, ROOMY, signedLines } from './deliveries.ts'

const TAKEN = taken(BODY)
const HOST = refused(421, 'host')
const TYPE = refused(415, 'content_type')
const LARGE = refused(431, 'header_too_large')

const withHost = (host: string) => delivery({ host })
const withLines = (lines: string) => delivery({ lines: `${lines}${signedLines(BODY)}` })
const withType = (type: string) =>
  delivery({ lines: signedLines(BODY).replace('Content-Type: application/json\r\n', type) })

const HOSTS = rows([
  ['none', withHost(''), CERTAIN],
  ['two alike', withHost('Host: localhost\r\nHost: localhost\r\n'), CERTAIN],
  ['two', withHost('Host: localhost\r\nHost: evil.example\r\n'), CERTAIN],
  ['two in different cases', withHost('host: localhost\r\nHOST: localhost\r\n'), CERTAIN],
  ['an empty one', withHost('Host:\r\n'), CERTAIN],
  ['a list', withHost('Host: localhost, evil.example\r\n'), CERTAIN],
  ['a space within', withHost('Host: localhost evil.example\r\n'), CERTAIN],
  ['a path', withHost('Host: localhost/x\r\n'), CERTAIN],
  ['a scheme', withHost('Host: https://localhost\r\n'), CERTAIN],
  ['a user', withHost('Host: a@localhost\r\n'), CERTAIN],
  ['a query', withHost('Host: localhost?a\r\n'), CERTAIN],
  ['a fragment', withHost('Host: localhost#a\r\n'), CERTAIN],
  ['a port that is a word', withHost('Host: localhost:https\r\n'), CERTAIN],
  ['a port of six digits', withHost('Host: localhost:100000\r\n'), CERTAIN],
  ['two ports', withHost('Host: localhost:1:2\r\n'), CERTAIN],
  ['a bracket that does not close', withHost('Host: [::1\r\n'), CERTAIN],
  ['letters beyond ASCII', withHost('Host: l\xf6calhost\r\n'), CERTAIN],
  ['a percent sign', withHost('Host: local%68ost\r\n'), CERTAIN],
  ['300 letters', withHost(`Host: ${'a'.repeat(300)}\r\n`), CERTAIN],
  ['NUL within', withHost('Host: local\0host\r\n'), MALFORMED],
  ['a fold', withHost('Host:\r\n localhost\r\n'), MALFORMED],
  ['another', withHost('Host: evil.example\r\n'), HOST],
  ['a name of which it is the end', withHost('Host: xlocalhost\r\n'), HOST],
  ['a name of which it is the beginning', withHost('Host: localhost.evil.example\r\n'), HOST],
  ['an address', withHost('Host: 127.0.0.1\r\n'), HOST],
  ['an address of IPv6', withHost('Host: [::1]:443\r\n'), HOST],
  ['a dot alone', withHost('Host: .\r\n'), HOST],
  [
    'another in X-Forwarded-Host',
    withHost('Host: evil.example\r\nX-Forwarded-Host: localhost\r\n'),
    HOST,
  ],
  ['ours with a port', withHost('Host: localhost:8443\r\n'), TAKEN],
  ['ours in capitals', withHost('Host: LOCALHOST\r\n'), TAKEN],
  ['ours with the dot of the root', withHost('Host: localhost.\r\n'), TAKEN],
  [
    'another in X-Forwarded-Host beside ours',
    withHost('Host: localhost\r\nX-Forwarded-Host: evil.example\r\n'),
    TAKEN,
  ],
])

const NAMES = rows([
  ...[
    ' ',
    '\t',
    '\0',
    '\x0b',
    '\x7f',
    '"',
    '(',
    ')',
    ',',
    '/',
    ';',
    '<',
    '=',
    '>',
    '?',
    '@',
    '[',
    '\\',
    ']',
    '{',
    '}',
    '\xe9',
  ].map(
    byte =>
      [`${JSON.stringify(byte)} in a name`, withLines(`X-${byte}A: b\r\n`), MALFORMED] as const,
  ),
  ...[' ', '\t', '\0', '\x0b', '\xa0'].map(
    byte =>
      [
        `${JSON.stringify(byte)} before a colon`,
        withLines(`X-A${byte}: b\r\n`),
        MALFORMED,
      ] as const,
  ),
  ['every sign that a name may have', withLines("!#$%&'*+-.^_`|~: b\r\n"), TAKEN],
  ['an empty name', withLines(': b\r\n'), MALFORMED],
  ['no colon', withLines('X-A\r\n'), MALFORMED],
  ['a name of a prototype', withLines('__proto__: b\r\nconstructor: c\r\n'), TAKEN],
])

const VALUES = rows([
  ...['\0', '\x01', '\x08', '\x0b', '\x0c', '\x1b', '\x7f', '\r', '\n'].map(
    byte =>
      [`${JSON.stringify(byte)} in a value`, withLines(`X-A: b${byte}c\r\n`), MALFORMED] as const,
  ),
  ['a fold with a space', withLines('X-A: b\r\n c\r\n'), MALFORMED],
  ['a fold with a tab', withLines('X-A: b\r\n\tc\r\n'), MALFORMED],
  ['a fold and nothing behind it', withLines('X-A: b\r\n \r\n'), MALFORMED],
  ['a fold of the first line', delivery({ host: ' Host: localhost\r\n' }), MALFORMED],
  ['a bare CR before a name', withLines('X-A: b\r\n\rX-B: c\r\n'), MALFORMED],
  ['two CR', withLines('X-A: b\r\r\n'), MALFORMED],
  ['LF and CR', withLines('X-A: b\n\r'), MALFORMED],
  ['bare LF throughout', delivery().replaceAll('\r\n', '\n'), MALFORMED],
  ['bare CR throughout', delivery().replaceAll('\r\n', '\r'), MALFORMED],
  ['a head that ends with a bare LF', delivery().replace('\r\n\r\n', '\r\n\n'), MALFORMED],
  ['a head that ends with a bare CR', delivery().replace('\r\n\r\n', '\r\n\r'), MALFORMED],
  ['a tab in a value', withLines('X-A: b\tc\r\n'), TAKEN],
  ['high bytes in a value', withLines('X-A: \xff\xfe\r\n'), TAKEN],
  ['an empty value', withLines('X-A:\r\n'), TAKEN],
  ['no space behind a colon', withLines('X-A:b\r\n'), TAKEN],
])

const COUNTS = rows([
  ['100 lines', withLines('X-A: b\r\n'.repeat(96)), TAKEN],
  ['101 lines', withLines('X-A: b\r\n'.repeat(97)), LARGE],
  ['1,000 lines', withLines('a:b\r\n'.repeat(1000)), LARGE],
  ['2,500 lines', withLines('a:b\r\n'.repeat(2500)), LARGE],
  [
    '2,500 lines and then a coding',
    delivery({
      framing: `${'a:b\r\n'.repeat(2500)}Transfer-Encoding: chunked\r\nContent-Length: 7\r\n`,
    }),
    MALFORMED,
  ],
  [
    '2,500 lines and then chunks',
    delivery({ framing: `${'a:b\r\n'.repeat(2500)}Transfer-Encoding: chunked\r\n` }).replace(
      BODY,
      `7\r\n${BODY}\r\n0\r\n\r\n`,
    ),
    { ...LARGE, after: 'close' },
  ],
  ['a value of 15 kB', withLines(`X-A: ${'b'.repeat(15_300)}\r\n`), { ...LARGE, after: 'close' }],
  ['a name of 15 kB', withLines(`${'X'.repeat(15_400)}: b\r\n`), { ...LARGE, after: 'close' }],
  ['14 kB in all', withLines(`X-A: ${'b'.repeat(14_000)}\r\n`), TAKEN],
])

const TYPES = rows([
  ['none', withType(''), TYPE],
  ['two', withType('Content-Type: application/json\r\nContent-Type: application/json\r\n'), TYPE],
  ['a list', withType('Content-Type: application/json, text/plain\r\n'), TYPE],
  ['an empty one', withType('Content-Type:\r\n'), TYPE],
  ['a form in parts', withType('Content-Type: multipart/form-data; boundary=a\r\n'), TYPE],
  ['one that only begins alike', withType('Content-Type: application/jsonp\r\n'), TYPE],
  ['one that is alike behind a space', withType('Content-Type: application/ json\r\n'), TYPE],
  ['another character set', withType('Content-Type: application/json; charset=utf-16\r\n'), TYPE],
  [
    'two character sets',
    withType('Content-Type: application/json; charset=utf-8; charset=utf-16\r\n'),
    TYPE,
  ],
  ['a parameter without a value', withType('Content-Type: application/json; charset\r\n'), TYPE],
  ['a quote that does not close', withType('Content-Type: application/json; a="b\r\n'), TYPE],
  [
    'capitals and a character set',
    withType('Content-Type: Application/JSON; charset="UTF-8"\r\n'),
    TAKEN,
  ],
  ['gzip', withLines('Content-Encoding: gzip\r\n'), refused(415, 'content_encoding')],
  ['identity', withLines('Content-Encoding: identity\r\n'), TAKEN],
  [
    'identity twice',
    withLines('Content-Encoding: identity\r\nContent-Encoding: identity\r\n'),
    refused(415, 'content_encoding'),
  ],
  ['an empty encoding', withLines('Content-Encoding:\r\n'), refused(415, 'content_encoding')],
])

/** A claim of a proxy: what was sent, and what the upstream is told of the sender. */
type Claim = readonly [what: string, lines: readonly string[], address: string]

const UNTRUSTED: readonly Claim[] = [
  ['X-Forwarded-For', ['X-Forwarded-For: 203.0.113.7'], '127.0.0.1'],
  [
    'X-Forwarded-For twice',
    ['X-Forwarded-For: 203.0.113.7', 'x-forwarded-for: 203.0.113.8'],
    '127.0.0.1',
  ],
  ['X-Forwarded-For of loopback', ['X-Forwarded-For: 127.0.0.2'], '127.0.0.1'],
  ['X-Forwarded-Proto', ['X-Forwarded-Proto: http'], '127.0.0.1'],
  ['X-Forwarded-Host', ['X-Forwarded-Host: evil.example'], '127.0.0.1'],
  ['X-Forwarded-Port', ['X-Forwarded-Port: 1'], '127.0.0.1'],
  ['X-Forwarded-Server', ['X-Forwarded-Server: evil'], '127.0.0.1'],
  ['X-Forwarded-Ssl', ['X-Forwarded-Ssl: off'], '127.0.0.1'],
  ['X-Forwarded-Prefix', ['X-Forwarded-Prefix: /evil'], '127.0.0.1'],
  ['X-Forwarded-Client-Cert', ['X-Forwarded-Client-Cert: Hash=evil'], '127.0.0.1'],
  ['X_Forwarded_For', ['X_Forwarded_For: 203.0.113.7'], '127.0.0.1'],
  ['X-Forwarded_For', ['X-Forwarded_For: 203.0.113.7'], '127.0.0.1'],
  ['Forwarded', ['Forwarded: for=203.0.113.7;proto=http;host=evil.example'], '127.0.0.1'],
  ['X-Real-IP', ['X-Real-IP: 203.0.113.7'], '127.0.0.1'],
  [
    'X-Hookwarden-Verified',
    ['X-Hookwarden-Verified: provider=stripe; secret=current'],
    '127.0.0.1',
  ],
  ['X-Request-Id', ['X-Request-Id: 203.0.113.7'], '127.0.0.1'],
  ['the PROXY protocol', ['PROXY: TCP4 203.0.113.7 10.0.0.1 1 443'], '127.0.0.1'],
]

const TRUSTED: readonly Claim[] = [
  ['nobody', [], '127.0.0.1'],
  ['whom it saw', ['X-Forwarded-For: 203.0.113.7'], '203.0.113.7'],
  [
    'whom it saw, and what that one wrote',
    ['X-Forwarded-For: 198.51.100.1, 203.0.113.7'],
    '203.0.113.7',
  ],
  [
    'whom it saw, through another of ours',
    ['X-Forwarded-For: 203.0.113.7, 10.1.2.3'],
    '203.0.113.7',
  ],
  ['two lines', ['X-Forwarded-For: 198.51.100.1', 'X-Forwarded-For: 203.0.113.7'], '203.0.113.7'],
  ['what is no address', ['X-Forwarded-For: 203.0.113.7, unknown'], '127.0.0.1'],
  ['an address with a zero before it', ['X-Forwarded-For: 203.0.113.07'], '127.0.0.1'],
  ['an address in Forwarded', ['Forwarded: for=203.0.113.7'], '127.0.0.1'],
  ['an address in X-Real-IP', ['X-Real-IP: 203.0.113.7'], '127.0.0.1'],
  ['ours alone', ['X-Forwarded-For: 10.1.2.3'], '10.1.2.3'],
  ['IPv6 in brackets', ['X-Forwarded-For: [2001:DB8::1]:4711'], '2001:db8::1'],
  ['IPv4 in IPv6', ['X-Forwarded-For: ::ffff:203.0.113.7'], '203.0.113.7'],
]

/** Ours stand there once, and nothing that the sender claimed beside them. */
function claims(list: readonly Claim[]): Case[] {
  return list.map(([what, lines, address]) => ({
    what: `${what} is ${address}`,
    send: withLines(lines.map(line => `${line}\r\n`).join('')),
    ...(TAKEN satisfies Expected),
    look: (_: readonly Answer[], on: Stage) => {
      const request = on.recorder.requests.at(-1)
      if (request === undefined) throw new Error('nothing came')
      const told = (name: string) => valuesOf(request, name).join()
      const named = `${told('x-forwarded-for')} ${told('x-forwarded-proto')} ${told('x-forwarded-host')}`
      if (named !== `${address} https localhost`) throw new Error(`${what}: ${named}`)
      if (told('x-hookwarden-verified') !== 'provider=github; secret=current') throw new Error(what)
      const rest = request.head.toString('latin1').replace(`x-forwarded-for: ${address}\r\n`, '')
      for (const line of lines) {
        const value = line.slice(line.indexOf(': ') + 2)
        if (!line.startsWith('PROXY') && rest.includes(`: ${value}\r\n`))
          throw new Error(`${what} went on`)
      }
    },
  }))
}

export const HEADERS: readonly Table[] = [
  { name: 'Host', cases: HOSTS, options: { map: `hosts: [localhost]\n${ROOMY}` } },
  { name: 'names', cases: NAMES, options: { map: ROOMY } },
  { name: 'values', cases: VALUES, options: { map: ROOMY } },
  { name: 'counts', cases: COUNTS, options: { map: ROOMY } },
  { name: 'Content-Type and Content-Encoding', cases: TYPES, options: { map: ROOMY } },
  { name: 'claims of an untrusted peer', cases: claims(UNTRUSTED), options: { map: ROOMY } },
  {
    name: 'claims of a trusted proxy',
    cases: claims(TRUSTED),
    options: { map: `trust_proxies: [127.0.0.0/8, 10.0.0.0/8]\n${ROOMY}` },
  },
]
