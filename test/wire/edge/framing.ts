import { GITHUB } from '../stage.ts'
import { both, CERTAIN, MALFORMED, refused, rows, type Table, taken } from './case.ts'
import { BODY, delivery, ROOMY, signatureOf, signedLines } from './deliveries.ts'

/** A genuine delivery up to what frames it: only its framing can be wrong. */
const SIGNED = `POST ${GITHUB} HTTP/1.1\r\nHost: localhost\r\n${signedLines(BODY)}`
const OLD = SIGNED.replace('HTTP/1.1', 'HTTP/1.0')
const CHUNKS = '7\r\n{"a":1}\r\n0\r\n\r\n'
const length = (lines: string) => `${SIGNED}${lines}\r\n\r\n${BODY}`
const coding = (lines: string) => `${SIGNED}${lines}\r\n\r\n${CHUNKS}`
const chunked = (chunks: string) => `${SIGNED}Transfer-Encoding: chunked\r\n\r\n${chunks}`
const version = (name: string) => delivery({ version: name })
/** A whole second delivery, for what would be smuggled. */
const HIDDEN = delivery({ body: '{"hidden":1}' })

const TAKEN = taken(BODY)
const LENGTH = rows([
  ['a plain length', length('Content-Length: 7'), TAKEN],
  ['a length behind white space', length('Content-Length: \t 7 \t'), TAKEN],
  ['one length twice', length('Content-Length: 7\r\nContent-Length: 7'), MALFORMED],
  ['two lengths', length('Content-Length: 7\r\nContent-Length: 6'), MALFORMED],
  ['a list of lengths', length('Content-Length: 7,7'), MALFORMED],
  ['a list of lengths with a space', length('Content-Length: 7, 7'), MALFORMED],
  ['a plus', length('Content-Length: +7'), MALFORMED],
  ['a minus', length('Content-Length: -7'), MALFORMED],
  ['hexadecimal', length('Content-Length: 0x7'), MALFORMED],
  ['a leading zero', length('Content-Length: 07'), MALFORMED],
  ['two zeros', `${SIGNED}Content-Length: 00\r\n\r\n`, MALFORMED],
  ['an exponent', length('Content-Length: 7e0'), MALFORMED],
  ['a fraction', length('Content-Length: 7.0'), MALFORMED],
  ['a separator of thousands', length('Content-Length: 0_7'), MALFORMED],
  ['digits of another script', length('Content-Length: \xd9\xa7'), MALFORMED],
  ['a number and a word', length('Content-Length: 7 bytes'), MALFORMED],
  ['two numbers', length('Content-Length: 7 7'), MALFORMED],
  ['a number in quotes', length('Content-Length: "7"'), MALFORMED],
  ['a number and a semicolon', length('Content-Length: 7;'), MALFORMED],
  ['nothing', length('Content-Length: '), MALFORMED],
  ['2 to the power of 64, and 7', length('Content-Length: 18446744073709551623'), MALFORMED],
  ['2 to the power of 63', length('Content-Length: 9223372036854775808'), MALFORMED],
  ['2 to the power of 53, and 1', length('Content-Length: 9007199254740993'), MALFORMED],
  ['a vertical tab before it', length('Content-Length: \x0b7'), MALFORMED],
  ['NUL behind it', length('Content-Length: 7\0'), MALFORMED],
  ['a space before the colon', length('Content-Length : 7'), MALFORMED],
  ['a tab before the colon', length('Content-Length\t: 7'), MALFORMED],
  ['NUL before the colon', length('Content-Length\0: 7'), MALFORMED],
  ['a vertical tab before the colon', length('Content-Length\x0b: 7'), MALFORMED],
  ['a fold before it', length('Content-Length:\r\n 7'), MALFORMED],
  ['a bare LF before it', length('X-A: b\nContent-Length: 7'), MALFORMED],
  ['a bare CR before it', length('X-A: b\rContent-Length: 7'), MALFORMED],
  [
    'a name with an underscore',
    length('Content_Length: 7'),
    both(refused(401, 'signature_mismatch'), MALFORMED),
  ],
  ['no length at all', `${SIGNED}\r\n${BODY}`, both(refused(401, 'signature_mismatch'), MALFORMED)],
  [
    'a length that is too short',
    length('Content-Length: 6'),
    both(refused(401, 'signature_mismatch'), MALFORMED),
  ],
  [
    'a length of nothing and a body',
    length('Content-Length: 0'),
    both(refused(401, 'signature_mismatch'), MALFORMED),
  ],
])

