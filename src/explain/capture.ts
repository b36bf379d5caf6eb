import { Head } from '../head.ts'
import type { Millis } from '../units.ts'

/** One request as a person wrote it down: what `verify` and `explain` judge. */
export interface Capture {
  readonly head: Head
  /** What the sender called, such as `https://hooks.example.com`; undefined where the request line names a path alone. */
  readonly origin: string | undefined
  /** When it was received; undefined where the capture does not say. */
  readonly at: Millis | undefined
  readonly body: Uint8Array
  /** What looks odd and is no error. */
  readonly notes: readonly string[]
}

/** Why a text is no capture. */
export interface CaptureProblem {
  /** Counts from 1. */
  readonly line: number
  readonly problem: string
}

/** Gives the bytes of a file that the capture names; throws where it cannot. */
export type ReadBody = (path: string) => Uint8Array

const LF = 0x0a
const CR = 0x0d
const HASH = 0x23
const METHOD = /^[A-Z][A-Z-]{0,15}$/
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const VERSION = /^HTTP\/[0-9](?:\.[0-9])?$/
const INSTANT = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/

/**
 * Reads the capture format of `docs/capture.md`: comments, a request line, headers, a blank line, and the body byte for
 * byte. Lines of the head end with LF or CRLF.
 */
export function readCapture(bytes: Uint8Array, readBody: ReadBody): Capture | CaptureProblem {
  const lines = new Lines(bytes)
  const options = readOptions(lines)
  if ('problem' in options) return options
  const request = readRequestLine(lines)
  if ('problem' in request) return request
  const raw = readHeaders(lines)
  if (!Array.isArray(raw)) return raw
  if (request.host !== undefined && !has(raw, 'host')) raw.unshift('Host', request.host)
  const head = new Head(request.method, request.target, raw)
  const body = readBodyOf(lines, options, readBody)
  if ('problem' in body) return body
  const { origin } = request
  return { head, origin, at: options.at, ...measured(body.bytes, head, body.inline) }
}

