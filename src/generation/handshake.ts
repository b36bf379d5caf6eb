import type { ProviderSettings, Settings } from '../config/settings.ts'
import { resolveSecret, type SecretSources } from '../secrets/resolve.ts'
import { BoundHandshake, signsForAnybody } from '../verify/bound-handshake.ts'
import { compileScheme } from '../verify/compile.ts'
import type { CompiledScheme } from '../verify/compiled.ts'
import type { Handshake } from '../verify/handshake.ts'
import { JsonOnlyVerifier } from '../verify/json-only.ts'
import { keyBytes } from '../verify/key.ts'
import { SealedChallengeVerifier } from '../verify/sealed-challenge.ts'
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
  const asked = isShared(one, shared, sources)
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
    topic: one.values.topic_arn,
  }
  return {
    handshake: asked.length === 0 ? undefined : new BoundHandshake(asked, bound),
    guard: verifier =>
      signsForAnybody(asked)
        ? new JsonOnlyVerifier(verifier)
        : withSealed(verifier, asked, { keys, token: bound.token }),
    problems,
  }
}

/** Lets the verifier answer challenges that are encrypted and not signed. */
function withSealed(
  verifier: Verifier,
  asked: readonly Handshake[],
  { keys, token }: { readonly keys: readonly Key[]; readonly token: Uint8Array | undefined },
): Verifier {
  const sealed = asked.find(one => one.kind === 'sealed-body')
  if (sealed === undefined || token === undefined) return verifier
  const secrets = keys.map(({ bytes }) => bytes)
  return new SealedChallengeVerifier(verifier, sealed, { secrets, token })
}

/** Why challenges that want a MAC of any value are not answered. */
export const SHARED =
  'another provider has the same secret, so challenges are not answered: what is signed for one could be sent as the other'

/** The keys that more than one entry has, where one of them would sign for anybody. */
export function sharedSecrets(
  { providers }: Pick<Settings, 'providers'>,
  sources: SecretSources,
): ReadonlySet<string> {
  const owners = new Map<string, number>()
  if (!providers.some(({ handshake }) => signsForAnybody(handshake))) return new Set()
  for (const one of providers) {
    for (const key of keysOf(one, sources)) owners.set(key, (owners.get(key) ?? 0) + 1)
  }
  return new Set([...owners].filter(([, count]) => count > 1).map(([key]) => key))
}

/** Whether the entry would sign for anybody with a key that another entry has. */
export function isShared(
  one: ProviderSettings,
  shared: ReadonlySet<string>,
  sources: SecretSources,
): boolean {
  return signsForAnybody(one.handshake) && !keysOf(one, sources).isDisjointFrom(shared)
}

/** What the secrets of an entry come to as keys of its scheme, whatever they are written as. */
function keysOf(one: ProviderSettings, sources: SecretSources): Set<string> {
  const { scheme, secrets } = one
  if ('none' in scheme) return new Set()
  const compiled = compileScheme(scheme, one)
  if (Array.isArray(compiled) || compiled.proves !== 'secret') return new Set()
  const keys = secrets.flatMap(({ ref }) => {
    const secret = resolveSecret(ref, sources)
    const bytes = 'problem' in secret ? secret.problem : keyBytes(compiled, secret.bytes)
    return typeof bytes === 'string' ? [] : [Buffer.from(bytes).toString('latin1')]
  })
  return new Set(keys)
}

/** The key that stays: a sender that changes its secret signs with the new one. */
function macKey(compiled: CompiledScheme, keys: readonly Key[]): Uint8Array | undefined {
  const key = keys.find(({ until }) => until === undefined) ?? keys[0]
  if (key === undefined || compiled.proves !== 'secret') return undefined
  const bytes = keyBytes(compiled, key.bytes)
  return typeof bytes === 'string' ? undefined : bytes
}
