import { createHash } from 'node:crypto'
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { SECRETS, SIGNERS } from '../signers/signers.ts'
import { startAutomatischChild } from '../support/automatisch.ts'
import { startHookwarden } from '../support/hookwarden.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { valuesOf } from '../support/message.ts'
import { exchange, type Pieces, post } from '../support/sender.ts'
import { ENV, GITHUB, stage, wordOf } from './stage.ts'

const OPEN = '/in/open'
const OPEN_FLOW = '3f8a6a50-0b9c-4a2d-8e0f-6c2c5f4e9b33'
const TYPES = '[application/json, application/x-www-form-urlencoded, multipart/form-data]'
const MAP = `
defaults: { replay: off, content_types: ${TYPES} }
providers:
  github: { secret: env:GITHUB, flows: [${GITHUB.split('/').at(-1)}], content_encodings: [gzip, deflate] }
  open: { scheme: { none: it cannot sign }, path: ${OPEN}, to: flow:${OPEN_FLOW}, content_encodings: [gzip] }
`
const PARTS = 'multipart/form-data; boundary=xYz'
const FORM = 'application/x-www-form-urlencoded'
const MIB = 1024 ** 2

const part = (name: string, value: string, more = '') =>
  `--xYz\r\nContent-Disposition: form-data; name="${name}"\r\n${more}\r\n${value}\r\n`

type Lines = readonly (readonly [string, string])[]

/** What github signed, or what nobody did, of any type and coding. */
function sent(body: string | Uint8Array, type: string, headers: Lines = [], target = GITHUB) {
  const signed = target === GITHUB
  const proof = signed ? SIGNERS.github?.(Buffer.from(body), SECRETS.github ?? '', 0) : []
  return post({ target, headers: [['Content-Type', type], ...headers, ...(proof ?? [])], body })
}

const coded = (coding: string, body: Uint8Array, target = GITHUB) =>
  sent(body, 'application/json', [['Content-Encoding', coding]], target)

/** Hookwarden in front of the parsers of Automatisch, in a process of their own that a bad body may end. */
async function inFront(t: Test) {
  const automatisch = await startAutomatischChild()
  const clock = new ManualClock()
  const hookwarden = await startHookwarden({
    map: MAP,
    env: ENV,
    upstream: automatisch.port,
    clock,
  })
  t.teardown(async () => {
    await hookwarden.close()
    await automatisch.close()
  })
  return {
    automatisch,
    hookwarden,
    clock,
    tell: (bytes: Pieces) => exchange(hookwarden.port, bytes),
  }
}

const OCTETS = 'Content-Type: application/octet-stream\r\n'
/** Some end the process, one stops it for minutes, the others it would refuse. */
const NO_FORMS: readonly (readonly [type: string, body: string])[] = [
  [PARTS, `${part('f"; filename="', 'abc', OCTETS)}--`],
  [PARTS, `${part('f', 'abc', OCTETS)}--`],
  [PARTS, '--xYz\r\n@: a\r\n\r\nabc\r\n--xYz\r\n@: b\r\n\r\n--xYz--'],
  [PARTS, `${part('f"; filename="a', 'abc')}--xYz\r\n@: b\r\n\r\n--xYz--`],
  [PARTS, `${part('a[4294967294]', '1')}${part('a[b]', '1')}--xYz--`],
  [PARTS, part('a', '1')],
  [PARTS, ''],
  ['multipart/form-data', `${part('a', '1')}--xYz--`],
  [FORM, Array.from({ length: 330 }, (_, i) => `a${i}${'[b]'.repeat(1000)}=1`).join('&')],
]

t.test('no body that ends or stops Automatisch gets there, proven or not', async t => {
  const { automatisch, hookwarden, clock, tell } = await inFront(t)
  for (const target of [GITHUB, OPEN]) {
    for (const [type, body] of NO_FORMS) {
      const answer = await tell(sent(body, type, [], target))
      t.equal(answer?.status, 400, `${target} ${body.slice(0, 60)}`)
      t.equal(wordOf(answer), 'malformed')
    }
  }
  clock.advance(100) // log lines wait for company
  const told = hookwarden.lines.filter(({ reason }) => reason === 'malformed_body')
  t.equal(told.length, 2 * NO_FORMS.length)
  t.ok(
    told.every(({ detail }) => typeof detail === 'string'),
    'the operator is told what is wrong',
  )
  t.same(await automatisch.seen(), [])
  const good = sent(`${part('a', '1')}--xYz--\r\n`, PARTS)
  t.equal((await tell(good))?.status, 204, 'it lives, and takes a form')
  t.equal((await automatisch.seen()).length, 1)
})

t.test('a form in parts is forwarded byte for byte once two parsers have read it', async t => {
  const { port, recorder } = await stage(t, { map: MAP })
  const body = `${part('rawRequest', '{"a":"\r\n--x"}', 'Content-Length: 13\r\n')}${part('b', '')}--xYz--\r\n`
  for (const target of [GITHUB, OPEN]) {
    t.equal((await exchange(port, sent(body, PARTS, [], target)))?.status, 204)
    const last = recorder.requests.at(-1)
    t.equal(last?.body.toString('latin1'), body)
    t.ok(last?.head.includes(`Content-Type: ${PARTS}\r\n`))
  }
})

