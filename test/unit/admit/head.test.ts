import { Readable } from 'node:stream'
import express, { type Request, type Response } from 'express'
import fc from 'fast-check'
import t from 'tap'
import { declaredLength } from '../../../src/admit/length.ts'
import { acceptableEncoding, acceptableType } from '../../../src/admit/media-type.ts'
import { Head, REPEATED } from '../../../src/head.ts'
import { CLEAN } from '../../../src/reasons.ts'

const JSON_TYPE = 'application/json'
const allowed = new Set([JSON_TYPE, 'application/x-www-form-urlencoded', 'text/plain'])
const clean = (value: string) => acceptableType(value, allowed, true) === CLEAN

const ACCEPTED = [
  'application/json',
  'APPLICATION/JSON',
  'application/json;charset=utf-8',
  'application/json ; charset=utf-8',
  'application/json; charset=UTF-8',
  'application/json; charset="utf-8"',
  'application/json; Charset="UTF-8"; version=1',
  'application/json; note="a \\"quoted\\" word; charset=latin1"',
  'application/x-www-form-urlencoded',
  'application/x-www-form-urlencoded; charset=utf-8',
  'text/plain;charset=utf-8',
]

const REFUSED = [
  '',
  'application/json;',
  'application/json; ',
  'application/json;;charset=utf-8',
  'application/json, text/plain',
  'application/json; boundary=x; foo',
  '"application/json"',
  'application/json; charset=iso-8859-1',
  'application/json; charset=utf8',
  'application/json; charset=us-ascii',
  'application/json; charset=utf-16',
  'application/json; charset="utf-8',
  'application/json; charset=utf-8"',
  'application/json; charset=utf-8; charset=utf-8',
  'application/json; charset = utf-8',
  'application/json; charset=utf-8\t',
  'application/json;\tcharset=utf-8',
  'application/json; x="é"',
  'application/json charset=utf-8',
  'application/jsonx',
  'application/xml',
  'application/vnd.api+json',
  'text/json',
  'multipart/form-data; boundary=x',
  'application/x-www-form-urlencoded; charset=iso-8859-1',
]

t.test('types that are allowed and surely parsed are accepted, all others refused', async t => {
  for (const value of ACCEPTED) t.equal(acceptableType(value, allowed, true), CLEAN, value)
  for (const value of REFUSED) t.equal(acceptableType(value, allowed, true), 'content_type', value)
  t.equal(acceptableType(REPEATED, allowed, true), 'content_type')
  t.equal(acceptableType(undefined, allowed, true), 'content_type', 'a body needs a type')
  t.equal(acceptableType(undefined, allowed, false), CLEAN, 'no body, no type')
  t.equal(acceptableType('text/html', allowed, false), 'content_type', 'a type given counts')
})

const parsers = [express.json(), express.urlencoded({ extended: true }), express.text()]
const BODIES: Record<string, { sent: string; read: unknown }> = {
  'application/json': { sent: '{"a":"é"}', read: { a: 'é' } },
  'application/x-www-form-urlencoded': { sent: 'a=%C3%A9', read: { a: 'é' } },
  'text/plain': { sent: 'é', read: 'é' },
}

/** Whether the parsers that Automatisch uses read a body under this type. */
async function upstreamReads(value: string): Promise<boolean> {
  const { sent, read } = BODIES[value.split(/[ ;]/)[0]?.toLowerCase() ?? ''] ?? {
    sent: '{"a":1}',
    read: undefined,
  }
  const body = Buffer.from(sent)
  const headers = { 'content-type': value, 'content-length': `${body.length}` }
  const req = Object.assign(Readable.from([body]), { headers }) as unknown as Request
  for (const parse of parsers) {
    const error = await new Promise(done => parse(req, {} as Response, done))
    if (error !== undefined) return false
  }
  return JSON.stringify(req.body) === JSON.stringify(read)
}

