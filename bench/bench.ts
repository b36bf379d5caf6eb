/** `npm run bench`: how to read and run it is in docs/performance.md. */
import { parseArgs } from 'node:util'
import { type Budget, readBudgets } from './budget.ts'
import { type Child, startBareNode, startListening, stop } from './child.ts'
import { type Conduct, conductOf } from './conduct.ts'
import { CONTENDERS, OURS, type Running, run } from './contenders.ts'
import { startHookwarden } from './hookwarden.ts'
import { type Judgement, judge, judgePlain } from './judge.ts'
import { type Measured, measure, warm } from './measure.ts'
import { tableOf, verdictsOf } from './print.ts'
import { judgeReload, RELOAD_ROW } from './reload.ts'
import { ROWS, type Row } from './rows.ts'
import { environment, makeSite, type Site } from './site.ts'
import { judgeUploads, UPLOADS_ROW } from './uploads.ts'

/** Rows that are measured apart. */
const APART = ['start', RELOAD_ROW, UPLOADS_ROW]

const USAGE = `npm run bench -- [--gate] [--rounds N] [--only ROW]… [--contender NAME]… [--json]
  --gate        exit 1 on a broken budget, 3 when a gated budget could not be measured
  --rounds      interleaved rounds, 5 unless said
  --only        ${[...ROWS.map(row => row.name), ...APART].join(' ')}
  --contender   ${CONTENDERS.map(({ name }) => name).join(' ')}
`
const AGAIN = 15
const PROVIDERS = 200
/** What every contender does before anything is measured. */
const WARMING: readonly string[] = ['accepted-2k', 'forged-2k']

