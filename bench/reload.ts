import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readBudgets } from './budget.ts'
import { stop } from './child.ts'
import { startHookwarden } from './hookwarden.ts'
import { type Judgement, judgePlain } from './judge.ts'
import type { Site } from './site.ts'

export const RELOAD_ROW = 'reload'
/** What else the machine does can only add, and V8 compiles meanwhile: the least counts. */
const RELOADS = 8
/** How often it is looked whether it is done, in milliseconds. */
const LOOK = 10

/** From SIGHUP to the time at which the log says that another map is served. */
export async function judgeReload(site: Site, providers: number): Promise<Judgement> {
  const { milliseconds = 0 } = readBudgets()[RELOAD_ROW] ?? {}
  const { child, port } = await startHookwarden(site, providers)
  const file = join(site.folder, `hookwarden-${port}.yaml`)
  const log = join(site.folder, `hookwarden-${port}.log`)
  const took: number[] = []
  try {
    for (let i = 0; i < RELOADS; i++) {
      const map = readFileSync(file, 'utf8')
      writeFileSync(file, map.replace(/concurrency: \d+/, `concurrency: ${5000 + i}`))
      const { size } = statSync(log)
      const begun = Date.now()
      process.kill(child.pid, 'SIGHUP')
      const line = await Promise.race([lineBehind(log, size), child.ended])
      took.push(Date.parse((JSON.parse(line) as { readonly time: string }).time) - begun)
    }
  } finally {
    await stop(child)
  }
  const best = Math.min(...took)
  const says = `a map of ${providers} providers under ${milliseconds} ms: ${best.toFixed(0)} ms`
  return judgePlain(RELOAD_ROW, says, best < milliseconds)
}

/** The line that says so, of what a log has beyond `size`: it tells when, and is written some time later. */
async function lineBehind(log: string, size: number): Promise<string> {
  const end = performance.now() + 20_000
  for (;;) {
    const lines = readFileSync(log, 'utf8').slice(size).split('\n').slice(0, -1)
    const line = lines.find(one => one.includes('"msg":"the map was reloaded"'))
    if (line !== undefined) return line
    if (performance.now() > end) throw new Error('not reloaded within 20 s')
    await new Promise(resolve => setTimeout(resolve, LOOK))
  }
}
