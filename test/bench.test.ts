import { readFileSync } from 'node:fs'
import t from 'tap'
import { type Budget, readBudgets } from '../bench/budget.ts'
import { CONTENDERS } from '../bench/contenders.ts'
import { judge, judgePlain } from '../bench/judge.ts'
import type { Measured, Round } from '../bench/measure.ts'
import { ROWS } from '../bench/rows.ts'

const DOC = readFileSync(new URL('../docs/performance.md', import.meta.url), 'utf8')

/** Cells of the table under a heading of the page, without its title row. */
function tableUnder(heading: string): string[][] {
  const section = DOC.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const rows = section.split('\n').filter(line => line.startsWith('| '))
  return rows.slice(1).map(line => line.slice(2, -2).split(' | '))
}

/** Reads a budget as the page words it; what it does not understand it throws on. */
function budgetOf(words: string): Budget {
  const budget: { times: Record<string, number>; [key: string]: unknown } = { times: {} }
  for (const clause of words.split(', ')) {
    const ratio = /^(?:at most )?(?<n>[\d.]+) times `(?<to>[\w-]+)`$/.exec(clause)?.groups
    const peak = /^peak under (?<n>\d+) MiB$/.exec(clause)?.groups?.n
    const p99 = /^good traffic's p99 at most (?<n>\d+) times its idle p99$/.exec(clause)?.groups?.n
    const time = /^under (?<n>\d+) ms$/.exec(clause)?.groups?.n
    if (ratio?.to !== undefined) budget.times[ratio.to] = Number(ratio.n)
    else if (peak !== undefined) budget.peakMiB = Number(peak)
    else if (p99 !== undefined) budget.timesIdleP99 = Number(p99)
    else if (time !== undefined) budget.milliseconds = Number(time)
    else if (clause === 'answered before the body') budget.beforeBody = true
    else if (clause === 'sessions are resumed') budget.resumes = true
    else throw new Error(`no budget: ${clause}`)
  }
  return budget
}

const WORK: Readonly<Record<string, string>> = {
  ...Object.fromEntries(ROWS.map(({ name, says }) => [says, name])),
  '500 throttled uploads of 1 MB': 'throttled-uploads',
  'start to ready, 200 providers': 'start',
  reload: 'reload',
}

t.test('bench/budget.json says what docs/performance.md says', async t => {
  const written = tableUnder('Budgets').map(([work = '', words = '']) => [
    WORK[work] ?? `unknown: ${work}`,
    budgetOf(words),
  ])
  t.same(Object.fromEntries(written), readBudgets())
})

t.test('the page names the contenders and the rows there are', async t => {
  const contenders = tableUnder('Contenders').map(([name]) => name)
  t.same(
    contenders,
    CONTENDERS.map(({ name }) => `\`${name}\``),
  )
  const rows = tableUnder('Rows').flatMap(([name = '']) => name.replaceAll('`', '').split(' '))
  t.same(rows, [...ROWS.map(({ name }) => name), 'throttled-uploads', 'start', 'reload'])
})

t.test('budgets rest on contenders that exist', async t => {
  for (const [row, { times }] of Object.entries(readBudgets())) {
    for (const name of Object.keys(times)) {
      t.ok(
        CONTENDERS.some(contender => contender.name === name),
        `${row}: ${name}`,
      )
    }
  }
})

const round = (cpu: number): Round => ({ cpu, gc: undefined, p99: 1 })

/** What the table of a row comes to. */
function measured(rounds: Readonly<Record<string, readonly number[]>>): Measured {
  const [row] = ROWS
  if (row === undefined) throw new Error('no rows')
  const taken = Object.entries(rounds).map(([name, cpu]) => [name, cpu.map(round)] as const)
  return { row, rounds: new Map(taken), missing: new Map([['http-proxy-unchecked', 'crashed']]) }
}

t.test('a budget compares the least of all rounds with the least of all rounds', async t => {
  const budget = { times: { floor: 1.25 } }
  const cases: [readonly number[], readonly number[], string][] = [
    [[125, 900], [100, 500], 'held'],
    [[126, 126], [100, 500], 'broken'],
    [[126, 126], [101, 500], 'held'],
  ]
  for (const [hookwarden, floor, state] of cases) {
    t.match(judge(measured({ hookwarden, floor }), budget, new Map()), [{ state, gated: true }])
  }
})

t.test(
  'a budget that floor itself breaks is out of reach, where the row is held to floor as well',
  async t => {
    const times = { floor: 1.25, 'fastify-http-proxy': 0.45 }
    const cases: [readonly [number, number, number], Budget['times'], readonly string[]][] = [
      [[110, 100, 200], times, ['held', 'out of reach']],
      [[126, 100, 200], times, ['broken', 'out of reach']],
      [[110, 100, 230], times, ['held', 'broken']], // floor reaches it
      [[100, 100, 230], times, ['held', 'held']],
      [[110, 100, 200], { 'fastify-http-proxy': 0.45 }, ['broken']], // nothing else would hold it
    ]
    for (const [[hookwarden, floor, other], budget, states] of cases) {
      const row = measured({
        hookwarden: [hookwarden],
        floor: [floor],
        'fastify-http-proxy': [other],
      })
      const judged = judge(row, { times: budget }, new Map())
      t.same(
        judged.map(({ state }) => state),
        states,
      )
    }
    const [, beyond] = judge(
      measured({ hookwarden: [110], floor: [100], 'fastify-http-proxy': [200] }),
      { times },
      new Map(),
    )
    t.match(beyond, { says: /fastify-http-proxy: 0\.550, and floor takes 0\.500$/ })
  },
)

t.test('what was not measured is neither held nor broken, and says why', async t => {
  const budget = { times: { floor: 1, 'http-proxy-unchecked': 1, haproxy: 1 } }
  const absent = new Map([['haproxy', 'not installed']])
  t.match(judge(measured({ hookwarden: [1], floor: [2] }), budget, absent), [
    { state: 'held' },
    { state: 'not measured', gated: true, says: /http-proxy-unchecked crashed/ },
    { state: 'not measured', gated: false, says: /haproxy not installed/ },
  ])
  t.equal(judgePlain('start', 'ready', undefined).state, 'not measured')
})
