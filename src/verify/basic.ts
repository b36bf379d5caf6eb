import { decodeUpTo } from './decode.ts'

/** Longer credentials are nobody's. */
const MOST = 8192

/**
 * The name and password that an Authorization value shows, with a colon between them; undefined where it shows none.
 *
 * @see RFC 7617, 2
 */
export function shownBasic(value: string): Uint8Array | undefined {
  if (value.slice(0, 6).toLowerCase() !== 'basic ') return undefined
  let start = 6
  while (value.charAt(start) === ' ') start++ // RFC 9110, 11.4: one or more
  return decodeUpTo(value.slice(start), 'base64', MOST)
}
