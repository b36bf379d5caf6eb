import { SECRETS, SIGNERS } from '../signers/signers.ts'
import { Random } from './random.ts'

/** Where the two senders of a run deliver. */
export const TARGETS = {
  github: '/webhooks/flows/0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11',
  stripe: '/in/stripe',
} as const
type SenderName = keyof typeof TARGETS

/** What goes over one connection. Text is latin-1, a character for each byte. */
export interface Conversation {
  readonly pieces: readonly string[]
  /** The body of a delivery to which nothing was done, so that it has to arrive; undefined for none. */
  readonly untouched: string | undefined
  /** Ends its side at once, without waiting for an answer. */
  readonly hasty: boolean
}

interface Parts {
  start: string
  lines: string[]
  /** As it is framed. */
  body: string
  /** What was signed. */
  readonly text: string
}

/** The end of chunks with a field behind the last of them, for which a delivery is refused. */
const LATE = 'X-Late: 1\r\n\r\n'

/** The conversation of one number: one to four requests, most of them mutated, written in pieces. */
export function conversationOf(seed: number, number: number, now: number): Conversation {
  const random = Random.of(seed, number)
  let untouched: string | undefined
  let stream = ''
  const count = random.once(3) ? 1 + random.below(4) : 1
  for (let i = 0; i < count; i++) {
    const parts = genuineParts(random, `${number}-${i}`, now)
    if (stream === '' && random.once(12) && !parts.body.endsWith(LATE)) untouched = parts.text
    else for (let steps = 1 + random.below(3); steps > 0; steps--) mutateParts(random, parts, now)
    stream += textOf(parts)
  }
  if (untouched === undefined && random.once(2)) stream = mutateBytes(random, stream)
  return {
    pieces: cut(random, stream),
    untouched,
    hasty: untouched === undefined && random.once(2),
  }
}

function genuineParts(random: Random, id: string, now: number): Parts {
  const name: SenderName = random.once(3) ? 'stripe' : 'github'
  const filler = random.once(20) ? 'x'.repeat(random.below(9000)) : 'é"\\'.repeat(random.below(9))
  const text = `{"id":"${id}","t":${JSON.stringify(filler)}}`
  const body = Buffer.from(text).toString('latin1')
  const signed = SIGNERS[name]?.(Buffer.from(body, 'latin1'), SECRETS[name] ?? '', now) ?? []
  const lines = [
    'Host: localhost',
    'Content-Type: application/json',
    ...signed.map(([header, value]) => `${header}: ${value}`),
  ]
  const parts = { start: `POST ${TARGETS[name]} HTTP/1.1`, lines, body, text: body }
  if (random.once(3)) inChunks(random, parts)
  else parts.lines.push(`Content-Length: ${body.length}`)
  return parts
}

/** Puts a body into chunks, nearly always as it should be. */
function inChunks(random: Random, parts: Parts): void {
  const { body } = parts
  const places = [0, ...random.places(body.length, random.below(4)), body.length]
  let chunks = ''
  for (const [i, from] of places.entries()) {
    const chunk = body.slice(from, places[i + 1] ?? from)
    if (chunk !== '') chunks += `${sizeOf(random, chunk.length)}\r\n${chunk}\r\n`
  }
  parts.lines.push('Transfer-Encoding: chunked')
  parts.body = `${chunks}0\r\n${random.once(6) ? LATE : '\r\n'}`
}

function sizeOf(random: Random, length: number): string {
  const hex = length.toString(16)
  if (random.once(10)) return `000${hex}`
  return random.once(10) ? `${hex};a=b` : hex
}

const textOf = ({ start, lines, body }: Parts): string =>
  `${start}\r\n${lines.map(line => `${line}\r\n`).join('')}\r\n${body}`

const STARTS = [
  'GET / HTTP/1.1',
  'POST  / HTTP/1.1',
  'POST * HTTP/1.1',
  'CONNECT localhost:443 HTTP/1.1',
  'PRI * HTTP/2.0',
  `POST https://localhost${TARGETS.github} HTTP/1.1`,
  `POST ${TARGETS.github}/sync HTTP/1.1`,
  `POST ${TARGETS.github}# HTTP/1.1`,
  `POST ${TARGETS.github}?a=%0d%0a HTTP/1.1`,
]
const VERSIONS = ['HTTP/1.0', 'HTTP/0.9', 'HTTP/1.2', 'HTTP/2.0', 'RTSP/1.0', 'ICE/1.0', 'http/1.1']
const METHODS = ['GET', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'post', 'SOURCE']
const NUMBERS = [
  '0',
  '00',
  '07',
  '+7',
  '-1',
  '0x7',
  '7,7',
  '1e3',
  '99999999999999999999',
  '',
  ' ',
  '7 7',
]
const CODINGS = [
  'chunked',
  'Chunked',
  'gzip',
  'chunked, chunked',
  'identity',
  'xchunked',
  '',
  ',chunked',
  '\x0bchunked',
  'chunked;a',
]
const EXTRAS = [
  'Host: evil.example',
  'Connection: close',
  'Connection: keep-alive, Content-Length',
  'Connection: Upgrade',
  'Upgrade: h2c',
  'Expect: 100-continue',
  'Expect: x',
  'Trailer: Content-Length',
  'TE: trailers',
  'X-Forwarded-For: 203.0.113.7',
  'Forwarded: for=203.0.113.7',
  'X-Real-IP: 203.0.113.7',
  'X-Hookwarden-Verified: provider=stripe; secret=current',
  'X_Hub_Signature_256: 0',
  'X-Hub-Signature-256: sha256=0',
  'Stripe-Signature: t=1,v1=0',
  'Content-Encoding: gzip',
  'Content-Type: text/plain',
  'Cookie: a=b',
  ' folded',
  '\tfolded',
  ': b',
  'X-A',
  'X A: b',
  'X-A : b',
  'X-A: a\0b',
  'X-A: a\rb',
  'X-A: a\nContent-Length: 0',
  '__proto__: x',
]

