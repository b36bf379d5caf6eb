import { systemClock } from '../clock.ts'
import { effectiveMap, writeEffective } from '../config/effective.ts'
import type { Loaded } from '../config/load.ts'
import type { ProviderSettings, Settings } from '../config/settings.ts'
import { isShared, SHARED, sharedSecrets } from '../generation/handshake.ts'
import { resolvePublicKey } from '../secrets/public-key.ts'
import {
  machineSources,
  nameOf,
  readReference,
  resolveSecret,
  type SecretSources,
} from '../secrets/resolve.ts'
import type { Millis } from '../units.ts'
import { compileScheme } from '../verify/compile.ts'
import { keyProblem } from '../verify/key.ts'
import { tlsFindings } from './check-tls.ts'
import { type Command, readArguments } from './command.ts'
import { readMap, USUAL_MAP } from './map.ts'
import { paintIssue, processTerminal, type Terminal } from './terminal.ts'

type Sound = Extract<Loaded, { readonly settings: Settings }>

export const command: Command = {
  help: `hookwarden check [--config FILE] [--effective] [--json] [--dev]

Reports everything that is wrong with a provider map, and secrets and
certificates that cannot be used, with place and fix.

  --config FILE  the map (${USUAL_MAP})
  --effective    print every provider with all defaults filled in, secrets as references
  --json         for machines
  --dev          as with \`run --dev\`: allow plain: secrets and no certificate

Exit codes: 0 fine, 1 a finding, 2 it cannot be done as asked.`,

  async main(args) {
    const options = readArguments(args, {
      config: { type: 'string', default: USUAL_MAP },
      effective: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      dev: { type: 'boolean', default: false },
    })
    return check(options, {
      sources: machineSources(options.dev),
      terminal: processTerminal,
      now: systemClock.wall(),
    })
  },
}

/** What `check` was asked. */
export interface CheckOptions {
  readonly config: string
  readonly effective: boolean
  readonly json: boolean
  readonly dev: boolean
}

/** What it looks at and where it speaks. */
export interface CheckWorld {
  readonly sources: SecretSources
  readonly terminal: Terminal
  /** Wall clock: a secret whose time is over is not missed. */
  readonly now: Millis
}

/** Checks a map and says what it found; gives the exit code. */
export function check(options: CheckOptions, { sources, terminal, now }: CheckWorld): number {
  const loaded = readMap(options.config, options.dev)
  const findings =
    loaded.settings === undefined
      ? []
      : [
          ...secretFindings(loaded, sources, now),
          ...publicKeyFindings(loaded, sources),
          ...tokenFindings(loaded, sources),
          ...sharedFindings(loaded, sources),
          ...storeFindings(loaded, sources),
          ...databaseFindings(loaded, sources),
          ...tlsFindings(loaded, path => sources.readFile(path), now),
        ]
  const issues = loaded.issues ?? []
  const found = issues.length + findings.length
  const effective =
    options.effective && loaded.settings !== undefined
      ? effectiveMap(loaded.settings, notesOf)
      : undefined
  if (options.json) {
    terminal.out(JSON.stringify({ file: options.config, issues, findings, effective }, null, 2))
    return found === 0 ? 0 : 1
  }
  // with --effective what was asked for is YAML, and it should stay readable as such
  const say = effective === undefined ? terminal.out : terminal.err
  if (effective !== undefined) terminal.out(writeEffective(effective).trimEnd())
  for (const issue of [...issues, ...findings]) say(`${paintIssue(issue, terminal)}\n`)
  if (loaded.settings === undefined || found > 0) {
    say(terminal.paint('red', `${options.config}: ${counted(found, 'issue')}`))
    return 1
  }
  if (effective === undefined)
    say(terminal.paint('green', summary(options.config, loaded.settings)))
  return 0
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

/** What the verifier adds to an entry. */
function notesOf(provider: ProviderSettings): Readonly<Record<string, unknown>> {
  const { scheme } = provider
  if ('none' in scheme) return { decides: 'unsigned' }
  const compiled = compileScheme(scheme, provider)
  return Array.isArray(compiled) ? {} : { decides: compiled.decides }
}

function summary(file: string, { providers }: Settings): string {
  const routes = providers.reduce((sum, { routes }) => sum + routes.length, 0)
  const discovered = providers.some(({ discovers }) => discovers !== undefined)
  const more = discovered ? ' and those that are discovered' : ''
  return `${file}: ${counted(providers.length, 'provider')}, ${counted(routes, 'route')}${more}, no issue`
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
