import type { Bytes, Millis } from '../units.ts'

/** The head of an answer. */
export interface AnswerHead {
  readonly status: number
  /** Name in lower case, value, …: in the order in which they came. */
  readonly headers: readonly string[]
  /** Its body is coded otherwise than in chunks, which are taken off: nobody asked for that. */
  readonly coded: boolean
}

/** Who is told what was read. Whoever does not want more calls `stop`, also from within a call. */
export interface Reading {
  /** An interim answer (1xx) other than 101. */
  interim(): void
  head(head: AnswerHead): void
  /** @param chunk holds what it holds only until this returns */
  data(chunk: Buffer): void
  /** @param keep how long the upstream keeps the connection; undefined when it cannot be used again */
  end(keep: Millis | undefined): void
  /** It is no answer, or no whole one. Nothing can be read any more. */
  fault(why: string): void
}

/** What a head, or the lines between and behind chunks, may have. */
const MOST: Bytes = 16 * 1024
const SECOND: Millis = 1000
const CR = 0x0d
const LF = 0x0a
const HEAD_END = '\r\n\r\n'
/** What every answer begins with. */
const VERSION = 'HTTP/1.'
const OLD = 'HTTP/1.0'
const NO_HEAD = 'the head of the answer is none'

/** Up to what a number counts exactly. */
const LENGTH = /^\d{1,15}$/
const TOKEN = "[!#$%&'*+.^_`|~\\dA-Za-z-]+"
const TEXT = '[\\t\\x20-\\x7e\\x80-\\xff]*'
const QUOTED =
  '"(?:[\\t\\x20\\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t\\x20-\\x7e\\x80-\\xff])*"'
/**
 * A whole head but its empty line: of HTTP/1.0 or 1.1, a status of three digits, fields without folds, white space before the
 * colon, or control characters.
 *
 * @see RFC 9112, 4 and 5
 */
const HEAD = new RegExp(`^HTTP/1\\.[01] [1-9]\\d\\d(?: ${TEXT})?(?:\\r\\n${TOKEN}:${TEXT})*$`)
const FIELD = new RegExp(`^${TOKEN}:${TEXT}$`)
/** Size of a chunk; what its extensions say is nothing to us (RFC 9112, 7.1.1). */
const CHUNK_SIZE = new RegExp(`^0*([\\dA-Fa-f]{1,12})(?:;${TOKEN}(?:=(?:${TOKEN}|${QUOTED}))?)*$`)
const TIMEOUT = /(?:^|,)[\t ]*timeout[\t ]*=[\t ]*(\d{1,9})/i

/** What comes next: nothing after an answer, and nothing is looked at once it stopped. */
type State =
  | 'nothing'
  | 'head'
  | 'length'
  | 'until end'
  | 'size'
  | 'chunk'
  | 'chunk end'
  | 'trailer'
  | 'stopped'

/**
 * Reads the answers of one connection, one after the other: what is ambiguous is none. Bytes may be cut anywhere.
 *
 * @see RFC 9112, 6 and 7
 */
export class AnswerReader {
  readonly #told: Reading
  #state: State = 'nothing'
  /** The request was HEAD: no body follows, whatever the head says. */
  #bodiless = false
  /** What was read of a head or a line. */
  #text = ''
  /** How many bytes of the end of a head, or of a line, were seen. */
  #matched = 0
  /** Bytes still to come of a body or chunk. */
  #left: Bytes = 0
  /** By how much the bytes of the lines around chunks exceed those in them. */
  #lines: Bytes = 0
  #keep: Millis | undefined

  constructor(told: Reading) {
    this.#told = told
  }

  /** An answer is expected. */
  begin(bodiless: boolean): void {
    this.#state = 'head'
    this.#bodiless = bodiless
  }

  /** Nothing is told any more. */
  stop(): void {
    this.#state = 'stopped'
  }

  push(bytes: Buffer): void {
    for (let at = 0; at < bytes.length && this.#state !== 'stopped'; ) at = this.#read(bytes, at)
  }

  /** The connection ended. */
  finish(): void {
    if (this.#state === 'nothing' || this.#state === 'stopped') return
    if (this.#state === 'until end') return this.#end()
    const begun = this.#state !== 'head' || this.#text !== ''
    this.#fault(`the upstream ended the connection ${begun ? 'within the answer' : 'unanswered'}`)
  }

  /** Reads on from `at`; returns where the next is. */
  #read(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case 'head':
        return this.#readHead(bytes, at)
      case 'length':
      case 'chunk':
        return this.#readBody(bytes, at)
      case 'until end':
        this.#told.data(at === 0 ? bytes : bytes.subarray(at))
        return bytes.length
      case 'size':
      case 'chunk end':
      case 'trailer':
        return this.#readLine(bytes, at)
      case 'nothing':
        this.#fault('the upstream sent what nobody asked for')
        return bytes.length
      case 'stopped':
        return bytes.length
    }
  }

  #readHead(bytes: Buffer, at: number): number {
    const end = this.#text === '' ? bytes.indexOf(HEAD_END, at, 'latin1') : -1
    if (end !== -1 && end - at <= MOST) {
      this.#head(bytes.toString('latin1', at, end))
      return end + HEAD_END.length
    }
    return this.#piece(bytes, at, HEAD_END.length) // it came in pieces, or is too long
  }