t.test('whatever is accepted, the upstream’s own parsers read', async t => {
  for (const value of ACCEPTED) t.equal(await upstreamReads(value), true, value)
  t.equal(await upstreamReads('application/json;'), false, 'the oracle knows a lost body')
  const piece = fc.constantFrom(
    ';',
    ' ',
    '; ',
    'charset',
    '=',
    'utf-8',
    '"utf-8"',
    'UTF-8',
    'x',
    '"',
    '\\',
    ',',
    '\t',
    'é',
    '"a\\"b"',
    "'",
  )
  const parameter = fc.constantFrom(
    '; charset=utf-8',
    ';x=1',
    '; y="z, \\";"',
    ' ; CHARSET="Utf-8"',
    ';z=%20',
  )
  const tail = fc.oneof(fc.array(piece, { maxLength: 5 }), fc.array(parameter, { maxLength: 3 }))
  let accepted = 0
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...allowed, 'Application/JSON'), tail, async (type, parts) => {
      const value = type + parts.join('')
      if (!clean(value)) return true
      accepted++
      return upstreamReads(value)
    }),
    { numRuns: 500 },
  )
  t.ok(accepted > 100, 'the property was about something')
})

t.test('a long parameter list is read in linear time', async t => {
  t.equal(clean(`application/json${'; a=b'.repeat(3_000)}`), true)
  t.equal(clean(`application/json${'; a="\\"\\\\"'.repeat(3_000)}!`), false)
  t.equal(clean(`application/json${' '.repeat(16_000)}!`), false)
})

t.test('no content encoding but none, and what the provider allows, once', async t => {
  const json = 'application/json'
  const both = new Set(['gzip', 'deflate'])
  for (const value of [undefined, 'identity', 'Identity'])
    t.equal(acceptableEncoding(value, new Set(), json), CLEAN, String(value))
  for (const value of ['gzip', 'deflate', 'GZIP'])
    t.equal(acceptableEncoding(value, both, json), CLEAN, value)
  t.equal(acceptableEncoding('gzip', new Set(), json), 'content_encoding')
  t.equal(acceptableEncoding('gzip', new Set(['deflate']), json), 'content_encoding')
  for (const value of [
    'br',
    'x-gzip',
    '',
    'gzip, gzip',
    'gzip,',
    'identity, gzip',
    REPEATED,
  ] as const)
    t.equal(acceptableEncoding(value, both, json), 'content_encoding', String(value))
})

t.test('a form in parts is not compressed: who reads it upstream does not inflate', async t => {
  const both = new Set(['gzip', 'deflate'])
  for (const type of ['multipart/form-data; boundary=x', 'Multipart/Form-Data ;boundary=x']) {
    t.equal(acceptableEncoding('gzip', both, type), 'content_encoding', type)
    t.equal(acceptableEncoding('identity', both, type), CLEAN)
  }
})

t.test('the length of the body by its head', async t => {
  const cases: [raw: string[], expected: number | undefined | 'malformed_http'][] = [
    [[], 0],
    [['Content-Length', '0'], 0],
    [['content-length', '1048576'], 1_048_576],
    [['Content-Length', '007'], 'malformed_http'],
    [['Transfer-Encoding', 'chunked'], undefined],
    [['Transfer-Encoding', 'Chunked'], undefined],
    [['Transfer-Encoding', 'gzip, chunked'], 'malformed_http'],
    [['Transfer-Encoding', 'identity'], 'malformed_http'],
    [['Transfer-Encoding', ''], 'malformed_http'],
    [['Transfer-Encoding', 'chunked', 'transfer-encoding', 'chunked'], 'malformed_http'],
    [['Transfer-Encoding', 'chunked', 'Content-Length', '5'], 'malformed_http'],
    [['Content-Length', '5', 'Content-Length', '5'], 'malformed_http'],
    [['Content-Length', '5, 5'], 'malformed_http'],
    [['Content-Length', ''], 'malformed_http'],
    [['Content-Length', '+5'], 'malformed_http'],
    [['Content-Length', '-1'], 'malformed_http'],
    [['Content-Length', '5.0'], 'malformed_http'],
    [['Content-Length', '0x10'], 'malformed_http'],
    [['Content-Length', '1e3'], 'malformed_http'],
    [['Content-Length', '9'.repeat(16)], 'malformed_http'],
  ]
  for (const [raw, expected] of cases) {
    t.equal(declaredLength(new Head('POST', '/', raw)), expected, raw.join(' '))
  }
})
