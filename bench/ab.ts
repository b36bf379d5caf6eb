import { startBareNode, startListening } from './child.ts'
import { measure } from './measure.ts'
import { ROWS } from './rows.ts'
import { environment, makeSite, type Site } from './site.ts'
import { CONTENDERS, run } from './contenders.ts'
const [rows, rounds, ...trees] = process.argv.slice(2)
const base = await makeSite()
const upstream = await startListening(import.meta.resolve('./upstream.ts'), environment({ ...base, upstream: '', upstreamPort: 0 } as Site))
const site: Site = { ...base, upstream: `http://127.0.0.1:${upstream.port}`, upstreamPort: upstream.port }
const load = startBareNode(['--expose-gc', `${import.meta.dirname}/load.ts`], environment(site))
const running: any[] = []
for (const tree of trees) {
  const c = tree === 'floor' ? CONTENDERS.find(c => c.name === 'floor')! : { name: tree, checks: true, gated: true, start: (await import(`${tree}/bench/hookwarden.ts`)).startHookwarden }
  const r = await run(c as any, site)
  if (typeof r === 'string') console.log(tree, r); else running.push(r)
}
for (const row of ROWS.filter(r => rows.split(',').includes(r.name))) {
  const m = await measure(row, running, Number(rounds), { load, site })
  for (const [n, why] of m.missing) console.log(n, why)
  for (const [name, rs] of m.rounds) {
    const cpus = rs.map(r => r.cpu).sort((a, b) => a - b)
    console.log(row.name.padEnd(16), name.padEnd(20), 'min', cpus[0].toFixed(1), 'q1', cpus[Math.floor(cpus.length / 4)].toFixed(1), 'med', cpus[Math.floor(cpus.length / 2)].toFixed(1), 'gc', Math.min(...rs.map(r => r.gc ?? 0)).toFixed(2))
  }
}
process.exit(0)