const { values: flags } = parseArgs({
  options: {
    gate: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', multiple: true },
    contender: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const rounds = Number(flags.rounds)

/** Prose for a person; with --json only the result is on standard output. */
function say(text: string): void {
  if (!flags.json) process.stdout.write(`${text}\n`)
}

function takesPart(row: string): boolean {
  return flags.only === undefined || flags.only.includes(row)
}

interface Field {
  readonly running: readonly Running[]
  readonly absent: ReadonlyMap<string, string>
  readonly conduct: ReadonlyMap<string, Conduct>
}

/** Starts every contender, and keeps those that do what they claim. */
async function assemble(site: Site): Promise<Field> {
  const running: Running[] = []
  const absent = new Map<string, string>()
  const conduct = new Map<string, Conduct>()
  for (const contender of CONTENDERS) {
    const { name, checks } = contender
    if (flags.contender && name !== OURS && !flags.contender.includes(name)) continue
    const started = await run(contender, site)
    if (typeof started === 'string') {
      absent.set(name, started)
      continue
    }
    const seen = await conductOf(started.port, site.secret)
    conduct.set(name, seen)
    if (seen.delivers && (seen.refusesForgery || !checks)) running.push(started)
    else {
      absent.set(name, seen.delivers ? 'does not refuse a forgery' : 'does not deliver')
      await started.stop()
    }
  }
  return { running, absent, conduct }
}

/** Measures a row; where it breaks its budget, once more with fifteen rounds, and that counts. */
async function measureRow(
  row: Row,
  field: Field,
  tools: { readonly load: Child; readonly site: Site },
): Promise<{ readonly measured: Measured[]; readonly judgements: Judgement[] }> {
  const budget = readBudgets()[row.name] ?? { times: {} }
  const able = field.running.filter(({ contender }) => contender.checks || row.status === 204)
  const first = await measure(row, able, rounds, tools)
  say(tableOf(first))
  let judgements = judge(first, budget, field.absent)
  const measured = [first]
  if (judgements.some(({ state, gated }) => gated && state === 'broken')) {
    const named = able.filter(({ contender: { name } }) => name === OURS || name in budget.times)
    const again = await measure(row, named, AGAIN, tools)
    say(tableOf(again, ` (again, ${AGAIN} rounds)`))
    say(verdictsOf(judgements.filter(({ state }) => state === 'broken')))
    judgements = judge(again, budget, field.absent)
    measured.push(again)
  }
  return { measured, judgements: [...judgements, ...conductJudged(row.name, budget, field)] }
}

function conductJudged(row: string, budget: Budget, { conduct }: Field): Judgement[] {
  const ours = conduct.get(OURS)
  const judged: Judgement[] = []
  if (budget.beforeBody) judged.push(judgePlain(row, 'answered before the body', ours?.beforeBody))
  if (budget.resumes) judged.push(judgePlain(row, 'sessions are resumed', ours?.resumes))
  return judged
}

/** Start to ready with two hundred providers: the least of three. */
async function measureStart(site: Site): Promise<Judgement> {
  const { milliseconds = 0 } = readBudgets().start ?? {}
  const took: number[] = []
  for (let i = 0; i < 3; i++) {
    try {
      const served = await startHookwarden(site, PROVIDERS)
      took.push(served.took)
      await stop(served.child)
    } catch (error) {
      return judgePlain('start', `${(error as Error).message}`, undefined)
    }
  }
  const best = Math.min(...took)
  const says = `ready with ${PROVIDERS} providers under ${milliseconds} ms: ${best.toFixed(0)} ms`
  return judgePlain('start', says, best < milliseconds)
}

async function main(): Promise<number> {
  const base = await makeSite()
  const unconnected: Site = { ...base, upstream: '', upstreamPort: 0 }
  const upstream = await startListening(
    import.meta.resolve('./upstream.ts'),
    environment(unconnected),
  )
  const site: Site = {
    ...base,
    upstream: `http://127.0.0.1:${upstream.port}`,
    upstreamPort: upstream.port,
  }
  const load = startBareNode(['--expose-gc', `${import.meta.dirname}/load.ts`], environment(site))
  const judgements: Judgement[] = []
  if (takesPart('start')) judgements.push(await measureStart(site))
  if (takesPart(RELOAD_ROW)) judgements.push(await judgeReload(site, PROVIDERS))
  if (takesPart(UPLOADS_ROW)) judgements.push(...(await judgeUploads(site, say)))
  const field = await assemble(site)
  for (const [name, why] of field.absent) say(`${name}: not measured, ${why}`)
  const results: Measured[] = []
  const taking = ROWS.filter(({ name }) => takesPart(name))
  for (const row of ROWS.filter(({ name }) => taking.length > 0 && WARMING.includes(name))) {
    for (const one of field.running) await warm(row, one, load, site)
  }
  for (const row of taking) {
    const { measured, judgements: judged } = await measureRow(row, field, { load, site })
    results.push(...measured)
    judgements.push(...judged)
  }
  say(verdictsOf(judgements))
  if (flags.json) process.stdout.write(`${JSON.stringify(plain(results, judgements, field))}\n`)
  return flags.gate ? exitCode(judgements) : 0
}

function exitCode(judgements: readonly Judgement[]): number {
  const gated = judgements.filter(judgement => judgement.gated)
  if (gated.some(({ state }) => state === 'broken')) return 1
  return gated.some(({ state }) => state === 'not measured') ? 3 : 0
}

function plain(results: readonly Measured[], judgements: readonly Judgement[], field: Field) {
  return {
    rows: results.map(({ row, rounds: taken, missing }) => ({
      row: row.name,
      rounds: Object.fromEntries(taken),
      missing: Object.fromEntries(missing),
    })),
    conduct: Object.fromEntries(field.conduct),
    budgets: judgements,
  }
}

const rowNames: readonly string[] = [...ROWS.map(({ name }) => name), ...APART]
const contenderNames = CONTENDERS.map(({ name }) => name)
const understood =
  rounds >= 1 &&
  Number.isInteger(rounds) &&
  (flags.only ?? []).every(name => rowNames.includes(name)) &&
  (flags.contender ?? []).every(name => contenderNames.includes(name))

if (flags.help || !understood) {
  process.stdout.write(USAGE)
  process.exit(flags.help ? 0 : 2)
}
process.exit(await main())
