import type { Head } from '../head.ts'
import type { Millis } from '../units.ts'
import type { Scheme } from '../verify/scheme.ts'
import type { FindingCode } from './findings.ts'
import { isLive, keyOf, type Subject } from './subject.ts'
import type { Trial } from './trial.ts'

/** One delivery that was refused, and all that may tell why. */
export interface Scene {
  readonly subject: Subject
  /** The other providers of the map. */
  readonly others: readonly Subject[]
  /** Every known sender's scheme by its name. */
  readonly presets: Readonly<Record<string, Scheme>>
  readonly head: Head
  /** Undefined where it was refused before its body came. */
  readonly body: Uint8Array | undefined
  /** What the sender called, where that is known, such as `https://hooks.example.com`. */
  readonly origin: string | undefined
  /** Wall clock: when it was received, or now where that is not known. */
  readonly at: Millis
  readonly atKnown: boolean
}

/** One cause, and the delivery as it would be without it. */
export interface Hypothesis {
  readonly code: FindingCode
  readonly detail: string
  readonly trial: Trial
}

/** The delivery as it came. */
export function asReceived({ subject, head, body, at }: Scene): Trial {
  const { scheme, options, keys } = subject
  const live = keys.filter(key => isLive(key, at))
  // where none is left, the verdict is that of a delivery that none of them proves
  const tried = (live.length === 0 ? keys : live).map(keyOf)
  return { scheme, options, keys: tried, head, body: body ?? new Uint8Array(), now: at }
}

/** Every place that the scheme names, such as `header:x-signature`, with its source and name in lower case for a header. */
function placesOf(scheme: Scheme): { readonly source: string; readonly name: string }[] {
  const { from, sign = '', timestamp, require = [], claims = {}, items = [] } = scheme
  const claimed = Object.values(claims).map(claim => (typeof claim === 'string' ? claim : claim.is))
  const templates = [sign, timestamp?.from ?? '', ...require.flat(), ...claimed, ...items]
  const drawn = templates.flatMap(text =>
    [...text.matchAll(/\{(?<place>[a-z-]+:[^|}]+)[|}]/g)].map(({ groups }) => groups?.place ?? ''),
  )
  return [...(typeof from === 'string' ? [from] : from), ...drawn].map(place => {
    const colon = place.indexOf(':')
    const source = colon === -1 ? place : place.slice(0, colon)
    const name = colon === -1 ? '' : place.slice(colon + 1)
    const header = source === 'header' || source === 'signed-headers'
    return { source: header ? 'header' : source, name: header ? name.toLowerCase() : name }
  })
}

/** The headers that the scheme names, in lower case, each once. */
export function headersOf(scheme: Scheme): string[] {
  const names = placesOf(scheme).filter(({ source }) => source === 'header')
  return [...new Set(names.map(({ name }) => name))]
}

/** The headers that may carry the signature, in lower case. */
export function signatureHeaders({ from }: Scheme): string[] {
  const places = typeof from === 'string' ? [from] : from
  return places
    .filter(place => place.startsWith('header:'))
    .map(place => place.slice('header:'.length).toLowerCase())
}
