import { cleanHeaders, cleanTarget } from '../forward/clean.ts'
import type { Outgoing } from '../forward/upstream.ts'
import type { Head } from '../head.ts'
import type { Proof } from '../verify/verifier.ts'
import type { Held } from './held.ts'
import type { Route, Serving } from './route.ts'
import type { Observer } from './site.ts'

/** A delivery that may go upstream. */
interface Admitted {
  readonly head: Head
  readonly body: Held
  /** Undefined for what is unproven. */
  readonly proof: Proof | undefined
  readonly address: string
  readonly requestId: string
}

/** What goes upstream of it: nothing that a sender may not claim, and no secret. */
export function outgoing(
  { head, body, proof, address, requestId }: Admitted,
  { provider, upstreamPath }: Route,
  { leaks }: Serving,
  observer: Observer,
): Outgoing {
  const { credentials, introduced } = provider
  const verified = proof && introduced[proof.secret]
  const intro = { address, requestId, verified }
  const { headers, leaked } = cleanHeaders(head, { credentials, leaks }, intro)
  for (const name of leaked) observer.leaked(provider.name, requestId, name)
  return {
    method: head.method,
    target: cleanTarget(upstreamPath, head.query, credentials),
    headers,
    body: body.chunks(),
    length: body.size,
    lent: body.lend(),
  }
}
