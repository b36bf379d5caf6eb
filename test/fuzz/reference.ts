/**
 * The bodies of the requests that a stream certainly holds, by the strictest reading there is, up to where it becomes
 * doubtful. It shares no code with Hookwarden, with node:http or with the reader of the tests: what reaches the
 * upstream has to be among them. Start lines are not looked at.
 *
 * @param stream latin-1, a character for each byte
 * @see RFC 9112, sections 6 and 7
 */
export function certainBodies(stream: string): string[] {
  const bodies: string[] = []
  let at = 0
  for (;;) {
    while (stream[at] === '\r' || stream[at] === '\n') at++ // empty lines, however they end
    const end = stream.indexOf('\r\n\r\n', at)
    if (end === -1) return bodies
    const [, ...lines] = stream.slice(at, end).split('\r\n')
    const read = bodyAt(stream, end + 4, lines)
    if (read === undefined) return bodies
    if (!read.trailing) bodies.push(read.body)
    if (lines.some(line => /^connection:.*\bclose\b/i.test(line))) return bodies
    at = read.end
  }
}

interface Read {
  readonly body: string
  readonly end: number
  /** Fields come behind its last chunk, for which it is refused. */
  readonly trailing: boolean
}

/** The body behind a head; undefined where the head is odd, or where the body is not whole. */
function bodyAt(stream: string, from: number, lines: readonly string[]): Read | undefined {
  const fields = lines.map(line => /^([!#$%&'*+.^_`|~0-9a-z-]+):[ \t]*(.*?)[ \t]*$/i.exec(line))
  if (fields.some(field => field === null || /[^\t -~\x80-\xff]/.test(field[2] ?? '')))
    return undefined
  const all = (name: string) =>
    fields.filter(field => field?.[1]?.toLowerCase() === name).map(field => field?.[2] ?? '')
  const lengths = all('content-length')
  const codings = all('transfer-encoding')
  if (lengths.length + codings.length > 1) return undefined
  if (codings.length === 1)
    return codings[0]?.toLowerCase() === 'chunked' ? chunksAt(stream, from) : undefined
  const [length = '0'] = lengths
  if (!/^(?:0|[1-9]\d{0,14})$/.test(length)) return undefined
  const end = from + Number(length)
  return end > stream.length ? undefined : { body: stream.slice(from, end), end, trailing: false }
}

/** Chunks, to the end of their trailer. */
function chunksAt(stream: string, from: number): Read | undefined {
  const size = /([0-9a-f]+)(?:;[\t -~\x80-\xff]*)?\r\n/iy
  let body = ''
  let at = from
  for (;;) {
    size.lastIndex = at
    const found = size.exec(stream)
    if (found === null) return undefined
    const length = Number.parseInt(found[1] ?? '', 16)
    at = size.lastIndex
    if (length === 0) break
    if (stream.slice(at + length, at + length + 2) !== '\r\n') return undefined
    body += stream.slice(at, at + length)
    at += length + 2
  }
  const trailer = /(?:[!#$%&'*+.^_`|~0-9a-z-]+:[\t -~\x80-\xff]*\r\n)*\r\n/iy
  trailer.lastIndex = at
  if (!trailer.test(stream)) return undefined
  return { body, end: trailer.lastIndex, trailing: trailer.lastIndex > at + 2 }
}
