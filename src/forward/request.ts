import type { Bytes } from '../units.ts'

/** One request as it goes upstream. */
export interface Outgoing {
  readonly method: string
  readonly target: string
  /** Name, value, …; none of `Host`, `Connection`, or what frames the body. */
  readonly headers: readonly string[]
  /** In order; empty for none. */
  readonly body: readonly Uint8Array[]
  readonly length: Bytes
}

/** Methods whose body is expected, so that an empty one is said to be so (RFC 9110, 8.6). */
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])
const LINE = /^[A-Z]+ [\x21-\x7e\x80-\xff]+$/
/** What ends a field, or what some take for its end. */
const ENDS = /[\0\r\n]/

/**
 * The head of a request, with its empty line; each character is a byte. Undefined when something in it would end a line, or its body is
 * not as long as it says: it was read from a request before, so that can only be a mistake of ours.
 *
 * @param host authority of the upstream
 * @param keep whether the connection shall be kept
 * @see RFC 9112, 3 and 5
 */
export function headOf(request: Outgoing, host: string, keep: boolean): string | undefined {
  const { method, target, headers, body, length } = request
  const start = `${method} ${target}`
  if (!LINE.test(start)) return undefined
  let rest = length
  for (let i = 0; i < body.length; i++) rest -= body[i]?.length ?? 0
  if (rest !== 0) return undefined // of a chunk that was freed nothing is left
  let head = `${start} HTTP/1.1\r\nhost: ${host}\r\nconnection: ${keep ? 'keep-alive' : 'close'}\r\n`
  for (let i = 0; i < headers.length; i += 2) {
    const field = `${headers[i]}: ${headers[i + 1]}`
    if (ENDS.test(field)) return undefined
    head += `${field}\r\n`
  }
  if (length > 0 || WITH_BODY.has(method)) head += `content-length: ${length}\r\n`
  return `${head}\r\n`
}
