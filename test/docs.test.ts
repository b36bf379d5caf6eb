import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import t from 'tap'
import { FINDINGS, type FindingCode } from '../src/explain/findings.ts'
import { WEBHOOK_APPS } from '../src/presets/automatisch.ts'
import { REASONS, type ReasonRow, type RejectReason } from '../src/reasons.ts'
import { HANDSHAKE_FAILURES } from '../src/report/handshake.ts'
import {
  CONNECTION_REFUSALS,
  CONSOLE_REFUSALS,
  LIMITER_SCOPES,
  UPSTREAM_RESULTS,
} from '../src/report/labels.ts'
import { exposition } from './support/exposition.ts'

const REASON_NAMES = Object.keys(REASONS) as RejectReason[]
const SECTIONS = ['What happened', 'Why', 'Fix']

/** Title and text of each section of a page. */
function sectionsOf(page: string): Map<string, string> {
  const parts = page.split(/^## (.+)$/m).slice(1)
  const pairs = parts.flatMap((title, i) =>
    i % 2 === 0 ? [[title, (parts[i + 1] ?? '').trim()] as const] : [],
  )
  return new Map(pairs)
}

t.test('every reason has a page, and every page a reason', async t => {
  const pages = globSync('docs/reasons/*.md').map(file => basename(file, '.md'))
  t.same(pages.sort(), [...REASON_NAMES].sort())
})

t.test('the page of a reason says what the table says, and has nothing empty', async t => {
  for (const reason of REASON_NAMES) {
    const page = readFileSync(`docs/reasons/${reason}.md`, 'utf8')
    const { status, says, stage, level, reportable }: ReasonRow = REASONS[reason]
    const passes = reportable ? 'let through' : 'refused'
    const row = `Answer \`${status}\` \`${says}\` · stage ${stage} · log level ${level} · ${passes} in report mode`
    t.match(page, new RegExp(`^# \`${reason}\`: \\S.*\n\n`), `${reason}: title`)
    t.ok(page.includes(`\n\n${row}\n\n`), `${reason}: ${row}`)
    const sections = sectionsOf(page)
    t.same([...sections.keys()], SECTIONS, reason)
    for (const [title, text] of sections)
      t.ok(text.length > 40, `${reason}: ${title} says something`)
  }
})

t.test(
  'every finding has a page that says what the table says, and every page a finding',
  async t => {
    const codes = Object.keys(FINDINGS) as FindingCode[]
    const pages = globSync('docs/findings/*.md').map(file => basename(file, '.md'))
    t.same(pages.sort(), codes.toSorted())
    for (const code of codes) {
      const page = readFileSync(`docs/findings/${code}.md`, 'utf8')
      t.ok(page.startsWith(`# \`${code}\`: ${FINDINGS[code].says}\n\n`), `${code}: title`)
      const sections = sectionsOf(page)
      t.same([...sections.keys()], SECTIONS, code)
      for (const [title, text] of sections)
        t.ok(text.length > 40, `${code}: ${title} says something`)
    }
  },
)

t.test(
  'the life of a request has every stage and every reason, and no path that is gone',
  async t => {
    const page = readFileSync('docs/life-of-a-request.md', 'utf8')
    for (const { stage } of Object.values(REASONS))
      t.match(page, new RegExp(`^(?:HTTP )?${stage} `, 'm'))
    for (const reason of REASON_NAMES) t.ok(page.includes(`\`${reason}\``), reason)
    const named = [...page.matchAll(/`((?:src|test|docs)\/[^`<]+|[a-z]+\/[a-z-]*(?:\.ts)?)`/g)]
    for (const [, path = ''] of named) {
      t.ok(globSync([path, `src/${path}`]).length > 0, `${path} exists`)
    }
  },
)

t.test('links between pages lead somewhere', async t => {
  for (const file of globSync(['*.md', 'docs/**/*.md'])) {
    for (const [, target = ''] of readFileSync(file, 'utf8').matchAll(
      /\]\(([^)#\s]+)(?:#[^)]*)?\)/g,
    )) {
      if (/^[a-z]+:/.test(target)) continue
      const path = new URL(target, `file:///${file}`).pathname.slice(1)
      t.ok(globSync(path).length > 0, `${file}: ${target}`)
    }
  }
})

