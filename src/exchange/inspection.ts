import { mediaType } from '../admit/media-type.ts'
import type { Head } from '../head.ts'
import type { Flaw } from '../inspect/flaw.ts'
import type { InflatedCoding } from '../inspect/inflate.ts'
import type { RejectReason } from '../reasons.ts'
import type { Millis } from '../units.ts'
import type { Held } from './held.ts'
import type { Provider, Serving } from './route.ts'

/** Who hears whether a body may be given to Automatisch. */
export interface Inspecting {
  inspected(): void
  refused(reason: RejectReason, retryAfter: Millis, detail?: string): void
}

/** Has a body looked at for what would end or stop Automatisch, whoever sent it. Of most it is said at once. */
export function inspect(
  head: Head,
  body: Held,
  provider: Provider,
  { inspector }: Serving,
  inspecting: Inspecting,
): void {
  const contentType = head.only('content-type')
  const encoding = head.only('content-encoding')
  const usual = contentType === 'application/json' && encoding === undefined
  if (usual || typeof contentType !== 'string') return inspecting.inspected()
  const { encodings, forwardAs, maxBody } = provider
  const coding = body.size === 0 ? undefined : codingOf(encoding, encodings)
  const given = mediaType(contentType)
  const type = forwardAs?.of.has(given) === true ? forwardAs.type : given
  const what = { type, contentType, coding, body: body.chunks(), most: maxBody }
  const flaw = inspector.inspect(what)
  if (flaw instanceof Promise) void flaw.then(late => tell(late, inspecting))
  else tell(flaw, inspecting)
}

function tell(flaw: Flaw | undefined, inspecting: Inspecting): void {
  if (flaw === undefined) inspecting.inspected()
  else inspecting.refused(flaw.reason, 0, flaw.detail)
}

function codingOf(value: unknown, encodings: Provider['encodings']): InflatedCoding | undefined {
  if (typeof value !== 'string') return undefined
  const lower = value.toLowerCase()
  for (const one of encodings) if (one === lower) return one
  return undefined
}
