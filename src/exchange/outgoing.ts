import { mediaType } from '../admit/media-type.ts'
import { cleanHeaders, cleanTarget } from '../forward/clean.ts'
import type { Outgoing } from '../forward/request.ts'
import type { Head } from '../head.ts'
import type { Proof } from '../verify/verifier.ts'
import type { Held } from './held.ts'
import type { Sender } from './peer.ts'
import type { Route, Serving } from './route.ts'
import type { Observer } from './site.ts'

/** A delivery that may go upstream. */
interface Admitted {
  readonly head: Head
  readonly body: Held
  /** Undefined for what is unproven. */
  readonly proof: Proof | undefined
  readonly sender: Sender
  readonly requestId: string
}

/** What goes upstream of it: nothing that a sender may not claim, and no secret. */
export function outgoing(
  { head, body, proof, sender, requestId }: Admitted,
  { provider, upstreamPath }: Route,
  { leaks }: Serving,
  { observer }: { readonly observer: Observer },
): Outgoing {
  const { credentials, introduced, forwardAs } = provider
  const verified = proof && introduced[proof.secret]
  const intro = { address: sender.peer.address, protocol: sender.protocol, requestId, verified }
  const { headers, leaked } = cleanHeaders(
    head,
    { credentials, leaks, type: typeFor(head, forwardAs) },
    intro,
  )
  for (const name of leaked) observer.leaked(provider.name, requestId, name)
  return {
    method: head.method,
    target: cleanTarget(upstreamPath, head.query, credentials),
    headers,
    body: body.chunks(),
    length: body.size,
  }
}

/** What Automatisch is told instead of a type of which it would lose the body; undefined for one that it parses. */
function typeFor(head: Head, forwardAs: Route['provider']['forwardAs']): string | undefined {
  if (forwardAs === undefined) return undefined
  const given = head.only('content-type')
  return typeof given === 'string' && forwardAs.of.has(mediaType(given))
    ? forwardAs.type
    : undefined
}
