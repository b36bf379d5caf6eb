import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import type { Command } from '../../../src/commands/command.ts'

const ROOT = join(import.meta.dirname, '../../..')
const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  spawnSync(process.execPath, [join(ROOT, 'bin/hookwarden.js'), ...args], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '', ...env },
  })

const overview = run(['--help'])
const names = [...overview.stdout.matchAll(/^ {2}(?<name>[a-z]+) {2,}\S/gm)].map(
  ({ groups }) => groups?.name ?? '',
)
/** Lines for machines anyway, or a page: nothing to choose. */
const NO_JSON = new Set(['run', 'reference'])
const ESCAPE = '\u001b'

t.test('the overview lists every command, aligned', async t => {
  t.equal(overview.status, 0)
  t.ok(names.length >= 15)
  const columns = new Set(
    overview.stdout
      .split('\n')
      .filter(line => /^ {2}[a-z]+ /.test(line))
      .map(line => /^ {2}[a-z]+ +/.exec(line)?.[0].length),
  )
  t.equal(columns.size, 1)
})

t.test('each command has help with an example, its exit codes, and --json', async t => {
  for (const name of names) {
    const { command } = (await import(`../../../src/commands/${name}.ts`)) as { command: Command }
    const { help } = command
    t.ok(help.startsWith(`hookwarden ${name}`), name)
    t.match(help, /^Exit codes?: 0 /m, name)
    const example = /^Examples?: (?<text>.*)$/m.exec(help)?.groups?.text ?? ''
    t.match(example, `hookwarden ${name}`, name)
    const options = help.replace(/^Examples?: .*$/gm, '')
    for (const [flag] of example.matchAll(/--[a-z-]+/g))
      t.ok(options.includes(flag), `${name}: ${flag} of the example is explained`)
    t.equal(NO_JSON.has(name) || /^ +--json /m.test(help), true, `${name} --json`)
    t.ok(
      help.split('\n').every(line => line.length <= 130),
      `${name} fits a screen`,
    )
    t.notOk(help.includes(ESCAPE))
  }
})

t.test('a word that is none is one sentence and exit code 2', async t => {
  for (const args of [['chekc'], ['check', '--no-such'], ['readiness']]) {
    const { status, stderr, stdout } = run(args)
    t.equal(status, 2, args.join(' '))
    t.equal(stdout, '')
    t.match(stderr, /^hookwarden/)
    t.notMatch(stderr, /\n +at /, 'without a stack')
  }
})

t.test('what is not a terminal gets no colours, nor what says NO_COLOR', async t => {
  const map = t.testdir({ 'map.yaml': 'version: 2\n' })
  const file = join(map, 'map.yaml')
  const plain = run(['check', '--config', file])
  t.equal(plain.status, 1)
  t.notOk(`${plain.stdout}${plain.stderr}`.includes(ESCAPE))
  const never = run(['check', '--config', file], { NO_COLOR: '1' })
  t.notOk(`${never.stdout}${never.stderr}`.includes(ESCAPE))
})
