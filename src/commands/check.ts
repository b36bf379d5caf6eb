import { systemClock } from '../clock.ts'
import { effectiveMap, writeEffective } from '../config/effective.ts'
import type { ProviderSettings, Settings } from '../config/settings.ts'
import { machineSources, type SecretSources } from '../secrets/resolve.ts'
import type { Millis } from '../units.ts'
import { compileScheme } from '../verify/compile.ts'
import { findingsOf } from './check-findings.ts'
import { type Command, readArguments } from './command.ts'
import { readMap, USUAL_MAP } from './map.ts'
import { paintIssue, processTerminal, type Terminal } from './terminal.ts'

export const command: Command = {
  help: `hookwarden check [--config FILE] [--effective] [--json] [--dev]

Reports everything that is wrong with a provider map, and secrets and
certificates that cannot be used, with place and fix.

  --config FILE  the map (${USUAL_MAP})
  --effective    print every provider with all defaults filled in, secrets as references
  --json         for machines
  --dev          as with \`run --dev\`: allow plain: secrets and no certificate

Example: hookwarden check --config hookwarden.yaml --effective
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
  const findings = loaded.settings === undefined ? [] : findingsOf(loaded, sources, now)
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
