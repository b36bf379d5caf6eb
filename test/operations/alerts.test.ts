import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { exposition } from '../support/exposition.ts'
import { unknownIn } from './promql.ts'

const RULES = 'deploy/prometheus/alerts.yaml'
const CASES = ['test/operations/alerts.cases.yaml', 'test/operations/alerts.days.yaml']
/** Debian package prometheus. */
const PROMTOOL = 'promtool'
const skip =
  spawnSync(PROMTOOL, ['--version']).error !== undefined
    ? 'promtool is not installed (Debian package prometheus)'
    : false

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

interface Cases {
  readonly tests: readonly {
    readonly promql_expr_test?: readonly {
      readonly expr: string
      readonly exp_samples: unknown[]
    }[]
  }[]
}

const read = <T>(path: string): T => parse(readFileSync(path, 'utf8')) as T
const rules = read<{ groups: { rules: Rule[] }[] }>(RULES).groups.flatMap(group => group.rules)

t.test('an alert names only metrics and labels that exist', async t => {
  const exposed = await exposition()
  t.ok(rules.length > 15)
  for (const { alert, expr } of rules) t.same(unknownIn(expr, exposed), [], alert)
})

t.test('a name that does not exist is found, wherever it stands', async t => {
  const exposed = await exposition()
  for (const [expression, problem] of [
    ['hookwarden_upstream_upp == 0', 'no metric hookwarden_upstream_upp'],
    ['hookwarden_request_duration_seconds > 1', 'no metric hookwarden_request_duration_seconds'],
    [
      'rate(hookwarden_requests_total{result="accepted"}[5m])',
      'no label result of hookwarden_requests_total',
    ],
    [
      'hookwarden_requests_total{outcome=~"accepted|lost"}',
      'no hookwarden_requests_total with outcome="lost"',
    ],
    ['sum by (job, reason) (hookwarden_verified_total)', 'no label reason to group by'],
    ['sum by (le) (hookwarden_verified_total)', 'no label le to group by'],
    ['up and on (job, pod) hookwarden_overloaded', 'no metric up'],
  ] as const)
    t.ok(unknownIn(expression, exposed).includes(problem), expression)
  const fine =
    'histogram_quantile(0.9, sum by (le, provider) (rate(hookwarden_paced_seconds_bucket{provider=~"$provider"}[$__rate_interval]))) > 2 * 60 and on (provider) process_open_fds'
  t.same(unknownIn(fine, exposed), [])
})

t.test('an alert says how bad it is, what is wrong, what to do, and where more stands', async t => {
  t.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length)
  for (const { alert, labels, annotations } of rules) {
    t.match(labels.severity, /^(?:critical|warning)$/, alert)
    t.ok((annotations.summary ?? '').length > 20, alert)
    t.ok((annotations.description ?? '').length > 60, alert)
    const page = (annotations.page ?? '').replace('{{ $labels.reason }}', 'rate_provider')
    t.ok(existsSync(page), `${alert}: ${page}`)
  }
})

t.test(
  'for each alert there is a case in which it fires and one in which it is silent',
  async t => {
    const asked = CASES.flatMap(path => read<Cases>(path).tests).flatMap(
      one => one.promql_expr_test ?? [],
    )
    for (const { alert } of rules) {
      const own = asked.filter(({ expr }) =>
        expr.includes(`alertname="${alert}",alertstate="firing"`),
      )
      t.ok(
        own.some(({ exp_samples }) => exp_samples.length > 0),
        `${alert} fires`,
      )
      t.ok(
        own.some(({ exp_samples }) => exp_samples.length === 0),
        `${alert} is silent`,
      )
    }
  },
)

t.test('promtool reads the rules, and each case comes out as it says', { skip }, async t => {
  for (const args of [
    ['check', 'rules', RULES],
    ['test', 'rules', ...CASES],
  ]) {
    const { status, stdout, stderr } = spawnSync(PROMTOOL, args, { encoding: 'utf8' })
    t.equal(status, 0, `${stdout}${stderr}`)
  }
})