/** Rows of a Markdown table whose first cell is a metric. */
function documented() {
  const page = readFileSync('docs/metrics.md', 'utf8')
  const rows = page.split('\n').filter(line => line.startsWith('| `hookwarden_'))
  return rows.map(row => {
    const [, name = '', type = '', labels = '', says = '', moves = ''] = row
      .replaceAll('\\|', '¦')
      .split('|')
      .map(cell => cell.trim())
    const words = [...labels.matchAll(/`([a-z]+)`/g)].map(([, word = '']) => word)
    return { name: name.replaceAll('`', ''), type, labels: words.sort(), says, moves }
  })
}

/** What a registry that has seen everything exposes of its own. */
async function exposed() {
  const own = (await exposition()).filter(({ name }) => name.startsWith('hookwarden_'))
  return own.map(({ name, type, labels }) => ({ name, type, labels: [...labels.keys()].sort() }))
}

t.test('every metric is documented with its type and labels, and nothing else is', async t => {
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)
  const pages = documented()
  t.same(
    pages.map(({ name, type, labels }) => ({ name, type, labels })).sort(byName),
    (await exposed()).sort(byName),
  )
  for (const { name, says, moves } of pages) {
    t.ok(says.length > 10 && moves.length > 25, `${name} says what it means and what to do`)
  }
})

t.test('the words of a closed label are all explained', async t => {
  const row = (name: string) =>
    documented().find(one => one.name === `hookwarden_${name}`)?.says ?? ''
  const lists: readonly [string, readonly string[]][] = [
    ['tls_handshake_errors_total', HANDSHAKE_FAILURES],
    ['connections_rejected_total', CONNECTION_REFUSALS],
    ['console_refusals_total', CONSOLE_REFUSALS],
    ['rate_limiter_keys', LIMITER_SCOPES],
    ['upstream_requests_total', UPSTREAM_RESULTS],
  ]
  for (const [name, words] of lists) {
    for (const word of words) t.ok(row(name).includes(`\`${word}\``), `${name}: ${word}`)
  }
})

t.test('each invariant is held by tests that exist', async t => {
  const page = readFileSync('docs/security.md', 'utf8')
  const rows = [...page.matchAll(/^\| (\d+)[^|]*\| `(test\/[^`]+)` \| (.+?) \|$/gm)]
  t.ok(rows.length > 20)
  for (const [, , file = '', title = ''] of rows)
    t.ok(readFileSync(file, 'utf8').includes(title), `${file}: ${title}`)
  const listed =
    /### Invariants\n([\s\S]*?)\n### /.exec(readFileSync('SECURITY.md', 'utf8'))?.[1] ?? ''
  const invariants = [...listed.matchAll(/^(\d+)\. /gm)].map(([, number]) => number)
  t.same([...new Set(rows.map(([, number]) => number))], invariants)
})

t.test('each app of Automatisch has its row, with the preset that discovery gives it', async t => {
  const page = readFileSync('docs/automatisch.md', 'utf8')
  const rows = [...page.matchAll(/^\| `([\w-]+)` \| (.+?) \| (.+) \|$/gm)]
  const apps = new Map(rows.map(([, app = '', by = '']) => [app, by]))
  t.same([...apps.keys()].sort(), [...Object.keys(WEBHOOK_APPS), 'webhook'].sort())
  for (const [app, { preset }] of Object.entries(WEBHOOK_APPS)) {
    const by = apps.get(app) ?? ''
    if (preset === undefined) t.match(by, /^nothing/, app)
    else t.ok(by.endsWith(`preset \`${preset}\``), app)
  }
})

t.test('docs/logs.md has every sentence with its level, and no other', async t => {
  const page = readFileSync('docs/logs.md', 'utf8')
  const said =
    /\b(?:#?log|told)\??\.(info|warn|error)\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g
  const sources = globSync('src/**/*.ts').map(file => readFileSync(file, 'utf8'))
  const listed = [...page.matchAll(/^\| `(info|warn|error)` \| ([^|]+) \| [^|]{6,} \|$/gm)].map(
    ([, level = '', sentence = '']) => `${level} ${sentence}`,
  )
  const found = sources.flatMap(source =>
    [...source.matchAll(said)].map(([, level, one, other]) => `${level} ${one ?? other}`),
  )
  t.ok(found.length > 35)
  for (const sentence of found) t.ok(listed.includes(sentence), sentence)
  for (const sentence of listed) {
    const text = sentence.slice(sentence.indexOf(' ') + 1)
    t.ok(
      sources.some(source => source.includes(text)),
      `somebody says: ${text}`,
    )
  }
})
