import type { ProviderSettings, Settings } from '../config/settings.ts'
import { resolveSecret, type SecretSources } from '../secrets/resolve.ts'
import { BoundHandshake, signsForAnybody } from '../verify/bound-handshake.ts'
import type { CompiledScheme } from '../verify/compiled.ts'
import { JsonOnlyVerifier } from '../verify/json-only.ts'
import { keyBytes } from '../verify/key.ts'
import type { Key, Verifier } from '../verify/verifier.ts'

/** How the challenges of an entry are answered. */
interface Asked {
  readonly handshake: BoundHandshake | undefined
  /** What that asks of the verifier of its deliveries. */
  readonly guard: (verifier: Verifier) => Verifier
  readonly problems: readonly string[]
}

/** @param shared secrets that several entries have, as `sharedSecrets` gives them */
export function bindHandshake(
  one: ProviderSettings,
  compiled: CompiledScheme,
  keys: readonly Key[],
  { sources, shared }: { readonly sources: SecretSources; readonly shared: ReadonlySet<string> },
): Asked {
  const asked = keys.some(({ bytes }) => shared.has(textOf(bytes)))
    ? one.handshake.filter(handshake => !signsForAnybody([handshake]))
    : one.handshake
  const token = one.verifyToken === undefined ? undefined : resolveSecret(one.verifyToken, sources)
  const problems = [
    ...(token !== undefined && 'problem' in token ? [token.problem] : []),
    ...(asked.length < one.handshake.length ? [SHARED] : []),
  ]
  const bound = {
    mac: macKey(compiled, keys),
    token: token === undefined || 'problem' in token ? undefined : token.bytes,
  }
  return {
    handshake: asked.length === 0 ? undefined : new BoundHandshake(asked, bound),
    guard: verifier => (signsForAnybody(asked) ? new JsonOnlyVerifier(verifier) : verifier),
    problems,
  }
}

/** Why challenges that want a MAC of any value are not answered. */
export const SHARED =
  'another provider has the same secret, so challenges are not answered: what is signed for one could be sent as the other'

/** The secrets that more than one entry has, where one of them would sign for anybody. */
export function sharedSecrets(
  { providers }: Pick<Settings, 'providers'>,
  sources: SecretSources,
): ReadonlySet<string> {
  const owners = new Map<string, number>()
  if (!providers.some(({ handshake }) => signsForAnybody(handshake))) return new Set()
  for (const { secrets } of providers) {
    const own = secrets.map(({ ref }) => resolveSecret(ref, sources))
    const texts = own.flatMap(one => ('problem' in one ? [] : [textOf(one.bytes)]))
    for (const text of new Set(texts)) owners.set(text, (owners.get(text) ?? 0) + 1)
  }
  return new Set([...owners].filter(([, count]) => count > 1).map(([text]) => text))
}

/** Whether the entry would sign for anybody with a secret that another entry has. */
export function isShared(
  { handshake, secrets }: ProviderSettings,
  shared: ReadonlySet<string>,
  sources: SecretSources,
): boolean {
  if (!signsForAnybody(handshake)) return false
  return secrets.some(({ ref }) => {
    const secret = resolveSecret(ref, sources)
    return !('problem' in secret) && shared.has(textOf(secret.bytes))
  })
}

/** The key that stays: a sender that changes its secret signs with the new one. */
function macKey(compiled: CompiledScheme, keys: readonly Key[]): Uint8Array | undefined {
  const key = keys.find(({ until }) => until === undefined) ?? keys[0]
  if (key === undefined || compiled.proves !== 'secret') return undefined
  const bytes = keyBytes(compiled, key.bytes)
  return typeof bytes === 'string' ? undefined : bytes
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}
