import { startBareNode, startListening } from './child.ts'
import { ask } from './child.ts'
import { ROWS } from './rows.ts'
import { PATH, environment, makeSite, type Site } from './site.ts'
import { CONTENDERS, run } from './contenders.ts'
const [rowName, rounds, tree, dir] = process.argv.slice(2)
const base = await makeSite()
const upstream = await startListening(import.meta.resolve('./upstream.ts'), environment({ ...base, upstream: '', upstreamPort: 0 } as Site))
const site: Site = { ...base, upstream: `http://127.0.0.1:${upstream.port}`, upstreamPort: upstream.port }
const load = startBareNode(['--expose-gc', `${import.meta.dirname}/load.ts`], environment(site))
process.env.NODE_OPTIONS = `--cpu-prof --cpu-prof-interval=200 --cpu-prof-dir=${dir}`
const c: any = tree === 'floor' ? CONTENDERS.find(c => c.name === 'floor') : { name: tree, checks: true, gated: true, start: (await import(`${tree}/bench/hookwarden.ts`)).startHookwarden }
if (tree === 'floor') process.env.NODE_OPTIONS += ' --import=/tmp/prof/term.mjs'
const r: any = await run(c as any, site)
process.env.NODE_OPTIONS = ''
const row = ROWS.find(r => r.name === rowName)!
for (let i = 0; i < Number(rounds); i++) {
  await ask(load, { ...row.load, port: r.port, path: PATH, secret: site.secret })
  await ask(load, 'run')
}
process.kill(r.pid, 'SIGTERM')
await new Promise(resolve => setTimeout(resolve, 8000))
process.exit(0)
