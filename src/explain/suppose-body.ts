import { deflated, inflated } from '../inspect/compression.ts'
import type { Bytes } from '../units.ts'
import type { FindingCode } from './findings.ts'
import { jsonForms } from './json-forms.ts'
import type { Hypothesis, Scene } from './scene.ts'
import type { Trial } from './trial.ts'

/** What a body may inflate to: Automatisch takes no more than a MiB. */
const MOST_INFLATED: Bytes = 4 * 1024 ** 2
/** Larger bodies are not compressed at every level. */
const MOST_DEFLATED: Bytes = 256 * 1024
const BOM = '\xef\xbb\xbf'

interface Form {
  readonly code: FindingCode
  readonly says: string
  readonly bytes: Uint8Array
}

/** Bodies that something on the way may have made into the one that came. */
export function* supposeBody(_: Scene, base: Trial): Generator<Hypothesis> {
  const { scheme, body } = base
  if (body.length === 0 || scheme.alg === 'token' || scheme.alg === 'basic') return
  for (const { code, says, bytes } of formsOf(Buffer.from(body))) {
    if (Buffer.compare(bytes, body) === 0) continue
    yield { code, detail: says, trial: { ...base, body: bytes } }
  }
}

function* formsOf(body: Buffer): Generator<Form> {
  const text = body.toString('latin1')
  yield* finalNewline(text)
  yield* lineEnds(text)
  yield* mark(text)
  const utf8 = decoded(body)
  yield* charset(text, utf8)
  for (const { coding, bytes } of inflated(body, MOST_INFLATED)) {
    yield {
      code: 'body_compressed',
      says: `the sender signed the body before it was compressed (${coding})`,
      bytes,
    }
  }
  if (utf8 !== undefined) {
    const says = 'the sender signed the same JSON in another spelling'
    for (const form of jsonForms(utf8))
      yield { code: 'body_reserialised', says, bytes: Buffer.from(form) }
  }
  if (body.length > MOST_DEFLATED) return
  for (const { coding, bytes } of deflated(body)) {
    yield {
      code: 'body_inflated',
      says: `the sender signed the body compressed (${coding})`,
      bytes,
    }
  }
}

function* finalNewline(text: string): Generator<Form> {
  const code = 'body_final_newline'
  const added = 'the body has a line end at its end that the sender did not sign'
  if (/\n$/.test(text)) yield { code, says: added, bytes: latin1(text.replace(/\r?\n$/, '')) }
  if (/[\r\n]$/.test(text)) yield { code, says: added, bytes: latin1(withoutEnds(text)) }
  const lost = 'the body lacks the line end that the sender signed at its end'
  yield { code, says: lost, bytes: latin1(`${text}\n`) }
  yield { code, says: lost, bytes: latin1(`${text}\r\n`) }
}

function* lineEnds(text: string): Generator<Form> {
  const code = 'body_line_ends'
  const bare = text.replaceAll('\r\n', '\n')
  yield { code, says: 'the body has CRLF where the sender signed LF', bytes: latin1(bare) }
  yield {
    code,
    says: 'the body has LF where the sender signed CRLF',
    bytes: latin1(bare.replaceAll('\n', '\r\n')),
  }
  const none = 'the body has line ends that the sender did not sign'
  yield { code, says: none, bytes: latin1(text.replaceAll(/[\r\n]/g, '')) }
}

function* mark(text: string): Generator<Form> {
  const code = 'body_bom'
  if (text.startsWith(BOM)) {
    const says = 'the body begins with a byte order mark that the sender did not sign'
    yield { code, says, bytes: latin1(text.slice(BOM.length)) }
  } else {
    const says = 'the body lacks the byte order mark that the sender signed'
    yield { code, says, bytes: latin1(BOM + text) }
  }
}

function* charset(text: string, utf8: string | undefined): Generator<Form> {
  const code = 'body_charset'
  const to = 'the body is in UTF-8 and the sender signed it in Latin-1'
  if (utf8 !== undefined && /[^\0-\x7f]/.test(utf8) && /^[\0-\xff]*$/.test(utf8)) {
    yield { code, says: to, bytes: latin1(utf8) }
  }
  const from = 'the body is in Latin-1 and the sender signed it in UTF-8'
  if (/[^\0-\x7f]/.test(text)) yield { code, says: from, bytes: Buffer.from(text) }
}

/** Without line ends at its end. A pattern would look at every run of them from each of its places. */
function withoutEnds(text: string): string {
  let end = text.length
  while (end > 0 && (text[end - 1] === '\n' || text[end - 1] === '\r')) end--
  return text.slice(0, end)
}

/** The text of a body in UTF-8; undefined where it is none. A byte order mark is not part of it. */
function decoded(body: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    return undefined
  }
}

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}