/** The lines of the head, one at a time, and what is left when it ends. */
class Lines {
  /** Number of the line that was read last. */
  number = 0
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    // a mark that editors put before UTF-8 is no part of the request
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.#at = 3
  }

  /** Whether the next line is a comment or empty. */
  get beforeRequest(): boolean {
    const byte = this.#bytes[this.#at]
    return byte === HASH || byte === LF || byte === CR
  }

  /** Latin-1 text, one character for each byte; undefined at the end. */
  next(): string | undefined {
    if (this.#at >= this.#bytes.length) return undefined
    const found = this.#bytes.indexOf(LF, this.#at)
    const end = found === -1 ? this.#bytes.length : found
    const bare = end > this.#at && this.#bytes[end - 1] === CR ? end - 1 : end
    const line = Buffer.from(this.#bytes.subarray(this.#at, bare)).toString('latin1')
    this.#at = end + 1
    this.number++
    return line
  }

  rest(): Uint8Array {
    return this.#bytes.subarray(Math.min(this.#at, this.#bytes.length))
  }
}

interface Options {
  readonly at: Millis | undefined
  readonly file: { readonly path: string; readonly line: number } | undefined
}

/** Comments and blank lines before the request; two comments mean something. */
function readOptions(lines: Lines): Options | CaptureProblem {
  let at: Millis | undefined
  let file: Options['file']
  while (lines.beforeRequest) {
    const line = lines.next() ?? ''
    const { name, value = '' } =
      /^#\s*(?<name>at|body):\s*(?<value>.*?)\s*$/.exec(line)?.groups ?? {}
    if (name === 'at') {
      at = readInstant(value)
      if (at === undefined)
        return problem(lines, `'${value}' is no time: write it like 2026-11-25T10:00:00Z`)
    } else if (name === 'body') {
      if (!/^@./.test(value))
        return problem(lines, "the body is named by its file, as in '# body: @event.json'")
      file = { path: Buffer.from(value.slice(1), 'latin1').toString(), line: lines.number }
    }
  }
  return { at, file }
}

/** Reads a time such as `2026-11-25T10:00:00Z`, with any offset; undefined when it is none. See RFC 3339, 5.6. */
export function readInstant(text: string): Millis | undefined {
  const time = INSTANT.test(text) ? Date.parse(text.replace(' ', 'T')) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}

interface RequestLine {
  readonly method: string
  readonly target: string
  readonly origin: string | undefined
  readonly host: string | undefined
}

function readRequestLine(lines: Lines): RequestLine | CaptureProblem {
  const line = lines.next()
  if (line === undefined)
    return { line: lines.number + 1, problem: 'no request line: the file ends here' }
  if (/^[<>*] /.test(line))
    return problem(
      lines,
      `this is what 'curl -v' prints: remove the '${line.slice(0, 2)}' of each line`,
    )
  const [method = '', target = '', version, ...more] = line.trimEnd().split(/ +/)
  if (
    !METHOD.test(method) ||
    target === '' ||
    more.length > 0 ||
    (version !== undefined && !VERSION.test(version))
  ) {
    return problem(lines, "expected a request line, such as 'POST /in/stripe HTTP/1.1'")
  }
  if (target.startsWith('/')) return { method, target, origin: undefined, host: undefined }
  const full = /^(?<origin>https?:\/\/(?<host>[^/?#@]+))(?<target>[/?][^#]*)?$/i.exec(
    target,
  )?.groups
  if (full === undefined)
    return problem(
      lines,
      `'${target}' is neither a path that starts with '/' nor a URL with http:// or https://`,
    )
  const path = full.target ?? '/'
  return {
    method,
    target: path.startsWith('?') ? `/${path}` : path,
    origin: full.origin,
    host: full.host,
  }
}

function readHeaders(lines: Lines): string[] | CaptureProblem {
  const raw: string[] = []
  for (let line = lines.next(); line !== undefined && line !== ''; line = lines.next()) {
    if (/^[ \t]/.test(line)) {
      return problem(
        lines,
        line.trim() === ''
          ? 'this line looks empty and holds blanks: a line before the body must be empty'
          : 'a header stands on one line: join this one to the line before',
      )
    }
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0))
    if (!NAME.test(name))
      return problem(
        lines,
        "expected a header, such as 'Content-Type: application/json', or an empty line before the body",
      )
    const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')
    if (hasControl(value)) return problem(lines, `the value of ${name} holds a control character`)
    raw.push(name, value)
  }
  return raw
}

function readBodyOf(
  lines: Lines,
  { file }: Options,
  readBody: ReadBody,
): { bytes: Uint8Array; inline: boolean } | CaptureProblem {
  const rest = lines.rest()
  if (file === undefined) return { bytes: rest, inline: true }
  if (rest.some(byte => byte !== LF && byte !== CR)) {
    return {
      line: lines.number + 1,
      problem: `a body stands here, and line ${file.line} names a file for it: keep one of them`,
    }
  }
  try {
    return { bytes: readBody(file.path), inline: false }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
    return { line: file.line, problem: `cannot read ${file.path}${code}` }
  }
}

/** Drops the line end that an editor put after the body, where Content-Length knows that it is none of it. */
function measured(
  bytes: Uint8Array,
  head: Head,
  inline: boolean,
): { body: Uint8Array; notes: string[] } {
  const declared = head.only('content-length')
  const length =
    typeof declared === 'string' && /^\d{1,15}$/.test(declared) ? Number(declared) : bytes.length
  if (length === bytes.length) return { body: bytes, notes: [] }
  const after = bytes.subarray(length)
  if (
    inline &&
    length < bytes.length &&
    after.length <= 2 &&
    after.every(byte => byte === LF || byte === CR)
  ) {
    return { body: bytes.subarray(0, length), notes: [] }
  }
  return {
    body: bytes,
    notes: [
      `Content-Length says ${length} bytes and the body has ${bytes.length}: it was changed on the way here, or copied in part`,
    ],
  }
}

/** See RFC 9110, 5.5: of all control characters a value may hold the tab alone. */
function hasControl(value: string): boolean {
  return Buffer.from(value, 'latin1').some(code => (code < 0x20 && code !== 0x09) || code === 0x7f)
}

function has(raw: readonly string[], name: string): boolean {
  return raw.some((text, i) => i % 2 === 0 && text.toLowerCase() === name)
}

function problem(lines: Lines, text: string): CaptureProblem {
  return { line: lines.number, problem: text }
}
