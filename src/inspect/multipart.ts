import type { Bytes } from '../units.ts'
import { type Flaw, malformed } from './flaw.ts'

/** One field of a form in parts. */
export interface Field {
  /** Bytes as latin-1 text. */
  readonly name: string
  readonly value: Buffer
}

/** As many as the parser of plain forms takes; each is an event and an object in Automatisch. */
const MOST_PARTS = 1000
/** Of the headers of one part. Automatisch's parser gives up at 16 KiB. */
const MOST_HEADER: Bytes = 1024
/** From here on Automatisch's parser cuts a value, and then fails. */
const CUT: Bytes = 1024 ** 2

const LINE = '\r\n'
const DASHES = '--'
/** `a[4294967295]` becomes a list of that length, which Automatisch then writes out: a part of 70 bytes ends it. */
const LONG_LIST = /\[\d{3}/
const MOST_STEPS = 8

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]"
const CHARSET = '(?: *; *charset=(?:utf-8|"utf-8"))?'
const TYPE = new RegExp(
  `^multipart/form-data${CHARSET} *; *boundary=(?:"(?<quoted>[\\w'()+,./:=? -]{0,69}[\\w'()+,./:=?-])"|(?<bare>[\\w'+.-]{1,70}))${CHARSET}$`,
  'i',
)
const DISPOSITION =
  /^content-disposition: ?form-data; ?name="(?<name>[ !#-[\]-~\x80-\xff]{1,256})"$/i
const PART_TYPE = new RegExp(
  `^content-type: ?(?!multipart/|message/|application/octet-stream)${TOKEN}{1,64}/${TOKEN}{1,64}${CHARSET}$`,
  'i',
)
const PART_LENGTH = /^content-length: ?(?<length>\d{1,9})$/i
const PLAIN = /^content-transfer-encoding: ?(?:7bit|8bit|binary)$/i

/**
 * The fields of a form in parts, or why it is none that every parser reads alike. Stricter than the standard by far,
 * because what only confuses most parsers ends the process of Automatisch: nothing around the parts, no file, no part
 * without a name, no header but the usual four, each once.
 *
 * @param type value of Content-Type
 * @see RFC 7578, 4, and RFC 2046, 5.1.1
 */
export function readForm(type: string, body: Buffer): readonly Field[] | Flaw {
  const { quoted, bare } = TYPE.exec(type)?.groups ?? {}
  const boundary = quoted ?? bare
  if (boundary === undefined) return malformed('the content type has no plain boundary')
  const delimiter = Buffer.from(LINE + DASHES + boundary)
  const opening = delimiter.subarray(LINE.length)
  if (!body.subarray(0, opening.length).equals(opening))
    return malformed('the body does not begin with its boundary')
  const fields: Field[] = []
  let at = opening.length
  while (body.toString('latin1', at, at + LINE.length) === LINE) {
    at += LINE.length
    const end = body.indexOf(delimiter, at)
    if (end === -1) return malformed('the last boundary is missing')
    if (fields.length === MOST_PARTS) return malformed(`more than ${MOST_PARTS} parts`)
    const field = readPart(body.subarray(at, end))
    if ('reason' in field) return field
    fields.push(field)
    at = end + delimiter.length
  }
  if (fields.length === 0) return malformed('no part')
  const rest = body.toString('latin1', at, at + 5)
  const ended = rest === DASHES || rest === DASHES + LINE
  return ended ? fields : malformed('something other than a line end follows a boundary')
}

function readPart(part: Buffer): Field | Flaw {
  const blank = part.indexOf(LINE + LINE)
  if (blank === -1) return malformed('a part without an empty line behind its headers')
  if (blank > MOST_HEADER) return malformed('the headers of a part are too long')
  const value = part.subarray(blank + 2 * LINE.length)
  if (value.length >= CUT) return malformed('a field of 1 MiB, which Automatisch does not take')
  const lines = part.toString('latin1', 0, blank).split(LINE)
  const name = DISPOSITION.exec(lines.find(line => DISPOSITION.test(line)) ?? '')?.groups?.name
  if (name === undefined) return malformed('a part that is no field with a name, such as a file')
  for (const one of [DISPOSITION, PART_TYPE, PART_LENGTH, PLAIN]) {
    const found = lines.findIndex(line => one.test(line))
    if (found === -1) continue
    const [line = ''] = lines.splice(found, 1)
    const length = PART_LENGTH.exec(line)?.groups?.length
    if (length !== undefined && Number(length) !== value.length)
      return malformed('a part is not as long as it says')
  }
  if (lines.length > 0) return malformed('a part with a header that forms have no use for')
  const nested = name.split('[').length - 1 > MOST_STEPS || LONG_LIST.test(name)
  if (nested) return malformed('a name that makes a deep or long list')
  return isUtf8(name) ? { name, value } : malformed('a name that is not in UTF-8')
}

const UTF8 = new TextDecoder('utf-8', { fatal: true })

function isUtf8(name: string): boolean {
  try {
    UTF8.decode(Buffer.from(name, 'latin1'))
    return true
  } catch {
    return false
  }
}
