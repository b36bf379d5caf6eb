import { REPEATED } from '../head.ts'
import type { Millis } from '../units.ts'
import { withCanonical } from '../verify/atlassian-connect.ts'
import { Body } from '../verify/body.ts'
import type { CompiledScheme } from '../verify/compiled.ts'
import { queryValue } from '../verify/query.ts'
import { Reading, type Within } from '../verify/reading.ts'
import type { Part } from '../verify/template.ts'
import type { Draft } from './draft.ts'

/** What signing needs of the world. */
export interface Moment {
  readonly now: Millis
  /** A value that never came before: for ids and nonces. */
  readonly fresh: () => string
}

/** Values of the variables that the items bind, by slot. */
export type Bound = (string | undefined)[]

/**
 * Puts in what the scheme reads and the request lacks: its time, ids and nonces, and what `require` pins. What is there
 * already stays. Gives the values of variables.
 */
export function fill(compiled: CompiledScheme, draft: Draft, moment: Moment): Bound {
  const bound: Bound = compiled.items.variables.map(() => undefined)
  const { time, sign, require } = compiled
  for (const part of time?.from ?? []) {
    put(part, timeText(time?.unit ?? 's', moment.now), draft, bound)
  }
  if (time?.listedBy !== undefined && draft.head.only(time.listedBy) === undefined) {
    const listed = (time.from ?? []).flatMap(({ source, name }) =>
      source === 'header' ? name : [],
    )
    draft.addHeader(time.listedBy, [time.listedBy, ...listed].join(','))
  }
  for (const { left, right } of require) {
    pin(left, right, compiled, draft, bound)
    pin(right, left, compiled, draft, bound)
  }
  for (const part of [...sign.before, ...sign.after]) {
    if (part.source === 'header' || part.source === 'query' || part.source === 'variable') {
      put(part, part.name === 'content-type' ? 'application/json' : moment.fresh(), draft, bound)
    }
  }
  return bound.map(value => value ?? moment.fresh())
}

/** Makes one side of a pair what the other comes to, where it names one place alone that is empty. */
function pin(
  side: readonly Part[],
  other: readonly Part[],
  compiled: CompiledScheme,
  draft: Draft,
  bound: Bound,
): void {
  const [part, ...more] = side
  if (part === undefined || more.length > 0 || part.filters.length > 0) return
  if (part.source !== 'header' && part.source !== 'query') return
  const value = readingOf(compiled, draft, bound).render(other, 'signature_missing')
  if (value !== undefined) put(part, value, draft, bound)
}

/** Puts a value where a part looks for it, unless one is there. A field of a body is set in any case: samples are old. */
function put({ source, name, slot }: Part, value: string, draft: Draft, bound: Bound): void {
  switch (source) {
    case 'variable':
      bound[slot] ??= value
      break
    case 'header':
      if (draft.head.only(name) === undefined) draft.addHeader(name, value)
      break
    case 'query':
      if (queryValue(draft.head.query, name) === undefined) draft.addQuery(name, value)
      break
    case 'form':
      draft.setForm(name, value)
      break
    case 'json':
      draft.setJson(name.split('.'), /^\d{1,15}$/.test(value) ? Number(value) : value)
      break
    default:
  }
}

/** The draft as templates see it. */
export function readingOf(compiled: CompiledScheme, draft: Draft, bound: Bound): Reading {
  const { head } = draft
  const shown = compiled.code === 'atlassian-connect' ? (withCanonical(head) ?? head) : head
  return new Reading(shown, bound, withinOf(compiled, draft.body))
}

function withinOf({ json }: CompiledScheme, bytes: Uint8Array): Within {
  const body = new Body([bytes])
  const fields = json && body.json(json)
  return { body, fields: fields === REPEATED ? undefined : fields }
}

/** A time as a sender writes it. */
function timeText(unit: NonNullable<CompiledScheme['time']>['unit'], now: Millis): string {
  switch (unit) {
    case 's':
      return String(Math.floor(now / 1000))
    case 'ms':
      return String(now)
    case 'iso':
      return new Date(now).toISOString()
    case 'http':
      return new Date(now).toUTCString()
  }
}
