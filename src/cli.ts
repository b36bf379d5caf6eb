import { systemClock } from './clock.ts'
import { Fault } from './errors.ts'

interface Entry {
  readonly name: string
  readonly summary: string
  load(): Promise<{
    readonly command: { readonly help: string; main(args: string[]): Promise<number> }
  }>
}

const COMMANDS: readonly Entry[] = [
  {
    name: 'run',
    summary: 'serves: admits, verifies and forwards deliveries',
    load: () => import('./commands/run.ts'),
  },
  {
    name: 'check',
    summary: 'reports everything that is wrong with a map; --effective shows it with all defaults',
    load: () => import('./commands/check.ts'),
  },
  {
    name: 'init',
    summary: 'writes a first map: asks, or takes options',
    load: () => import('./commands/init.ts'),
  },
  {
    name: 'discover',
    summary:
      'lists the webhook flows of an Automatisch database, and the map entries that are missing',
    load: () => import('./commands/discover.ts'),
  },
  {
    name: 'sign',
    summary: 'signs a delivery as its sender does: a curl command, or sent with --send',
    load: () => import('./commands/sign.ts'),
  },
  {
    name: 'verify',
    summary: 'judges a captured request offline, as `run` would',
    load: () => import('./commands/verify.ts'),
  },
  {
    name: 'explain',
    summary: 'says why a captured request does not verify, and what to do',
    load: () => import('./commands/explain.ts'),
  },
  {
    name: 'rehearse',
    summary: 'sends a folder of deliveries to a staged instance and compares the answers',
    load: () => import('./commands/rehearse.ts'),
  },
  {
    name: 'selftest',
    summary: 'tries every preset against signatures that others made, and against forgeries',
    load: () => import('./commands/selftest.ts'),
  },
  {
    name: 'doctor',
    summary: 'audits the posture of an installation: what is wrong, why it matters, how to mend it',
    load: () => import('./commands/doctor.ts'),
  },
  {
    name: 'readiness',
    summary: 'says whether a provider in report mode can be enforced, or what blocks',
    load: () => import('./commands/readiness.ts'),
  },
  {
    name: 'keys',
    summary: 'guards the three keys of Automatisch: generate, check, pin, escrow, prove',
    load: () => import('./commands/keys.ts'),
  },
  {
    name: 'keygen',
    summary: 'makes a sealing key, for `seal` and for `keys escrow`',
    load: () => import('./commands/keygen.ts'),
  },
  {
    name: 'seal',
    summary: 'seals a secret, so that it can stand in the map: `sealed:…`',
    load: () => import('./commands/seal.ts'),
  },
  {
    name: 'health',
    summary: 'asks the admin listener whether it is ready: the health check of a container',
    load: () => import('./commands/health.ts'),
  },
  {
    name: 'reference',
    summary: 'prints the reference page of the map',
    load: () => import('./commands/reference.ts'),
  },
]

const HELP = `hookwarden COMMAND [options]

${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`).join('\n')}

\`hookwarden COMMAND --help\` says more, \`hookwarden --version\` which one this is. Exit codes: 0 fine, 1 a finding, 2 it cannot be done as asked, 70 a bug.`

/** Commands that serve, or wait for a person: nobody is told that they are still at it. */
const ASKS = new Set(['run', 'init', 'seal'])

/** What a bug of ours exits with. */
const BUG = 70

process.exitCode = await main(process.argv.slice(2))

async function main([name, ...args]: string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const asked = COMMANDS.find(one => one.name === args[0])
    console.log(asked === undefined || name !== 'help' ? HELP : (await asked.load()).command.help)
    return name === undefined ? 2 : 0
  }
  if (name === '--version' || name === '-v' || name === 'version') {
    const { ownVersion } = await import('./commands/version.ts')
    console.log(`hookwarden ${ownVersion()} (Node ${process.version})`)
    return 0
  }
  const entry = COMMANDS.find(one => one.name === name)
  if (entry === undefined) {
    console.error(
      `hookwarden: unknown command \`${name}\`; known: ${COMMANDS.map(one => one.name).join(', ')}`,
    )
    return 2
  }
  if (name !== 'run') endWithReader() // a log that nobody reads stops nothing
  const { command } = await entry.load()
  if (args.includes('--help') || args.includes('-h')) {
    console.log(command.help)
    return 0
  }
  const progress = ASKS.has(name) ? undefined : await progressOf(name)
  try {
    return await command.main(args)
  } catch (error) {
    progress?.end()
    if (error instanceof Fault) console.error(`hookwarden ${name}: ${error.message}`)
    else console.error(`hookwarden ${name}: a bug in hookwarden:`, error)
    return error instanceof Fault ? 2 : BUG
  } finally {
    progress?.end()
  }
}

/** Tells who waits at a terminal that a command is still at it. */
async function progressOf(name: string) {
  const { Progress } = await import('./commands/progress.ts')
  return new Progress(`hookwarden ${name}`, systemClock, process.stderr)
}

/** Whoever reads standard output has seen enough: `hookwarden check | head`. */
function endWithReader(): void {
  process.stdout.on('error', error => {
    if ('code' in error && error.code === 'EPIPE') process.exit(process.exitCode ?? 0)
    throw error
  })
}