const CODING = rows([
  ['chunks', coding('Transfer-Encoding: chunked'), TAKEN],
  ['chunks in another case', coding('transfer-encoding: Chunked'), TAKEN],
  ['chunks, then a length', coding('Transfer-Encoding: chunked\r\nContent-Length: 7'), MALFORMED],
  ['a length, then chunks', coding('Content-Length: 7\r\nTransfer-Encoding: chunked'), MALFORMED],
  [
    'chunks and a length that covers them',
    coding(`Content-Length: ${CHUNKS.length}\r\nTransfer-Encoding: chunked`),
    MALFORMED,
  ],
  [
    'chunks and a length of nothing',
    `${SIGNED}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKS}${HIDDEN}`,
    MALFORMED,
  ],
  [
    'a coding that ends early, and a delivery behind it',
    `${SIGNED}Content-Length: ${5 + HIDDEN.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${HIDDEN}`,
    MALFORMED,
  ],
  ['gzip', coding('Transfer-Encoding: gzip'), MALFORMED],
  ['gzip, chunked', coding('Transfer-Encoding: gzip, chunked'), MALFORMED],
  ['chunked, gzip', coding('Transfer-Encoding: chunked, gzip'), MALFORMED],
  ['chunked twice', coding('Transfer-Encoding: chunked, chunked'), MALFORMED],
  [
    'chunked on two lines',
    coding('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked'),
    MALFORMED,
  ],
  [
    'identity, then chunked on another line',
    coding('Transfer-Encoding: identity\r\nTransfer-Encoding: chunked'),
    MALFORMED,
  ],
  ['identity', coding('Transfer-Encoding: identity'), MALFORMED],
  ['identity with a length', length('Transfer-Encoding: identity\r\nContent-Length: 7'), MALFORMED],
  ['an empty coding with a length', length('Transfer-Encoding:\r\nContent-Length: 7'), MALFORMED],
  ['an empty coding', coding('Transfer-Encoding:'), MALFORMED],
  ['a comma behind it', coding('Transfer-Encoding: chunked,'), MALFORMED],
  ['a comma before it', coding('Transfer-Encoding: ,chunked'), MALFORMED],
  ['a parameter', coding('Transfer-Encoding: chunked;a=b'), MALFORMED],
  ['quotes', coding('Transfer-Encoding: "chunked"'), MALFORMED],
  ['a word that ends alike', coding('Transfer-Encoding: xchunked'), MALFORMED],
  ['a word that begins alike', coding('Transfer-Encoding: chunkedx'), MALFORMED],
  [
    'a word that begins alike, with a length',
    length('Transfer-Encoding: chunke\r\nContent-Length: 7'),
    MALFORMED,
  ],
  ['a vertical tab before it', coding('Transfer-Encoding: \x0bchunked'), MALFORMED],
  ['a form feed behind it', coding('Transfer-Encoding: chunked\x0c'), MALFORMED],
  ['a letter beyond ASCII', coding('Transfer-Encoding: chun\xe2\x84\xaaed'), MALFORMED],
  ['a space before the colon', coding('Transfer-Encoding : chunked'), MALFORMED],
  ['a fold', coding('Transfer-Encoding:\r\n chunked'), MALFORMED],
  ['a fold behind another header', coding('X-A: b\r\n Transfer-Encoding: chunked'), MALFORMED],
  [
    'a name with an underscore',
    coding('Transfer_Encoding: chunked'),
    both(refused(401, 'signature_mismatch'), MALFORMED),
  ],
  ['TE alone', `${SIGNED}TE: chunked\r\nContent-Length: 7\r\n\r\n${BODY}`, TAKEN],
  ['HTTP/1.0', `${OLD}Transfer-Encoding: chunked\r\n\r\n${CHUNKS}`, MALFORMED],
  [
    'HTTP/1.0 with a length',
    `${OLD}Content-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKS}`,
    MALFORMED,
  ],
])

