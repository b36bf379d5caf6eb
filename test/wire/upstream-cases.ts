import type { Greeting, Reaction } from '../support/recorder.ts'
import { head, LARGE, NO_BODY } from './failing.ts'

/** What one delivery is to come to. */
export interface Case {
  readonly what: string
  readonly reaction?: Reaction
  readonly greeting?: Greeting
  /** Bytes of the delivery's body. */
  readonly size?: number
  /** What the sender gets; `cut` where its connection is cut within an answer. */
  readonly sender: number | 'cut'
  /** Of the answer's body. */
  readonly text?: string
  /** A header of the answer. */
  readonly header?: readonly [name: string, value: string | undefined]
  /** How the upstream's side was counted. */
  readonly result: 'answered' | 'error'
  /** Whether the whole request has to have come, or cannot have; it is never more than one. */
  readonly reaches?: 'whole' | 'part' | 'perhaps'
}

/** Every way to end a connection, at every moment. Nothing is sent again: it may have been taken. */
const moments: readonly Case[] = (['end', 'reset'] as const).flatMap(after =>
  [
    { what: `${after} after the first bytes`, greeting: { at: 'byte', after }, reaches: 'perhaps' },
    { what: `${after} after the head`, reaction: { at: 'head', after }, reaches: 'perhaps' },
    {
      what: `${after} after the head of a large one`,
      reaction: { at: 'head', after },
      size: LARGE,
      reaches: 'perhaps',
    },
    {
      what: `${after} within the body`,
      reaction: { at: 'half', after },
      size: LARGE,
      reaches: 'perhaps',
    },
    { what: `${after} after the body`, reaction: { after } },
    { what: `${after} after the body of a large one`, reaction: { after }, size: LARGE },
    { what: `${after} within the status line`, reaction: { write: 'HTTP/1.1 2', after } },
    {
      what: `${after} within the head of the answer`,
      reaction: { write: 'HTTP/1.1 200 OK\r\nX-A: b\r\n', after },
    },
  ].map((one): Case => ({ sender: 502, result: 'error', ...one }) as Case),
)

const cuts: readonly Case[] = (['end', 'reset'] as const).flatMap(after =>
  [
    {
      what: `${after} before the first byte of a body`,
      reaction: { write: head('200 OK', 'Content-Length: 9'), after },
    },
    {
      what: `${after} within a body`,
      reaction: { write: [head('200 OK', 'Content-Length: 9'), 'abc'], after },
    },
    {
      what: `${after} within a chunk`,
      reaction: { write: [head('200 OK', 'Transfer-Encoding: chunked'), '9\r\nabc'], after },
    },
    {
      what: `${after} between chunks`,
      reaction: { write: [head('200 OK', 'Transfer-Encoding: chunked'), '3\r\nabc\r\n'], after },
    },
    {
      what: `${after} before the last line end`,
      reaction: {
        write: [head('200 OK', 'Transfer-Encoding: chunked'), '3\r\nabc\r\n0\r\n'],
        after,
      },
    },
  ].map((one): Case => ({ sender: 'cut', result: 'error', ...one }) as Case),
)

