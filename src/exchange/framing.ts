import type { Declared } from '../admit/length.ts'
import { type Head, REPEATED } from '../head.ts'
import type { Verdict } from '../reasons.ts'
import { hostAllowed, plainTarget } from '../route/target.ts'
import type { Bytes } from '../units.ts'

/** A declared rest up to here is read and dropped: a new connection costs as much as seven deliveries. */
const SMALL_REST: Bytes = 64 * 1024
/** More header lines than any sender uses. */
const MOST_HEADERS = 100

/**
 * What a parser lets through and two readers may understand differently. It is refused, never normalised: senders
 * are machines.
 *
 * @see RFC 9112, sections 3 and 6
 */
export function framing(
  head: Head,
  version: string,
  declared: Declared,
  hosts: ReadonlySet<string>,
): Verdict {
  if (head.raw.length > MOST_HEADERS * 2) return 'header_too_large'
  if (version !== '1.1' && version !== '1.0') return 'malformed_http'
  if (!plainTarget(head.target)) return 'malformed_http'
  if (declared === 'malformed_http') return 'malformed_http'
  if (version === '1.0' && head.only('transfer-encoding') !== undefined) return 'malformed_http'
  const expected = head.only('expect')
  if (expected !== undefined && !isContinue(expected)) return 'expectation'
  return hostAllowed(head.only('host'), hosts)
}

/** Whether the sender holds its body back until it is told to go on. See RFC 9110, 10.1.1. */
export function awaitsContinue(head: Head): boolean {
  const expected = head.only('expect')
  return expected !== undefined && isContinue(expected)
}

/**
 * Whether fields came behind the last chunk. Some readers count them among the headers, and what names or proves a sender
 * stands in its head. See RFC 9112, 7.1.2.
 */
export function trailing(req: { readonly rawTrailers: readonly string[] }): boolean {
  return req.rawTrailers.length > 0
}

/** How much of a request's body is still to come. */
export type Rest = 'none' | 'small' | 'large'

/** What is still to come when a request is answered early. Who waits for a 100 may send nothing, and who was too slow is not waited for. */
export function restOf(
  complete: boolean,
  head: Head,
  declared: Declared,
  received: Bytes,
  status: number,
): Rest {
  if (complete) return 'none'
  if (typeof declared !== 'number' || status === 408 || awaitsContinue(head)) return 'large'
  return declared - received <= SMALL_REST ? 'small' : 'large'
}

function isContinue(expected: string | typeof REPEATED): boolean {
  return expected !== REPEATED && expected.toLowerCase() === '100-continue'
}
