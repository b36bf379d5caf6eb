import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { stringify } from 'yaml'
import { exposition } from '../support/exposition.ts'
import { unknownIn } from './promql.ts'

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly gridPos: {
    readonly x: number
    readonly y: number
    readonly w: number
    readonly h: number
  }
  readonly datasource?: { readonly uid: string }
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[]
}

interface Dashboard {
  readonly panels: readonly Panel[]
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly definition?: string }[]
  }
}

/** Debian package prometheus. */
const PROMTOOL = 'promtool'
const skip =
  spawnSync(PROMTOOL, ['--version']).error !== undefined
    ? 'promtool is not installed (Debian package prometheus)'
    : false

const dashboard = JSON.parse(readFileSync('deploy/grafana/hookwarden.json', 'utf8')) as Dashboard
const rows = dashboard.panels.filter(({ type }) => type === 'row')
const shown = dashboard.panels.filter(({ type }) => type !== 'row')
const queries = shown.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => ({ title, expr })),
)

t.test('the rows go from whether it is fine to the process', async t => {
  t.same(
    rows.map(({ title }) => title),
    [
      'Is it fine?',
      'Providers',
      'Refusals',
      'Clock and secrets',
      'Sizes against the limit',
      'Overhead against upstream latency',
      'Limits',
      'Process',
    ],
  )
})

t.test('a query names only metrics and labels that exist', async t => {
  const exposed = await exposition()
  t.ok(queries.length > 30)
  for (const { title, expr } of queries) t.same(unknownIn(expr, exposed), [], `${title}: ${expr}`)
  for (const { name, definition } of dashboard.templating.list) {
    if (definition === undefined) continue
    const [, selector = '', label = ''] = /^label_values\((.+), (\w+)\)$/.exec(definition) ?? []
    t.same(unknownIn(`max by (${label}) (${selector})`, exposed), [], name)
  }
})

t.test('every panel asks the chosen Prometheus, under an id and in a place of its own', async t => {
  t.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length)
  const [prometheus] = dashboard.templating.list
  const taken = new Map<string, string>()
  for (const { title, gridPos, datasource, targets = [] } of shown) {
    t.equal(datasource?.uid, `$\{${prometheus?.name}}`, title)
    t.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, title)
    t.ok(gridPos.x + gridPos.w <= 24, title)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        t.equal(taken.get(`${x} ${y}`), undefined, `${title} covers nothing`)
        taken.set(`${x} ${y}`, title)
      }
    }
  }
})

t.test('promtool reads every query', { skip }, async t => {
  const rules = queries.map(({ expr }, i) => ({
    record: `dashboard:query:${i}`,
    expr: expr.replaceAll('$__rate_interval', '5m'),
  }))
  const input = stringify({ groups: [{ name: 'dashboard', rules }] })
  const path = `${t.testdir({ 'rules.yaml': input })}/rules.yaml`
  const { status, stdout, stderr } = spawnSync(PROMTOOL, ['check', 'rules', path], {
    encoding: 'utf8',
  })
  t.equal(status, 0, `${stdout}${stderr}`)
})
