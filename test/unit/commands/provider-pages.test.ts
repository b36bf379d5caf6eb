import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import t from 'tap'
import { loadMap } from '../../../src/config/load.ts'
import { PRESETS } from '../../../src/presets/presets.ts'
import { compileScheme } from '../../../src/verify/compile.ts'

const NAMES = Object.keys(PRESETS).sort()
const HEAD = `version: 1
upstream: http://127.0.0.1:3000
listen: { tls: [{ cert: a, key: b }] }
providers:
`

t.test('every preset has its page, and every page its preset', async t => {
  const pages = globSync('docs/providers/*.md').map(file => basename(file, '.md'))
  t.same(pages.filter(name => name !== 'README').sort(), NAMES)
})

t.test('the entry that a page shows loads as it stands there', async t => {
  for (const name of NAMES) {
    const page = readFileSync(`docs/providers/${name}.md`, 'utf8')
    const [, entry = ''] = /```yaml\n(.*?)```/s.exec(page) ?? []
    const text = HEAD + entry.replace(/^(?=.)/gm, '  ')
    const { settings, issues } = loadMap(text, {
      file: `${name}.md`,
      dev: false,
      compileScheme: (scheme, at) => {
        const compiled = compileScheme(scheme, at)
        return Array.isArray(compiled) ? compiled : []
      },
    })
    t.same(issues, undefined, name)
    t.equal(settings?.providers[0]?.preset, name)
  }
})

t.test('the table of senders links every page and says which of them are supported', async t => {
  const table = readFileSync('docs/providers/README.md', 'utf8')
  const rows = table.split('\n').filter(line => line.startsWith('| ['))
  t.same(
    rows.map(row => /\]\((?<file>[^)]+)\.md\)/.exec(row)?.groups?.file),
    NAMES,
  )
  for (const row of rows) t.match(row, /\| (?:supported|community) \|/)
})