/** What passes as it is, and is asked for once. */
const answers: readonly Case[] = [
  { what: '204', reaction: { write: head('204 No Content') }, sender: 204 },
  {
    what: 'no reason phrase',
    reaction: { write: 'HTTP/1.1 202\r\nContent-Length: 0\r\n\r\n' },
    sender: 202,
  },
  {
    what: 'HTTP/1.0',
    reaction: { write: 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok' },
    sender: 200,
    text: 'ok',
  },
  {
    what: 'a body until the end',
    reaction: { write: `${head('200 OK')}abc`, after: 'end' },
    sender: 200,
    text: 'abc',
  },
  {
    what: 'chunks, an extension and a trailer',
    reaction: {
      write: `${head('200 OK', 'Transfer-Encoding: chunked', 'Trailer: X-Late')}3;a=b\r\nabc\r\n0\r\nX-Late: 1\r\n\r\n`,
    },
    sender: 200,
    text: 'abc',
    header: ['x-late', undefined],
  },
  {
    what: 'byte by byte',
    reaction: { write: [...head('200 OK', 'Content-Length: 3'), ...'abc'] },
    sender: 200,
    text: 'abc',
  },
  {
    what: '301 is passed, not followed',
    reaction: { write: head('301 Moved', 'Location: http://127.0.0.1:9/', NO_BODY) },
    sender: 301,
    header: ['location', 'http://127.0.0.1:9/'],
  },
  {
    what: '308 is passed, not followed',
    reaction: { write: head('308 Moved', 'Location: /webhooks', NO_BODY) },
    sender: 308,
  },
  { what: '304', reaction: { write: head('304 Not Modified', 'ETag: "a"') }, sender: 304 },
  { what: "410 is a flow's own", reaction: { write: head('410 Gone', NO_BODY) }, sender: 410 },
  {
    what: '429 with its Retry-After',
    reaction: { write: head('429 Slow', 'Retry-After: 7', NO_BODY) },
    sender: 429,
    header: ['retry-after', '7'],
  },
  { what: '500', reaction: { write: head('500 Oh', NO_BODY) }, sender: 500 },
  {
    what: '503 of the upstream is its own',
    reaction: { write: head('503 Oh', 'Retry-After: 3', NO_BODY) },
    sender: 503,
    header: ['retry-after', '3'],
  },
  { what: '599', reaction: { write: head('599 Odd', NO_BODY) }, sender: 599 },
  {
    what: 'an answer before a large body is there',
    reaction: { at: 'head', write: head('413 Too Large', NO_BODY) },
    size: LARGE,
    sender: 413,
    reaches: 'perhaps',
  },
  {
    what: 'chunks in upper case',
    reaction: { write: `${head('200 OK', 'TRANSFER-ENCODING: Chunked')}1\r\na\r\n0\r\n\r\n` },
    sender: 200,
    text: 'a',
    header: ['transfer-encoding', 'chunked'],
  },
  {
    what: 'an early hint',
    reaction: { write: head('103 Early Hints', 'Link: </x>') + head('204 No Content') },
    sender: 204,
    header: ['link', undefined],
  },
  {
    what: 'a 100 that nobody asked for',
    reaction: { write: head('100 Continue') + head('204 No Content') },
    sender: 204,
  },
  {
    what: 'sixteen interim answers',
    reaction: { write: head('102 Processing').repeat(16) + head('204 No Content') },
    sender: 204,
  },
  {
    what: 'bytes above 127 in a header',
    reaction: { write: Buffer.from(head('200 OK', 'X-A: caf\xe9', NO_BODY), 'latin1') },
    sender: 200,
    header: ['x-a', 'caf\xe9'],
  },
  {
    what: 'a 204 with a body, which is dropped',
    reaction: { write: `${head('204 No Content', 'Content-Length: 3')}abc` },
    sender: 204,
    text: '',
  },
  {
    what: 'a 304 with a body, which is dropped',
    reaction: { write: `${head('304 Not Modified', 'Content-Length: 3')}abc` },
    sender: 304,
    text: '',
  },
  {
    what: 'a second answer behind the first',
    reaction: {
      write: `${head('200 OK', 'Content-Length: 1')}a${head('200 OK', 'Content-Length: 4')}evil`,
    },
    sender: 200,
    text: 'a',
  },
  {
    what: 'hop-by-hop headers and those that Connection names',
    reaction: {
      write: head(
        '200 OK',
        'Connection: close, X-A',
        'X-A: 1',
        'Proxy-Authenticate: Basic',
        NO_BODY,
      ),
      after: 'end',
    } satisfies Reaction,
    sender: 200,
    header: ['x-a', undefined],
  },
].map((one): Case => ({ result: 'answered', ...one }) as Case)

/** What is no answer: a 502 of ours, with nothing of it. */
const nonsense: readonly Case[] = [
  ['no status line', 'nonsense\r\n\r\n'],
  ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n'],
  ['the head of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['another version', 'HTTP/3.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['a request', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['status 99', head('99 X', NO_BODY)],
  ['status 099', head('099 X', NO_BODY)],
  ['status 1000', head('1000 X', NO_BODY)],
  ['status -1', head('-1 X', NO_BODY)],
  ['101', head('101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket')],
  ['101 without Upgrade', head('101 Switching Protocols')],
  ['seventeen interim answers', head('102 Processing').repeat(17) + head('204 No Content')],
  ['interim answers without end', head('103 Early Hints', 'Link: </x>').repeat(5000)],
  ['two lengths', `${head('200 OK', 'Content-Length: 1', 'Content-Length: 2')}ab`],
  ['one length twice', `${head('200 OK', 'Content-Length: 1', 'Content-Length: 1')}a`],
  ['a list of lengths', `${head('200 OK', 'Content-Length: 1, 1')}a`],
  ['a length with a sign', `${head('200 OK', 'Content-Length: +1')}a`],
  ['a negative length', `${head('200 OK', 'Content-Length: -1')}a`],
  ['a hexadecimal length', `${head('200 OK', 'Content-Length: 0x1')}a`],
  ['a length beyond 64 bits', `${head('200 OK', 'Content-Length: 99999999999999999999')}a`],
  [
    'length and chunks',
    `${head('200 OK', 'Content-Length: 1', 'Transfer-Encoding: chunked')}1\r\na\r\n0\r\n\r\n`,
  ],
  [
    'chunks and length',
    `${head('200 OK', 'Transfer-Encoding: chunked', 'Content-Length: 1')}1\r\na\r\n0\r\n\r\n`,
  ],
  [
    'a body coded and in chunks',
    `${head('200 OK', 'Transfer-Encoding: gzip, chunked')}1\r\na\r\n0\r\n\r\n`,
  ],
  ['a body coded until the end', `${head('200 OK', 'Transfer-Encoding: gzip')}a`],
  [
    'chunks twice',
    `${head('200 OK', 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')}1\r\na\r\n0\r\n\r\n`,
  ],
  [
    'chunks that are not last',
    `${head('200 OK', 'Transfer-Encoding: chunked, identity')}1\r\na\r\n0\r\n\r\n`,
  ],
  ['line feeds alone', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'],
  ['an empty line before the status line, and then none', '\r\n\r\nX'],
  ['a name with a space', head('200 OK', 'X A: b', NO_BODY)],
  ['a name that is none', head('200 OK', 'X(A): b', NO_BODY)],
  ['a DEL in a header', head('200 OK', 'X-A: a\x7fb', NO_BODY)],
  ['a NUL in a header', head('200 OK', 'X-A: a\0b', NO_BODY)],
  ['a CR in a header', head('200 OK', 'X-A: a\rSet-Cookie: b', NO_BODY)],
  ['a header without a colon', head('200 OK', 'X-A', NO_BODY)],
  ['a space before the colon', head('200 OK', 'Content-Length : 0')],
  ['a header without a name', head('200 OK', ': a', NO_BODY)],
  ['a folded header', head('200 OK', 'X-A: a', ' b', NO_BODY)],
  ['a header of 200 kB', head('200 OK', `X-A: ${'a'.repeat(200_000)}`, NO_BODY)],
  [
    '5,000 headers',
    head('200 OK', ...Array.from({ length: 5000 }, (_, i) => `X-${i}: a`), NO_BODY),
  ],
].map(
  ([what = '', write = '']): Case => ({ what, reaction: { write }, sender: 502, result: 'error' }),
)

/** Chunks that are none cut an answer that has begun. */
const chunks: readonly Case[] = [
  ['a size that is none', 'zz\r\n'],
  ['a negative size', '-1\r\n'],
  ['a size beyond 64 bits', 'fffffffffffffffff\r\n'],
  ['a size with a prefix', '0x3\r\nabc\r\n0\r\n\r\n'],
  ['more than its size', '3\r\nabcd\r\n0\r\n\r\n'],
  ['no line end after the size', '3xyz\r\n0\r\n\r\n'],
  ['a bare line feed', '3\nabc\n0\n\n'],
].map(
  ([what = '', write = '']): Case => ({
    what: `a chunk with ${what}`,
    reaction: { write: [head('200 OK', 'Transfer-Encoding: chunked'), write], every: 1 },
    sender: 'cut',
    result: 'error',
  }),
)

/** The groups of the table. */
export const GROUPS = { moments, cuts, answers, nonsense, chunks }
