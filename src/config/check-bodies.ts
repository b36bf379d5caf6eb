import { templatesOf } from './demands.ts'
import type { Path } from './issues.ts'
import type { Report } from './report.ts'
import type { Salvaged } from './salvage.ts'
import type { ProviderValues } from './schema.ts'
import type { Signing } from './signing.ts'

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
