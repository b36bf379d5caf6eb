import type { RejectReason } from '../reasons.ts'
import type { Site } from './site.ts'

/** What the operator is told of an unproven delivery to a flow that is not published. */
export const DRAFT = 'the flow is not published, and nothing proves who sent this'

/** Who asks for a path that has no route. */
export interface Seeking {
  /** It was looked for; with this reason it is refused where it still has none. */
  sought(refusal: RejectReason): void
}

/** Has a path looked for: at once where flows are not discovered, else within two seconds. */
export function seek(site: Site, path: string, seeking: Seeking): void {
  const found = site.seek(path)
  if (found instanceof Promise) void found.then(late => seeking.sought(late))
  else seeking.sought(found)
}
