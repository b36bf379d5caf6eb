import { examine } from '../doctor/doctor.ts'
import { CONTROLS, type Finding, RULES, type RuleId } from '../doctor/rules.ts'
import { Fault } from '../errors.ts'
import { nearest } from '../spelling.ts'
import { processWorld } from './asked.ts'
import { type Command, readArguments } from './command.ts'
import { databaseUrl } from './database-asked.ts'
import { type EvidenceOptions, gather } from './doctor-evidence.ts'
import { probe } from './doctor-probes.ts'
import { KEY_OPTIONS } from './keys-asked.ts'
import type { Terminal } from './terminal.ts'

export const command: Command = {
  help: `hookwarden doctor [--config FILE] [--compose FILE]… [--kubernetes FILE]… [options]

Audits the posture of an installation: what is wrong, why it matters, how to mend it. Reads files and the environment, and
asks nothing over the network unless told to.

  --config FILE      the map
  --compose FILE     a compose file; all that belong together
  --kubernetes FILE  manifests; all that belong together
  --env-file FILE, --encryption-key REFERENCE, …
                     where Automatisch's keys are, as for \`hookwarden keys\`; those at hand are checked
  --latest VERSION   the newest release of Automatisch, to compare image tags with
  --ignore RULE:REASON
                     accepts a finding; the reason is shown
  --json             for machines

What it asks only where told, with three seconds for each:
  --reach HOST       whether ports 3000, 5432 and 6379 of this host answer from here: name it by its public address
  --automatisch URL  whether the dashboard of the queues answers there, and how far the clocks are apart
  --try-login        with --automatisch: whether the login that everybody knows still works
  --redis HOST:PORT  whether Redis answers without a password
  --database REFERENCE
                     what the role of this URL may read, whether its password is the stock one, and the clock; env:NAME,
                     file:PATH or the URL, ten seconds

Every rule has its section in docs/doctor.md.
Example: hookwarden doctor --config hookwarden.yaml --compose docker-compose.yml
Exit codes: 0 nothing found, 1 findings, 2 it cannot be done as asked.`,

  async main(args) {
    const options = readArguments(args, {
      ...KEY_OPTIONS,
      config: { type: 'string' },
      compose: { type: 'string', multiple: true, default: [] },
      kubernetes: { type: 'string', multiple: true, default: [] },
      latest: { type: 'string' },
      ignore: { type: 'string', multiple: true, default: [] },
      reach: { type: 'string', multiple: true, default: [] },
      automatisch: { type: 'string' },
      'try-login': { type: 'boolean', default: false },
      redis: { type: 'string' },
      database: { type: 'string' },
      json: { type: 'boolean', default: false },
    })
    const world = processWorld(false)
    const ignored = readIgnored(options.ignore)
    const { automatisch, database, reach, redis } = options
    const asks = reach.length > 0 || [automatisch, database, redis].some(one => one !== undefined)
    const probed = await probe({
      ...options,
      database: database === undefined ? undefined : databaseUrl(database, world.sources),
      tryLogin: options['try-login'],
      now: world.now,
    })
    const evidence = await gather(options as EvidenceOptions, world, asks ? probed : undefined)
    return tell(examine(evidence), ignored, options.json, world.terminal)
  },
}

/** Reads `RULE:REASON`. Throws a fault where there is no such rule, or no reason. */
export function readIgnored(given: readonly string[]): ReadonlyMap<RuleId, string> {
  return new Map(
    given.map(text => {
      const [name = '', ...rest] = text.split(':')
      const reason = rest.join(':').trim()
      const rules = Object.keys(RULES) as RuleId[]
      const rule = rules.find(one => one === name)
      if (rule === undefined) {
        const near = nearest(name, rules)
        const hint = near === undefined ? 'see docs/doctor.md' : `did you mean '${near}'?`
        throw new Fault('usage', `--ignore: no rule is called '${name}': ${hint}`)
      }
      if (reason === '') {
        throw new Fault('usage', `--ignore ${rule}: say why, as in '${rule}:REASON'`)
      }
      return [rule, reason] as const
    }),
  )
}

/** Writes what was found, the same rule once; gives the exit code. */
export function tell(
  findings: readonly Finding[],
  ignored: ReadonlyMap<RuleId, string>,
  json: boolean,
  terminal: Terminal,
): number {
  const open = findings.filter(({ rule }) => !ignored.has(rule))
  const code = open.length === 0 ? 0 : 1
  if (json) {
    const row = (finding: Finding) => ({ ...finding, ...RULES[finding.rule] })
    const accepted = findings
      .filter(({ rule }) => ignored.has(rule))
      .map(finding => ({ ...row(finding), reason: ignored.get(finding.rule) }))
    terminal.out(JSON.stringify({ findings: open.map(row), ignored: accepted }, null, 2))
    return code
  }
  const rules = [...new Set(open.map(({ rule }) => rule))]
  for (const rule of rules) {
    const { what, why, fix } = RULES[rule]
    terminal.out(`${terminal.paint('red', rule)}  ${terminal.paint('bold', what)}`)
    for (const { where, detail } of open.filter(one => one.rule === rule)) {
      terminal.out(`  at   ${where}${detail === undefined ? '' : `: ${detail}`}`)
    }
    terminal.out(`  why  ${why}\n  fix  ${fix}\n`)
  }
  for (const rule of new Set(findings.map(one => one.rule))) {
    const reason = ignored.get(rule)
    if (reason !== undefined) terminal.out(terminal.paint('dim', `${rule}  ignored: ${reason}`))
  }
  const where = open.length === 1 ? '1 place' : `${open.length} places`
  const what = rules.length === 1 ? '1 rule' : `${rules.length} rules`
  terminal.out(
    code === 0
      ? terminal.paint('green', 'nothing found')
      : terminal.paint('red', `${what} found something, at ${where}`),
  )
  return code
}

/** The page of all rules. */
export function doctorPage(): string {
  const sections = Object.entries(RULES).map(
    ([rule, { control, what, why, fix }]) =>
      `## \`${rule}\`\n\n${upperFirst(what)}.\n\n**Why.** ${why} The control it serves: ${CONTROLS[control]}.\n\n**Fix.** ${fix}\n`,
  )
  return `# What \`hookwarden doctor\` looks for

\`hookwarden doctor\` reads the map, compose files, Kubernetes manifests, Automatisch's keys and the files that hold secrets, and says what is
wrong with each, why it matters and how to mend it. It asks nothing over the network unless a flag says so. Each rule is
below; \`--ignore RULE:REASON\` accepts what it finds. Exit code 1 means findings.

\`\`\`sh
hookwarden doctor --config hookwarden.yaml --compose docker-compose.yml --env-file keys.env --latest 0.15.0
\`\`\`

A value of a compose file that comes from elsewhere (\`\${NAME}\`) is not known here and not judged; \`\${NAME:-default}\` is judged by its default.

${sections.join('\n')}`
}

function upperFirst(text: string): string {
  return /^[a-z]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text
}