  #readBody(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left)
    this.#left -= end - at
    this.#told.data(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end))
    if (this.#left > 0) return end
    if (this.#state === 'length') this.#end()
    else if (this.#state === 'chunk') this.#state = 'chunk end'
    return end
  }

  #readLine(bytes: Buffer, at: number): number {
    return this.#piece(bytes, at, 2)
  }

  /** Reads up to the end of a head or a line, byte by byte: `length` bytes of CR LF, in turn. */
  #piece(bytes: Buffer, at: number, length: number): number {
    let matched = this.#matched
    let i = at
    while (i < bytes.length && matched < length) {
      const byte = bytes[i++]
      if (byte === (matched % 2 === 0 ? CR : LF)) matched++
      else if (byte === LF) return this.#odd(bytes)
      else matched = byte === CR ? 1 : 0
    }
    this.#matched = matched
    this.#text += bytes.toString('latin1', at, Math.min(i, at + MOST + length + 1))
    if (this.#text.length - matched > MOST)
      this.#fault('the head of the answer, or a line of it, is too long')
    else if (!this.#plausible()) return this.#odd(bytes)
    else if (matched === length) this.#whole(this.#text.slice(0, -length))
    return i
  }

  /** Whether what was read so far may become what is expected: what cannot is not waited for. */
  #plausible(): boolean {
    if (this.#state === 'head') return this.#text.startsWith(VERSION.slice(0, this.#text.length))
    return this.#state !== 'chunk end' || this.#text.length === this.#matched
  }

  #odd({ length }: Buffer): number {
    this.#fault(this.#state === 'head' ? NO_HEAD : 'the chunks of the answer are none')
    return length
  }

  /** A head or a line has come whole. */
  #whole(text: string): void {
    this.#text = ''
    this.#matched = 0
    if (this.#state === 'head') return this.#head(text)
    this.#lines += text.length
    if (this.#lines > MOST) return this.#fault('there is more around the chunks than in them')
    if (this.#state === 'size') return this.#size(text)
    if (this.#state === 'trailer') return this.#trailer(text)
    this.#state = 'size'
  }

  #size(line: string): void {
    const size = CHUNK_SIZE.exec(line)?.[1]
    if (size === undefined) return this.#fault('the size of a chunk is none')
    this.#left = Number.parseInt(size, 16)
    this.#lines = Math.max(0, this.#lines - this.#left)
    this.#state = this.#left === 0 ? 'trailer' : 'chunk'
  }

  /** What comes behind the last chunk is dropped. */
  #trailer(line: string): void {
    if (line === '') this.#end()
    else if (!FIELD.test(line)) this.#fault('a trailer of the answer is none')
  }

  #head(text: string): void {
    if (!HEAD.test(text)) return this.#fault(NO_HEAD)
    const status = Number(text.slice(9, 12))
    if (status === 101) return this.#fault('the upstream switched protocols')
    const old = text.startsWith(OLD)
    if (status >= 200) this.#final(status, text, old)
    else if (old) this.#fault(NO_HEAD)
    else this.#told.interim()
  }

  #final(status: number, text: string, old: boolean): void {
    const lines = text.split('\r\n')
    const headers: string[] = []
    let length: string | undefined
    let coding: string | undefined
    let connection: string | undefined
    let keepAlive: string | undefined
    for (let i = 1; i < lines.length; i++) {
      const line = lines[i] as string
      const colon = line.indexOf(':')
      const name = line.slice(0, colon).toLowerCase()
      const value = unpadded(line, colon + 1)
      headers.push(name, value)
      if (name === 'content-length') length = length === undefined ? value : 'twice'
      else if (name === 'transfer-encoding') coding = listed(coding, value)
      else if (name === 'connection') connection = listed(connection, value)
      else if (name === 'keep-alive') keepAlive = listed(keepAlive, value)
    }
    if (coding !== undefined && (length !== undefined || old))
      return this.#fault('the answer is framed twice')
    if (length !== undefined && !LENGTH.test(length))
      return this.#fault('the length of the answer is none')
    this.#keep = kept(old, connection?.toLowerCase(), keepAlive)
    const chunked = coding?.toLowerCase() === 'chunked'
    this.#told.head({ status, headers, coded: coding !== undefined && !chunked })
    if (this.#state !== 'head') return
    this.#lines = 0
    this.#left = Number(length)
    if (this.#bodiless || status === 204 || status === 304 || this.#left === 0) return this.#end()
    if (chunked) this.#state = 'size'
    else this.#state = length === undefined ? 'until end' : 'length'
  }

  #end(): void {
    const keep = this.#state === 'until end' ? undefined : this.#keep
    this.#state = 'nothing'
    this.#told.end(keep)
  }

  #fault(why: string): void {
    this.stop()
    this.#told.fault(why)
  }
}

/** What is on a line from `from` on, without the white space around it. */
function unpadded(line: string, from: number): string {
  let start = from
  let end = line.length
  while (start < end && isBlank(line.charCodeAt(start))) start++
  while (start < end && isBlank(line.charCodeAt(end - 1))) end--
  return line.slice(start, end)
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09

/** One list of several lines (RFC 9110, 5.3). */
function listed(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`
}

/** How long the connection may wait for its next request; undefined where it may not. */
function kept(
  old: boolean,
  connection: string | undefined,
  keepAlive: string | undefined,
): Millis | undefined {
  const words = connection?.split(',').map(word => word.trim())
  if (words?.includes('close') || (old && !words?.includes('keep-alive'))) return undefined
  const seconds = keepAlive === undefined ? undefined : TIMEOUT.exec(keepAlive)?.[1]
  return seconds === undefined ? Number.POSITIVE_INFINITY : Number(seconds) * SECOND
}
