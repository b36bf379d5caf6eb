import { type Head, REPEATED } from '../head.ts'
import { isHeaderName } from './place.ts'

/** No list names more, so that work per delivery is bounded. */
const MOST = 32

/**
 * The names, in lower case, that a header lists with commas between them. REPEATED where that header, or a name in it,
 * comes twice, where one cannot be the name of a header, or where there are more than 32; undefined when it is absent.
 */
export function listedHeaders(head: Head, list: string): string[] | typeof REPEATED | undefined {
  const value = head.only(list)
  if (value === undefined || value === '') return undefined
  if (value === REPEATED) return REPEATED
  const names = value.split(',', MOST + 1).map(name => name.trim().toLowerCase())
  const sound = names.length <= MOST && new Set(names).size === names.length
  return sound && names.every(isHeaderName) ? names : REPEATED
}

/**
 * The headers that a header lists, as `name:value` with `;` between them; undefined where one is absent or empty.
 *
 * @see "Request Verification", Contentful Docs
 */
export function signedHeaders(head: Head, list: string): string | typeof REPEATED | undefined {
  const names = listedHeaders(head, list)
  if (!Array.isArray(names)) return names
  const pairs: string[] = []
  for (const name of names) {
    const value = head.only(name)
    if (value === REPEATED) return REPEATED
    if (value === undefined || value === '') return undefined
    pairs.push(`${name}:${value}`)
  }
  return pairs.join(';')
}
