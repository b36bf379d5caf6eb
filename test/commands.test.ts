import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import t from 'tap'
import { documented, mentioned } from './support/documented.ts'
import { ELSEWHERE, NOT_RUN, RUN } from './support/lines.ts'

/** What becomes of a line of a page; undefined where nobody knows. */
function account(line: string): string | undefined {
  if (line in RUN) return 'run by test/long/commands.test.ts'
  if (line in ELSEWHERE) return `run by ${ELSEWHERE[line]?.[0]}`
  return Object.entries(NOT_RUN).find(([begins]) => line.startsWith(begins))?.[1]
}

const HOW =
  'give it to RUN in test/support/lines.ts, with what it says, or to NOT_RUN with the reason'

/** What a reader would type: the lines of blocks, and those in a sentence that have options, not names alone. */
function typed() {
  return [...documented(), ...mentioned().filter(({ command }) => command.includes(' --'))]
}

t.test('every command of a page is run by a test, or has its reason why not', async t => {
  const all = typed()
  t.ok(all.length > 90, 'the pages are found')
  for (const { page, command } of all)
    if (account(command) === undefined) t.fail(`${page}: nobody runs \`${command}\`: ${HOW}`)
  for (const surprise of ['terraform apply', 'npm run nothing', 'hookwarden check --strict'])
    t.equal(account(surprise), undefined, `${surprise}: one that nobody accounts for is seen`)
})

t.test('what is accounted for stands on a page, once', async t => {
  const lines = typed().map(({ command }) => command)
  for (const line of [...Object.keys(RUN), ...Object.keys(ELSEWHERE)])
    t.ok(lines.includes(line), `no page says any more: ${line}`)
  for (const begins of Object.keys(NOT_RUN))
    t.ok(
      lines.some(line => line.startsWith(begins)),
      `no page begins a line so any more: ${begins}`,
    )
  for (const line of Object.keys(ELSEWHERE)) t.notOk(line in RUN, line)
  for (const [file, word] of Object.values(ELSEWHERE))
    t.ok(existsSync(file) && readFileSync(file, 'utf8').includes(word), `${file}: ${word}`)
})

/** The words of each command of ours in a line: what stands before `&&`, `|` and `;` too, without variables in front. */
function commandsOf(line: string): string[][] {
  return line
    .replace(/'[^']*'|"[^"]*"/g, quoted => quoted.replace(/[|;&]/g, '_'))
    .split(/\s*(?:&&|\|\|?|;|&)\s*/)
    .map(one => one.split(/\s+/).filter(Boolean))
    .map(words => words.slice(words.findIndex(word => !/^\w+=/.test(word))))
    .map(words => (words[0] === 'npm' && words[2] === 'hookwarden' ? words.slice(3) : words))
    .filter(([program]) => program === 'hookwarden' || program === '--')
    .map(([, ...words]) => words)
}

t.test('a command of ours exists, and has each option that a page gives it', async t => {
  const names = new Set(globSync('src/commands/*.ts').map(file => basename(file, '.ts')))
  const said = [...documented(), ...mentioned()].flatMap(({ page, command }) =>
    commandsOf(command).map(words => ({ page, words })),
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