const IN_CHUNKS = rows([
  [
    'a delivery in chunks of a byte',
    chunked(`${[...BODY].map(one => `1\r\n${one}\r\n`).join('')}0\r\n\r\n`),
    TAKEN,
  ],
  [
    'a size in capitals',
    chunked('A\r\n0123456789\r\n0\r\n\r\n'),
    refused(401, 'signature_mismatch'),
  ],
  ['a size with zeros before it', chunked(`0000007\r\n${BODY}\r\n0\r\n\r\n`), TAKEN],
  ['a size of 17 digits', chunked(`00000000000000007\r\n${BODY}\r\n0\r\n\r\n`), TAKEN],
  ['a last chunk of many zeros', chunked(`7\r\n${BODY}\r\n0000\r\n\r\n`), TAKEN],
  ['an extension', chunked(`7;a=b\r\n${BODY}\r\n0;c\r\n\r\n`), TAKEN],
  ['an extension in quotes', chunked(`7;a="b;c"\r\n${BODY}\r\n0\r\n\r\n`), TAKEN],
  [
    'an extension with a line end in quotes',
    chunked(`7;a="\r\n"\r\n${BODY}\r\n0\r\n\r\n`),
    MALFORMED,
  ],
  ['an extension with a bare LF', chunked(`7;a\n${BODY}\r\n0\r\n\r\n`), MALFORMED],
  ['an extension with a bare CR', chunked(`7;a\rb\r\n${BODY}\r\n0\r\n\r\n`), MALFORMED],
  ['an extension with NUL', chunked(`7;\0\r\n${BODY}\r\n0\r\n\r\n`), MALFORMED],
  [
    'an extension without an end',
    chunked(`7;${'a'.repeat(20_000)}\r\n${BODY}\r\n0\r\n\r\n`),
    MALFORMED,
  ],
  ['a space behind a size', chunked(`7 \r\n${BODY}\r\n0\r\n\r\n`), MALFORMED],
  ['a tab before a size', chunked(`\t7\r\n${BODY}\r\n0\r\n\r\n`), MALFORMED],
  ['a size in quotes', chunked(`"7"\r\n${BODY}\r\n0\r\n\r\n`), MALFORMED],
  ['a size with a prefix', chunked(`0x7\r\n${BODY}\r\n0\r\n\r\n`), MALFORMED],
  ['a size with a sign', chunked(`+7\r\n${BODY}\r\n0\r\n\r\n`), MALFORMED],
  ['an empty size', chunked(`\r\n${BODY}\r\n0\r\n\r\n`), MALFORMED],
  ['a size beyond 64 bits', chunked(`10000000000000007\r\n${BODY}\r\n0\r\n\r\n`), MALFORMED],
  ['a chunk longer than its size', chunked(`6\r\n${BODY}\r\n0\r\n\r\n`), MALFORMED],
  ['a chunk that ends in LF', chunked(`7\r\n${BODY}\n0\r\n\r\n`), MALFORMED],
  ['a chunk that ends in CR', chunked(`7\r\n${BODY}\r0\r\n\r\n`), MALFORMED],
  ['a chunk without an end', chunked(`7\r\n${BODY}0\r\n\r\n`), MALFORMED],
  ['a size that ends in LF', chunked(`7\n${BODY}\r\n0\r\n\r\n`), MALFORMED],
  ['a last chunk that ends in LF', chunked(`7\r\n${BODY}\r\n0\n\n`), MALFORMED],
  [
    'a last chunk with an end too few, and a delivery',
    chunked(`7\r\n${BODY}\r\n0\r\n${HIDDEN}`),
    MALFORMED,
  ],
  [
    'a trailer that was announced',
    `${SIGNED}Trailer: X-Late\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n${BODY}\r\n0\r\nX-Late: 1\r\n\r\n`,
    CERTAIN,
  ],
  ['a trailer out of nowhere', chunked(`7\r\n${BODY}\r\n0\r\nX-Late: 1\r\n\r\n`), CERTAIN],
  ['a trailer without a value', chunked(`7\r\n${BODY}\r\n0\r\nX-Late:\r\n\r\n`), CERTAIN],
  [
    'a trailer, and a delivery behind it',
    chunked(`7\r\n${BODY}\r\n0\r\nX-Late: 1\r\n\r\n`) + HIDDEN,
    both(CERTAIN, taken('{"hidden":1}')),
  ],
  [
    'a trailer that was announced, and does not come',
    `${SIGNED}Trailer: X-Late\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n${BODY}\r\n0\r\n\r\n`,
    TAKEN,
  ],
  ['a length in a trailer', chunked(`7\r\n${BODY}\r\n0\r\nContent-Length: 7\r\n\r\n`), MALFORMED],
  [
    'a coding in a trailer',
    chunked(`7\r\n${BODY}\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n`),
    MALFORMED,
  ],
  [
    'a signature in a trailer alone',
    `POST ${GITHUB} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n${BODY}\r\n0\r\nX-Hub-Signature-256: ${signatureOf(BODY)}\r\n\r\n`,
    refused(401, 'signature_missing', 'close'),
  ],
  ['a folded trailer', chunked(`7\r\n${BODY}\r\n0\r\nX-Late: 1\r\n 2\r\n\r\n`), MALFORMED],
  ['a trailer without a colon', chunked(`7\r\n${BODY}\r\n0\r\nX-Late\r\n\r\n`), MALFORMED],
  [
    'an endless trailer',
    chunked(`7\r\n${BODY}\r\n0\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`),
    refused(431, 'header_too_large', 'close'),
  ],
  ['a request where a chunk should be', chunked(HIDDEN), MALFORMED],
])

