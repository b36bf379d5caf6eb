import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import t from 'tap'
import { documented, mentioned } from './support/documented.ts'

/** Programs that pages call and no test runs as they stand, each with the reason why not. */
const NOT_RUN: Readonly<Record<string, string>> = {
  docker: 'no engine that pulls images: test/container/ does the same with podman and stand-ins',
  kubectl:
    'no cluster: test/deploy.test.ts and test/long/kubernetes.test.ts read what it would apply',
  psql: 'wants a database of Automatisch: test/unit/discovery runs the same file against PostgreSQL',
  rsync: 'wants another host',
  createdb: 'run by test/container/compose.test.ts, in a container',
  pg_restore: 'run by test/container/compose.test.ts, in a container',
  sha256sum: 'run by test/container/compose.test.ts, on what the backup wrote',
  nft: 'run by test/container/firewall.test.ts, in a network namespace',
  './prepare.sh': 'run by test/container/compose.test.ts',
  './try.sh': 'run by test/container/compose.test.ts',
  curl: 'wants an installation with a name of its own',
  openssl: 'wants an installation with a name of its own',
  grep: 'looks, and changes nothing',
  cd: 'moves, and does nothing',
  ssh: 'wants another host',
  systemctl: 'no systemd',
  promtool: 'run by the tests of metrics and alerts, in their own words',
  scp: 'wants another host',
  git: 'the reader has it, or has the sources without it',
}

/** What only prepares the next line. */
const SHELL = new Set(
  'sleep read printf echo export kill umask mkdir chmod chown cat cp mv ln tee rm tail less'.split(
    ' ',
  ),
)

/** Lines of npm that are run elsewhere than by their script alone, or not at all. */
const NPM: Readonly<Record<string, string>> = {
  ci: '.ci/run begins with it',
  test: '.ci/run runs it',
  pack: 'run by test/long/package.test.ts',
}

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>
}
const tests = globSync('test/**/*.ts')
  .filter(file => !file.includes('node_modules'))
  .map(file => readFileSync(file, 'utf8'))

/** The programs of a line: what stands before `&&`, `|` and `;` too, without variables in front. */
function programsOf(command: string): string[][] {
  return command
    .replace(/'[^']*'|"[^"]*"/g, quoted => quoted.replace(/[|;&]/g, '_'))
    .replace(/^\(|\)(?: &)?$/g, '')
    .split(/\s*(?:&&|\|\|?|;)\s*/)
    .map(one => one.replace(/\s*&$/, '').split(/\s+/).filter(Boolean))
    .map(words => words.slice(words.findIndex(word => !/^\w+=/.test(word))))
    .filter(words => words.length > 0)
}

/** Why a program of a documented line is no surprise; undefined where it is one. */
function account([program = '', ...words]: readonly string[]): string | undefined {
  if (program === 'npm') {
    const [verb = ''] = words
    if (verb !== 'run') return NPM[verb]
    const script = words.slice(1).find(word => !word.startsWith('-')) ?? ''
    return scripts[script] === undefined ? undefined : `the script ${script}`
  }
  if (program === 'npx' || program === 'node') return 'as npm has it'
  if (program === 'hookwarden') {
    const [command = ''] = words
    const run = tests.some(
      text => text.includes(`commands/${command}`) || text.includes(`'${command}'`),
    )
    return run ? `a test runs ${command}` : undefined
  }
  if (SHELL.has(program)) return 'the shell'
  return NOT_RUN[program]
}

t.test('every command of a page is run by a test, or has its reason why not', async t => {
  const all = documented()
  t.ok(all.length > 40, 'the pages are found')
  for (const { page, command } of all)
    for (const words of programsOf(command)) t.ok(account(words), `${page}: ${words.join(' ')}`)
  t.equal(account(['terraform', 'apply']), undefined, 'one that nobody accounts for is seen')
  t.equal(account(['npm', 'run', 'nothing']), undefined)
})

t.test('a command of ours exists, and has each option that a page gives it', async t => {
  const names = new Set(globSync('src/commands/*.ts').map(file => basename(file, '.ts')))
  const said = [...documented(), ...mentioned()].flatMap(({ page, command }) =>
    programsOf(command)
      .map(words => (words[0] === 'npm' && words[2] === 'hookwarden' ? words.slice(3) : words))
      .filter(([program]) => program === 'hookwarden' || program === '--')
      .map(([, ...words]) => ({ page, words })),
  )
  t.ok(said.length > 60)
  const helps = new Map<string, string>()
  for (const { page, words } of said) {
    const [name = ''] = words
    if (name === 'COMMAND' || name.startsWith('-')) continue
    if (!names.has(name)) t.fail(`${page}: hookwarden ${name}`)
    if (!names.has(name)) continue
    if (!helps.has(name)) {
      const { command } = (await import(`../src/commands/${name}.ts`)) as {
        readonly command: { readonly help: string }
      }
      helps.set(name, command.help)
    }
    const help = `${helps.get(name)} --help --json`
    for (const [option] of words.join(' ').matchAll(/(?<=^|\s)--[a-z][a-z-]*/g))
      t.ok(help.includes(option), `${page}: hookwarden ${name} ${option}`)
  }
})