type Mutation = (random: Random, parts: Parts, now: number) => void

const MUTATIONS: readonly Mutation[] = [
  function anotherStart(random, parts) {
    parts.start = random.pick(STARTS)
  },
  function anotherVersion(random, parts) {
    parts.start = parts.start.replace(/\S+$/, random.pick(VERSIONS))
  },
  function anotherMethod(random, parts) {
    parts.start = parts.start.replace(/^\S+/, random.pick(METHODS))
  },
  function oneLineMore(random, parts) {
    parts.lines.splice(random.below(parts.lines.length + 1), 0, random.pick(EXTRAS))
  },
  function oneLineMore(random, parts) {
    parts.lines.splice(random.below(parts.lines.length + 1), 0, random.pick(EXTRAS))
  },
  function manyLinesMore(random, parts) {
    const lines = new Array<string>(random.pick([60, 101, 2100])).fill('a: b')
    parts.lines.splice(random.below(parts.lines.length + 1), 0, ...lines)
  },
  function oneLineLess(random, parts) {
    parts.lines.splice(random.below(parts.lines.length), 1)
  },
  function oneLineTwice(random, parts) {
    const line = random.pick(parts.lines)
    const shown = random.once(2) ? line : line.toLowerCase()
    parts.lines.splice(random.below(parts.lines.length + 1), 0, shown)
  },
  function anotherOrder(random, parts) {
    parts.lines.push(...parts.lines.splice(0, random.below(parts.lines.length)))
  },
  function anotherLength(random, parts) {
    put(random, parts, `Content-Length: ${random.pick(NUMBERS)}`)
  },
  function lengthBeside(random, parts) {
    const beside = Math.max(0, parts.body.length + random.pick([-9, -1, 0, 1, 2, 9, 500]))
    put(random, parts, `Content-Length: ${beside}`)
  },
  function anotherCoding(random, parts) {
    put(random, parts, `Transfer-Encoding: ${random.pick(CODINGS)}`)
  },
  function oddName(random, parts) {
    const i = random.below(parts.lines.length)
    const odd = random.pick([' ', '\t', '\0', '\x0b', '_', '\xa0'])
    parts.lines[i] = parts.lines[i]?.replace(':', `${odd}:`) ?? ''
  },
  function oddChunk(random, parts) {
    const ends = [...parts.body.matchAll(/\r\n/g)].map(({ index }) => index)
    if (ends.length === 0) return
    const at = random.pick(ends)
    const odd = random.pick([
      '\n',
      '\r',
      '',
      '\r\r\n',
      ';\n\r\n',
      ' \r\n',
      '\r\n\r\n',
      '\r\n0\r\n\r\n',
    ])
    parts.body = parts.body.slice(0, at) + odd + parts.body.slice(at + 2)
  },
  function anotherBody(random, parts) {
    const at = random.below(Math.max(1, parts.body.length))
    parts.body = `${parts.body.slice(0, at)}${random.pick(['', 'x', '0', '\r\n'])}${parts.body.slice(at + 1)}`
  },
  function deliveryInside(random, parts, now) {
    const hidden = genuineParts(
      random,
      `hidden-${parts.text.slice(7, 20).replace(/\D*$/, '')}-${random.below(2 ** 31)}`,
      now,
    )
    parts.body = random.once(2) ? textOf(hidden) : parts.body + textOf(hidden)
    if (random.once(2)) put(random, parts, `Content-Length: ${parts.body.length}`)
  },
]

function mutateParts(random: Random, parts: Parts, now: number): void {
  random.pick(MUTATIONS)(random, parts, now)
}

/** In place of what frames the body, or beside it. */
function put(random: Random, parts: Parts, line: string): void {
  const at = parts.lines.findIndex(one => /^(?:content-length|transfer-encoding):/i.test(one))
  if (at === -1 || random.once(3)) parts.lines.splice(random.below(parts.lines.length + 1), 0, line)
  else parts.lines[at] = line
}

const BYTES = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '\x0b',
  '\x7f',
  '\x80',
  '\xff',
  '0',
  '#',
  '%',
]

/** A few bytes are others, missing, or come twice; or all that follows is missing. */
function mutateBytes(random: Random, stream: string): string {
  let text = stream
  for (let steps = 1 + random.below(2); steps > 0; steps--) {
    const at = random.below(text.length + 1)
    const to = Math.min(text.length, at + 1 + random.below(random.once(4) ? 80 : 2))
    const before = text.slice(0, at)
    switch (random.below(6)) {
      case 0:
        text = before + random.pick(BYTES) + text.slice(at)
        break
      case 1:
        text = before + random.pick(BYTES) + text.slice(to)
        break
      case 2:
        text = before + text.slice(to)
        break
      case 3:
        text = text.slice(0, to) + text.slice(at)
        break
      case 4:
        text =
          before +
          String.fromCharCode(text.charCodeAt(at) ^ (1 << random.below(8))) +
          text.slice(at + 1)
        break
      default:
        if (random.once(4)) text = before
    }
  }
  return text
}

function cut(random: Random, stream: string): string[] {
  if (random.once(2)) return [stream]
  const places = [0, ...random.places(stream.length, 1 + random.below(4)), stream.length]
  const pieces = places.map((from, i) => stream.slice(from, places[i + 1] ?? from))
  return pieces.filter(piece => piece !== '')
}
