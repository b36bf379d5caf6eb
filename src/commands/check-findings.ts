import type { Issue } from '../config/issues.ts'
import type { Sound } from '../config/load.ts'
import type { ProviderSettings } from '../config/settings.ts'
import { isShared, SHARED, sharedSecrets } from '../generation/handshake.ts'
import { resolvePublicKey } from '../secrets/public-key.ts'
import { nameOf, readReference, resolveSecret, type SecretSources } from '../secrets/resolve.ts'
import type { Millis } from '../units.ts'
import { compileScheme } from '../verify/compile.ts'
import { keyProblem } from '../verify/key.ts'
import { tlsFindings } from './check-tls.ts'

/**
 * What a map without fault names and nobody can use: secrets, keys, certificates.
 *
 * @param now wall clock: a secret whose time is over is not missed
 */
export function findingsOf(loaded: Sound, sources: SecretSources, now: Millis): readonly Issue[] {
  return [
    ...secretFindings(loaded, sources, now),
    ...publicKeyFindings(loaded, sources),
    ...tokenFindings(loaded, sources),
    ...sharedFindings(loaded, sources),
    ...storeFindings(loaded, sources),
    ...databaseFindings(loaded, sources),
    ...tlsFindings(loaded, path => sources.readFile(path), now),
  ]
}

/** Secrets that nobody can use. One whose time is over may be gone. */
function secretFindings({ settings, secretIssue }: Sound, sources: SecretSources, now: Millis) {
  return settings.providers.flatMap(provider =>
    provider.secrets.flatMap(({ ref, until }, index) => {
      if (until !== undefined && until < now) return []
      if (isAwaited(provider, sources)) return []
      const problem = secretProblem(provider, ref, sources)
      const fix = `set it to the secret that the sender has; without one, ${provider.name} answers 503 secret_unavailable`
      return problem === undefined ? [] : [secretIssue(provider.name, index, problem, fix)]
    }),
  )
}

/** Whether the secret is one that the sender hands over, and has not yet. */
function isAwaited({ enrolment }: ProviderSettings, { readFile }: SecretSources): boolean {
  if (enrolment === undefined) return false
  try {
    readFile(enrolment.file)
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT'
  }
}

/** Public keys in files that nobody can verify with. */
function publicKeyFindings({ settings, publicKeyIssue }: Sound, sources: SecretSources) {
  return settings.providers.flatMap(provider => {
    const problem = publicKeyProblem(provider, sources)
    const fix = `give the key that the sender shows; without one, ${provider.name} answers 503 secret_unavailable`
    return problem === undefined ? [] : [publicKeyIssue(provider.name, problem, fix)]
  })
}

/** Tokens of challenges that cannot be compared with. */
function tokenFindings({ settings, tokenIssue }: Sound, sources: SecretSources) {
  return settings.providers.flatMap(({ name, verifyToken }) => {
    const token = verifyToken === undefined ? undefined : resolveSecret(verifyToken, sources)
    if (token === undefined || !('problem' in token)) return []
    const fix = `set it to the token that you gave the sender; without one, every challenge to ${name} is refused`
    return [tokenIssue(name, token.problem, fix)]
  })
}

/** Challenges that go unanswered because the secret is not this sender's alone. */
function sharedFindings({ settings, secretIssue }: Sound, sources: SecretSources) {
  const shared = sharedSecrets(settings, sources)
  return settings.providers
    .filter(provider => isShared(provider, shared, sources))
    .map(({ name }) =>
      secretIssue(name, 0, SHARED, 'give each a secret of its own, or write `handshake: off`'),
    )
}

/** What the shared store asks for and nobody can read: it would keep `run` from starting. */
function storeFindings({ settings: { store }, storeIssue }: Sound, sources: SecretSources) {
  return (['user', 'password', 'ca'] as const).flatMap(key => {
    const given = store?.[key]
    if (given === undefined) return []
    const found = readReference(key === 'ca' ? `file:${given}` : given, sources)
    if (!('problem' in found)) return []
    return [storeIssue(key, found.problem, 'without it Hookwarden does not start')]
  })
}

/** Where flows are discovered, and nobody can read it. */
function databaseFindings(
  { settings: { discovery }, databaseIssue }: Sound,
  sources: SecretSources,
) {
  if (discovery === undefined) return []
  const found = readReference(discovery.database, sources)
  if (!('problem' in found)) return []
  return [databaseIssue(found.problem, 'without it no flow is discovered: 503 discovery_pending')]
}

function publicKeyProblem(provider: ProviderSettings, sources: SecretSources): string | undefined {
  const { scheme, publicKey } = provider
  if (publicKey === undefined || 'none' in scheme) return undefined
  const bytes = resolvePublicKey(publicKey.text, sources)
  if ('problem' in bytes) return bytes.problem
  const compiled = compileScheme(scheme, provider)
  return Array.isArray(compiled) ? undefined : keyProblem(compiled, bytes, publicKey.form)
}

function secretProblem(
  provider: ProviderSettings,
  ref: string,
  sources: SecretSources,
): string | undefined {
  const secret = resolveSecret(ref, sources)
  if ('problem' in secret) return secret.problem
  const { scheme } = provider
  const compiled = 'none' in scheme ? [] : compileScheme(scheme, provider)
  if (Array.isArray(compiled)) return undefined
  const problem = keyProblem(compiled, secret.bytes)
  return problem === undefined ? undefined : `${nameOf(ref)}: ${problem}`
}