const VERSIONS = rows([
  ['HTTP/1.1', version('HTTP/1.1'), TAKEN],
  ['HTTP/1.0', version('HTTP/1.0'), { ...TAKEN, after: 'close' }],
  ['HTTP/0.9', version('HTTP/0.9'), MALFORMED],
  ['HTTP/1.2', version('HTTP/1.2'), MALFORMED],
  ['HTTP/1.9', version('HTTP/1.9'), MALFORMED],
  ['HTTP/2.0', version('HTTP/2.0'), MALFORMED],
  ['HTTP/2', version('HTTP/2'), MALFORMED],
  ['HTTP/3.0', version('HTTP/3.0'), MALFORMED],
  ['HTTP/11', version('HTTP/11'), MALFORMED],
  ['HTTP/1.1.1', version('HTTP/1.1.1'), MALFORMED],
  ['HTTP/01.1', version('HTTP/01.1'), MALFORMED],
  ['HTTP/1.10', version('HTTP/1.10'), MALFORMED],
  ['HTTP/1,1', version('HTTP/1,1'), MALFORMED],
  ['HTTP / 1.1', version('HTTP / 1.1'), MALFORMED],
  ['http/1.1', version('http/1.1'), MALFORMED],
  ['HTTPS/1.1', version('HTTPS/1.1'), MALFORMED],
  // the parser takes RTSP for HTTP: framed alike, proven alike, and rebuilt as HTTP/1.1
  ['RTSP/1.0', version('RTSP/1.0'), { ...TAKEN, after: 'close' }],
  ['RTSP/1.1', version('RTSP/1.1'), TAKEN],
  ['RTSP/1.2', version('RTSP/1.2'), MALFORMED],
  ['ICE/1.0', version('ICE/1.0'), MALFORMED],
  ['GET of ICE/1.0', `GET ${GITHUB} ICE/1.0\r\nHost: localhost\r\n\r\n`, MALFORMED],
  ['GET of ICE/1.1', `GET ${GITHUB} ICE/1.1\r\nHost: localhost\r\n\r\n`, MALFORMED],
  ['a space behind the version', version('HTTP/1.1 '), MALFORMED],
  ['a tab behind the version', version('HTTP/1.1\t'), MALFORMED],
  ['no version', `POST ${GITHUB}\r\n\r\n`, MALFORMED],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', MALFORMED],
  ['frames of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x12\x04\0\0\0\0\0', MALFORMED],
  [
    'an upgrade to HTTP/2 with a body',
    length(
      'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nContent-Length: 7',
    ),
    TAKEN,
  ],
  [
    'an upgrade to WebSocket with a body',
    length('Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 7'),
    TAKEN,
  ],
  [
    'an upgrade and chunks',
    coding('Connection: Upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked'),
    TAKEN,
  ],
])

