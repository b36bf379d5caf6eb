import { templatesOf } from './demands.ts'
import type { Path } from './issues.ts'
import type { Report } from './report.ts'
import type { Salvaged } from './salvage.ts'
import type { ProviderValues } from './schema.ts'
import type { Signing } from './signing.ts'

/** Types that Automatisch parses; of any other it loses the body. */
const PARSED: ReadonlySet<string> = new Set([
  'application/json',
  'application/x-www-form-urlencoded',
  'text/plain',
  'multipart/form-data',
])
/** Types that say themselves that they are no JSON. */
const NO_JSON = /[/+](?:xml|html|yaml|csv)$|^(?:image|audio|video|font)\//

/** Those of the types whose body Automatisch would lose. */
export function lostOf(types: readonly string[]): readonly string[] {
  return types.filter(type => !PARSED.has(type))
}

/** Checks that a type is forwarded as another only where that saves a body. */
export function checkForwarded(
  forwarded: string | undefined,
  types: readonly string[],
  at: Path,
  report: Report,
): void {
  if (forwarded === undefined) return
  const lost = lostOf(types)
  const key = [...at, 'forward_as']
  if (lost.length === 0) {
    const message = 'Automatisch parses every type that this provider accepts'
    const fix = 'remove it, or list the type of the sender in `content_types`'
    report.at(key, { message, fix, ofKey: true })
  }
  const other = lost.find(type => forwarded === 'application/json' && NO_JSON.test(type))
  if (other === undefined) return
  const message = `${other} is no JSON: Automatisch would answer 400`
  report.at(key, { message, fix: 'did you mean `text/plain`?' })
}

/** Checks that the bodies which an entry admits are what its scheme reads. */
export function checkBodies(
  { content_encodings: encodings }: Salvaged<ProviderValues>,
  signing: Signing,
  at: Path,
  report: Report,
): void {
  if (encodings === undefined || encodings.length === 0 || !readsFields(signing)) return
  report.at([...at, 'content_encodings'], {
    message:
      "this sender's scheme reads fields of the body, and would read them in the compressed bytes",
    fix: 'remove it: what is verified has to be what Automatisch inflates',
    ofKey: true,
  })
}

/** Whether a body is read as JSON or as a form: a compressed one could be made to say one thing twice. */
function readsFields(signing: Signing): boolean {
  if ('none' in signing) return false
  const { from, each, code } = signing
  const placed = [from].flat().some(place => /^(?:json:|form:|body$)/.test(place))
  const named = /(?:^|[^\\])(?:\\\\)*\{(?:json:|form:|sorted-form[|:}]|sns[|}])/m
  return placed || each !== undefined || code === 'dropbox-sign' || named.test(templatesOf(signing))
}
