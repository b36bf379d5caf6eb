import { readFileSync } from 'node:fs'
import { readBudgets } from './budget.ts'
import { ask, startBareNode, stop } from './child.ts'
import { startHookwarden } from './hookwarden.ts'
import { type Judgement, judgePlain } from './judge.ts'
import { environment, PATH, type Site } from './site.ts'
import type { Steadily, Steady } from './steady.ts'
import type { Throttle, Throttled } from './throttle.ts'

export const UPLOADS_ROW = 'throttled-uploads'
/** What else the machine does can only add: the best run of so many counts. */
const RUNS = 3
/** What an upload may come to: delivered, or told why not. */
const HONEST: ReadonlySet<string> = new Set(['204', '408', '503'])

/** What 500 throttled uploads of 1 MB at once, from 10 addresses, did to Hookwarden and to good traffic. */
interface Uploads {
  /** Most memory that was resident, from the start of the process on. */
  readonly peakMiB: number
  /** Resident before the first upload. */
  readonly idleMiB: number
  /** Most that the process had for itself while they ran: without the pages of Node's binary, which others may share. */
  readonly ownMiB: number
  readonly statuses: Throttled
  readonly idle: Steadily
  readonly busy: Steadily
}

const UPLOADS = { uploads: 500, bytes: 1_000_000, addresses: 10, time: 8000 } as const
/** A hundred a second, for as long as the uploads last. */
const STEADY = { every: 10, count: 800, connections: 8, address: '127.0.0.1' } as const

/** How often its memory is looked at, in milliseconds. */
const LOOK = 20

/** Runs them once, against a Hookwarden of its own. */
async function measureUploads(site: Site): Promise<Uploads> {
  const served = await startHookwarden(site)
  const throttle = startBareNode([`${import.meta.dirname}/throttle.ts`], environment(site))
  const steady = startBareNode([`${import.meta.dirname}/steady.ts`], environment(site))
  let watching: NodeJS.Timeout | undefined
  try {
    const target = { port: served.port, path: PATH, secret: site.secret }
    const traffic: Steady = { ...target, ...STEADY }
    await ask<Steadily>(steady, { ...traffic, every: 1 }) // warms up
    const idle = await ask<Steadily>(steady, traffic)
    const { pid } = served.child
    const idleMiB = memoryOf(pid, 'VmRSS')
    let ownMiB = 0
    watching = setInterval(() => {
      ownMiB = Math.max(ownMiB, memoryOf(pid, 'RssAnon'))
    }, LOOK)
    const uploads: Throttle = { ...target, ...UPLOADS }
    await ask(throttle, uploads)
    const [statuses, busy] = await Promise.all([
      ask<Throttled>(throttle, 'run'),
      ask<Steadily>(steady, traffic),
    ])
    return { peakMiB: memoryOf(pid, 'VmHWM'), idleMiB, ownMiB, statuses, idle, busy }
  } finally {
    clearInterval(watching)
    await Promise.all([stop(throttle), stop(steady), stop(served.child)])
  }
}

/** Runs them until both budgets hold, three times at most; each is judged by its best run. */
export async function judgeUploads(site: Site, say: (text: string) => void): Promise<Judgement[]> {
  const { peakMiB = 0, timesIdleP99 = 0 } = readBudgets()[UPLOADS_ROW] ?? {}
  let peak = Number.POSITIVE_INFINITY
  let slower = Number.POSITIVE_INFINITY
  let honest = true
  for (let run = 0; run < RUNS && (peak >= peakMiB || slower > timesIdleP99); run++) {
    const got = await measureUploads(site)
    say(`\n500 throttled uploads of 1 MB\n  ${shownUploads(got)}`)
    peak = Math.min(peak, got.peakMiB)
    slower = Math.min(slower, got.busy.p99 / got.idle.p99)
    honest &&= Object.keys(got.statuses).every(status => HONEST.has(status))
  }
  const stall = judgePlain(
    UPLOADS_ROW,
    `good traffic's p99 at most ${timesIdleP99} times its idle p99: ${slower.toFixed(2)}`,
    slower <= timesIdleP99,
  )
  return [
    judgePlain(UPLOADS_ROW, `peak under ${peakMiB} MiB: ${peak.toFixed(0)}`, peak < peakMiB),
    { ...stall, gated: false }, // docs/decisions/body-memory.md
    judgePlain(UPLOADS_ROW, 'each is delivered or honestly refused', honest),
  ]
}

function shownUploads({ peakMiB, idleMiB, ownMiB, statuses, idle, busy }: Uploads): string {
  const p99 = `good traffic's p99 ${idle.p99.toFixed(1)} ms idle, ${busy.p99.toFixed(1)} ms meanwhile`
  const resident = `resident ${idleMiB.toFixed(0)} MiB idle, ${peakMiB.toFixed(0)} at most`
  return `${resident} (${ownMiB.toFixed(0)} of its own); ${p99}; ${JSON.stringify(statuses)}`
}

/** MiB of a process, as the kernel counts them. */
function memoryOf(pid: number, what: 'RssAnon' | 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${what}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024
}
