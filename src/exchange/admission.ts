import type { Declared } from '../admit/length.ts'
import { acceptableEncoding, acceptableType } from '../admit/media-type.ts'
import type { Head } from '../head.ts'
import { CLEAN, type Verdict } from '../reasons.ts'
import type { Sender } from './peer.ts'
import type { Provider } from './route.ts'

/** Whether the provider takes anything from this end now: its addresses, and the certificate it asks for. */
export function openTo({ peer }: Sender, provider: Provider, drained: boolean): Verdict {
  if (drained) return 'draining'
  if (provider.allowIps?.has(peer.address) === false) return 'address_not_allowed'
  if (provider.asksCertificate && peer.identity?.proves(provider.name) !== true)
    return 'client_certificate'
  if (provider.mode === 'off') return 'switched_off'
  return provider.verifier === undefined ? 'secret_unavailable' : CLEAN
}

/** Whether the head announces a body that the provider takes: its length, its type, and how it is coded. */
export function admissible(
  head: Head,
  declared: Declared,
  { maxBody, contentTypes, encodings }: Provider,
): Verdict {
  if (typeof declared === 'number' && declared > maxBody) return 'body_too_large'
  const given = head.only('content-type')
  const type = acceptableType(given, contentTypes, declared !== 0)
  return type === CLEAN ? acceptableEncoding(head.only('content-encoding'), encodings, given) : type
}