t.test(
  'a compressed body is verified and forwarded as it came, once it has been inflated',
  async t => {
    const { automatisch, tell } = await inFront(t)
    const plain = JSON.stringify({ text: 'a'.repeat(2000) })
    const sha256 = createHash('sha256').update(plain).digest('hex')
    for (const bytes of [
      coded('gzip', gzipSync(plain)),
      coded('deflate', deflateSync(plain)),
      coded('GZip', gzipSync(plain)),
      coded('gzip', gzipSync(plain), OPEN),
      sent(plain, 'application/json', [['Content-Encoding', 'identity']]),
    ]) {
      t.equal((await tell(bytes))?.status, 204)
    }
    t.same(
      (await automatisch.seen()).map(one => one.sha256),
      Array<string>(5).fill(sha256),
    )
    const { port, recorder } = await stage(t, { map: MAP })
    const body = gzipSync(plain)
    await exchange(port, coded('gzip', body))
    t.same(recorder.requests[0]?.body, body)
    t.ok(recorder.requests[0]?.head.includes('Content-Encoding: gzip\r\n'))
  },
)

t.test('what does not inflate to one whole body within the limit goes nowhere', async t => {
  const { port, recorder, hookwarden, clock } = await stage(t, { map: MAP })
  const plain = Buffer.from('{"a":1}')
  const good = gzipSync(plain)
  const block = deflateRawSync(Buffer.alloc(MIB), { finishFlush: constants.Z_FULL_FLUSH })
  const bomb = Buffer.concat([Buffer.of(0x78, 0x9c), ...Array<Buffer>(512).fill(block)])
  const cases: readonly (readonly [what: string, bytes: Pieces, status: number, word: string])[] = [
    ['cut', coded('gzip', good.subarray(0, -1)), 400, 'malformed'],
    ['something behind', coded('gzip', Buffer.concat([good, plain])), 400, 'malformed'],
    ['zeros behind', coded('gzip', Buffer.concat([good, Buffer.alloc(99)])), 400, 'malformed'],
    ['twice', coded('gzip', Buffer.concat([good, good])), 400, 'malformed'],
    [
      'zeros behind',
      coded('deflate', Buffer.concat([deflateSync(plain), Buffer.alloc(99)])),
      400,
      'malformed',
    ],
    ['another coding', coded('gzip', deflateSync(plain)), 400, 'malformed'],
    ['no coding', coded('deflate', plain), 400, 'malformed'],
    ['a byte too many', coded('gzip', gzipSync(Buffer.alloc(MIB + 1, ' '))), 413, 'size'],
    ['a bomb', coded('deflate', bomb), 413, 'size'],
    ['an unproven bomb', coded('gzip', gzipSync(Buffer.alloc(4 * MIB)), OPEN), 413, 'size'],
    [
      'a coding Automatisch refuses',
      coded('br', brotliCompressSync(plain)),
      415,
      'content_encoding',
    ],
    [
      'a coding that is not listed',
      coded('deflate', deflateSync(plain), OPEN),
      415,
      'content_encoding',
    ],
    ['two codings', coded('gzip, gzip', gzipSync(good)), 415, 'content_encoding'],
    [
      'two lines',
      sent(good, 'application/json', [
        ['Content-Encoding', 'gzip'],
        ['Content-Encoding', 'identity'],
      ]),
      415,
      'content_encoding',
    ],
    [
      'parts',
      sent(gzipSync(`${part('a', '1')}--xYz--`), PARTS, [['Content-Encoding', 'gzip']]),
      415,
      'content_encoding',
    ],
    [
      'deep',
      sent(gzipSync(`a${'[b]'.repeat(5000)}=1`), FORM, [['Content-Encoding', 'gzip']]),
      400,
      'malformed',
    ],
  ]
  for (const [what, bytes, status, word] of cases) {
    const answer = await exchange(port, bytes)
    t.equal(answer?.status, status, what)
    t.equal(wordOf(answer), word, what)
  }
  t.equal(recorder.connections.total, 0)
  clock.advance(100)
  const large = hookwarden.lines.filter(({ reason }) => reason === 'body_too_large_inflated')
  t.equal(large.length, 3)
  t.match(large[0]?.detail, /limits\.body/)
})

t.test('a forged body is refused for its signature, and not inflated before', async t => {
  const { port } = await stage(t, { map: MAP })
  const forged = post({
    target: GITHUB,
    headers: [
      ['Content-Type', 'application/json'],
      ['Content-Encoding', 'gzip'],
      ['X-Hub-Signature-256', `sha256=${'0'.repeat(64)}`],
    ],
    body: gzipSync(Buffer.alloc(4 * MIB)),
  })
  t.equal((await exchange(port, forged))?.status, 401)
})

t.test('a type that Automatisch would lose is forwarded as one that it parses', async t => {
  const lost = 'application/vnd.acme.v1+json'
  const map = MAP.replace(
    'github: {',
    `github: { forward_as: application/json, content_types: [${lost}, application/json, ${FORM}], `,
  )
  const { port, recorder } = await stage(t, { map })
  for (const [type, told] of [
    [lost, 'application/json'],
    [`${lost.toUpperCase()} ; charset=utf-8`, 'application/json'],
    ['application/json; charset=utf-8', 'application/json; charset=utf-8'],
    [FORM, FORM],
  ] as const) {
    t.equal((await exchange(port, sent('{"a":1}', type)))?.status, 204)
    const last = recorder.requests.at(-1)
    t.same(last && valuesOf(last, 'content-type'), [told], type)
    t.equal(`${last?.body}`, '{"a":1}')
  }
  const deep = `a${'[b]'.repeat(5000)}=1`
  const as = map.replace('forward_as: application/json', `forward_as: ${FORM}`)
  const other = await stage(t, { map: as })
  t.equal(
    (await exchange(other.port, sent(deep, lost)))?.status,
    400,
    'inspected as what it is told',
  )
})