const ONE = length('Content-Length: 7')
const FORGED = ONE.replace(BODY, '{"a":2}')
const PIPELINED = rows([
  [
    'a delivery and a forgery behind it',
    ONE + FORGED,
    both(TAKEN, refused(401, 'signature_mismatch')),
  ],
  [
    'a forgery and a delivery behind it',
    FORGED + ONE,
    both(refused(401, 'signature_mismatch'), TAKEN),
  ],
  ['a delivery and bytes that are none', `${ONE}\0\0\0`, both(TAKEN, MALFORMED)],
  ['a delivery and TLS behind it', `${ONE}\x16\x03\x01`, both(TAKEN, MALFORMED)],
  ['a delivery and an empty line', `${ONE}\r\n`, TAKEN],
  ['a delivery and 40 empty lines', `${ONE}${'\r\n'.repeat(40)}`, TAKEN],
  [
    'a delivery that ends the connection, and another',
    length('Connection: close\r\nContent-Length: 7') + HIDDEN,
    { ...TAKEN, reasons: ['malformed_http'], after: 'close' },
  ],
  [
    'a delivery in a body',
    `${SIGNED}Content-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
    refused(401, 'signature_mismatch'),
  ],
  [
    'a delivery in a body that is refused at its head',
    `POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
    refused(404, 'no_route'),
  ],
  [
    'a delivery in the body of a GET',
    `GET ${GITHUB} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
    refused(405, 'method'),
  ],
  [
    'a delivery behind what has no body',
    `GET ${GITHUB} HTTP/1.1\r\nHost: localhost\r\n\r\n${HIDDEN}`,
    both(refused(405, 'method'), taken('{"hidden":1}')),
  ],
  [
    'a delivery behind CONNECT',
    `CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n${HIDDEN}`,
    MALFORMED,
  ],
  [
    'a delivery behind what is malformed but certain',
    `POST ${GITHUB} HTTP/1.1\r\n\r\n${HIDDEN}`,
    both(CERTAIN, taken('{"hidden":1}')),
  ],
  [
    'a delivery behind two lengths',
    `${length('Content-Length: 7\r\nContent-Length: 7')}${HIDDEN}`,
    MALFORMED,
  ],
  [
    'HTTP/1.0, and a delivery behind it',
    `${OLD}Content-Length: 7\r\n\r\n${BODY}${HIDDEN}`,
    { ...TAKEN, reasons: ['malformed_http'], after: 'close' },
  ],
  [
    'HTTP/1.0 in chunks, and a delivery behind it',
    `${OLD}Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKS}${HIDDEN}`,
    MALFORMED,
  ],
  [
    'a version that is none, and a delivery behind it',
    version('HTTP/2.0') + HIDDEN,
    { ...MALFORMED, reasons: ['malformed_http', 'malformed_http'] },
  ],
  [
    'a large body that is refused at its head, and a delivery behind it',
    `POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 65537\r\n\r\n${'a'.repeat(65_537)}${HIDDEN}`,
    refused(404, 'no_route', 'close'),
  ],
  [
    'chunks that are refused at their head, and a delivery behind them',
    `POST /nowhere HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKS}${HIDDEN}`,
    refused(404, 'no_route', 'close'),
  ],
  [
    'what waited for a 100 and is refused, and a delivery behind it',
    `POST /nowhere HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 7\r\n\r\n${BODY}${HIDDEN}`,
    refused(404, 'no_route', 'close'),
  ],
  [
    'a delivery behind a length with a zero before it',
    `${length('Content-Length: 07')}${HIDDEN}`,
    MALFORMED,
  ],
  [
    'an expectation nobody knows',
    length('Expect: 200-ok\r\nContent-Length: 7'),
    refused(417, 'expectation'),
  ],
  [
    'an expectation and more',
    length('Expect: 100-continue, x\r\nContent-Length: 7'),
    refused(417, 'expectation', 'close'),
  ],
  ['an empty expectation', length('Expect:\r\nContent-Length: 7'), refused(417, 'expectation')],
])

export const FRAMING: readonly Table[] = [
  { name: 'length', cases: LENGTH },
  { name: 'transfer coding', cases: CODING },
  { name: 'chunks and trailers', cases: IN_CHUNKS },
  { name: 'versions and upgrades', cases: VERSIONS },
  { name: 'pipelining and expectations', cases: PIPELINED },
].map(table => ({ ...table, options: { map: ROOMY } }))
