import t from 'tap'
import { flawsOf } from '../../../src/commands/map.ts'
import type { MapFiles } from '../../../src/config/files.ts'
import { loadMap } from '../../../src/config/load.ts'

const FLOWS = [
  '0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11',
  '7c1d9f0e-2f57-4f0a-9d7d-1f6b8d0c3e22',
  '5c2f9b1a-4d3e-4f6a-8b7c-9d0e1f2a3b4c',
]
const MAP = `version: 1
upstream: http://127.0.0.1:3000
listen: { tls: [{ cert: a, key: b }] }
providers_dir: senders
`
const entry = (flow: number, more = '') => `secret: env:A\nflows: [${FLOWS[flow]}]\n${more}`

/** A folder in memory: paths and texts; a path without text cannot be read. */
function folder(texts: Readonly<Record<string, string | undefined>>): MapFiles {
  const fail = (code: string) => Object.assign(new Error(code), { code })
  return {
    readFile(path) {
      const text = texts[path]
      if (text === undefined) throw fail('EACCES')
      return Buffer.from(text)
    },
    list(path) {
      const inside = Object.keys(texts).filter(one => one.startsWith(`${path}/`))
      if (inside.length === 0) throw fail('ENOENT')
      return inside.map(one => one.slice(path.length + 1)).sort()
    },
  }
}

function load(map: string, texts: Readonly<Record<string, string | undefined>>) {
  const files = folder(texts)
  return loadMap(map, { file: 'etc/map.yaml', dev: false, files, compileScheme: flawsOf })
}

const told = (map: string, texts: Readonly<Record<string, string | undefined>>) =>
  (load(map, texts).issues ?? []).map(
    ({ file, line, column, path, message }) => `${file}:${line}:${column} ${path}: ${message}`,
  )

t.test('each file is a provider of its name, beside those of the map', async t => {
  const { settings } = load(
    `${MAP}providers: { gitlab: { secret: env:B, flows: [${FLOWS[2]}] } }\n`,
    {
      'etc/senders/github.yaml': entry(0),
      'etc/senders/stripe-live.yml': entry(1, 'preset: stripe\n'),
      'etc/senders/README.md': 'about this folder',
      'etc/senders/.github.yaml.swp': 'an editor',
    },
  )
  t.same(
    settings?.providers.map(({ name, preset }) => [name, preset]),
    [
      ['gitlab', 'gitlab'],
      ['github', 'github'],
      ['stripe-live', 'stripe'],
    ],
  )
})

t.test('a map may have them all in files, and a folder may stand elsewhere', async t => {
  const map = MAP.replace('senders', '/srv/senders')
  const { settings } = load(map, { '/srv/senders/github.yaml': entry(0) })
  t.same(
    settings?.providers.map(({ name }) => name),
    ['github'],
  )
})

t.test('an issue is told at its line of its file, those of the map first', async t => {
  const issues = told(`${MAP}hosts: 1\n`, {
    'etc/senders/github.yaml': entry(0, 'methode: [PUT]\n'),
    'etc/senders/slack.yaml': entry(1, 'limits:\n  body: 1MB\n'),
  })
  t.same(issues, [
    'etc/map.yaml:5:8 hosts: expected a list of host names, got a number',
    'etc/senders/github.yaml:3:1 providers.github.methode: unknown key `methode`',
    'etc/senders/slack.yaml:4:9 providers.slack.limits.body: expected a size such as `512B`, `256KiB` or `1MiB`',
  ])
})

t.test('a flow belongs to one provider, in whichever file', async t => {
  const texts = {
    'etc/senders/github.yaml': entry(0),
    'etc/senders/slack.yaml': `# ours\n${entry(0)}`,
  }
  t.same(told(MAP, texts), [
    'etc/senders/slack.yaml:3:9 providers.slack.flows[0]: this flow is on line 2 of etc/senders/github.yaml under `github` already: it belongs to one provider',
  ])
})

t.test('a name belongs to one file', async t => {
  const issues = told(`${MAP}providers:\n  github: { secret: env:A, flows: [${FLOWS[0]}] }\n`, {
    'etc/senders/github.yaml': entry(1),
    'etc/senders/slack.yaml': entry(2),
    'etc/senders/slack.yml': entry(2),
  })
  t.same(issues, [
    'etc/senders/github.yaml:1:1 providers.github: the provider of this file is in line 6 of etc/map.yaml already: a name belongs to one sender',
    'etc/senders/slack.yml:1:1 providers.slack: the provider of this file is in etc/senders/slack.yaml already: a name belongs to one sender',
  ])
})

/** What is no entry, and the issue of it. */
const BROKEN: readonly (readonly [
  what: string,
  texts: Record<string, string | undefined>,
  issue: RegExp,
])[] = [
  ['no such folder', {}, /^etc\/map\.yaml:4:16 providers_dir: cannot read etc\/senders \(ENOENT\)/],
  [
    'a file that cannot be read',
    { 'etc/senders/a.yaml': undefined },
    /^etc\/senders\/a\.yaml:1:1 .*cannot be read \(EACCES\)/,
  ],
  [
    'an empty file',
    { 'etc/senders/slack.yaml': '' },
    /^etc\/senders\/slack\.yaml:1:1 providers\.slack: the file is to hold the keys/,
  ],
  ['a list', { 'etc/senders/slack.yaml': '- a\n' }, /is to hold the keys of one provider/],
  ['YAML that is none', { 'etc/senders/slack.yaml': 'a: [1\n' }, /^etc\/senders\/slack\.yaml:2:1/],
  [
    'a name that is no label',
    { 'etc/senders/Slack.yaml': entry(0) },
    /^etc\/senders\/Slack\.yaml:1:1 providers\.Slack: expected a name of lower-case/,
  ],
]
t.test('what is no entry is told, and hides nothing else', async t => {
  for (const [what, texts, issue] of BROKEN) {
    const issues = told(`${MAP}hosts: 1\n`, texts)
    t.ok(
      issues.some(one => issue.test(one)),
      `${what}: ${issues.join(' | ')}`,
    )
    t.ok(
      issues.some(one => /hosts/.test(one)),
      what,
    )
  }
})

t.test('what only others find of a provider is told of its own file', async t => {
  const loaded = load(MAP, { 'etc/senders/github.yaml': entry(0) })
  if (loaded.settings === undefined) throw new Error('the map has issues')
  const { file, line, column } = loaded.secretIssue('github', 0, 'a', 'b')
  t.same([file, line, column], ['etc/senders/github.yaml', 1, 9])
})

t.test('a folder that lost all its files is no map without providers', async t => {
  const lost = { 'etc/senders/README.md': 'where a mount should be' }
  t.same(told(MAP, lost), ['etc/map.yaml:1:1 providers: expected at least one provider'])
  const own = `${MAP}providers: { gitlab: { secret: env:B, flows: [${FLOWS[2]}] } }\n`
  t.same(told(own, lost), [])
})
