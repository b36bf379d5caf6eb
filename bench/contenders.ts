import { ask, type Child, startListening, stop } from './child.ts'
import { startHaproxy, startNginx } from './engines.ts'
import { startHookwarden } from './hookwarden.ts'
import { environment, type Site } from './site.ts'

export const OURS = 'hookwarden'
export const FLOOR = 'floor'

/** A proxy that takes part. */
export interface Contender {
  readonly name: string
  /** Whether it claims to refuse forgeries. */
  readonly checks: boolean
  /** Whether budgets may rest on it: false where it depends on what is installed. */
  readonly gated: boolean
  /** Undefined when it is not installed. */
  start(site: Site): Promise<{ readonly child: Child; readonly port: number } | undefined>
}

/** A contender that runs and was seen to do what it claims. */
export interface Running {
  readonly contender: Contender
  readonly port: number
  readonly pid: number
  /** Time spent in garbage collection so far, in milliseconds; undefined where nobody can say. */
  gc(): Promise<number | undefined>
  stop(): Promise<void>
}

function baseline(name: string, checks = true): Contender {
  return {
    name,
    checks,
    gated: true,
    start: site => startListening(import.meta.resolve(`./baselines/${name}.ts`), environment(site)),
  }
}

export const CONTENDERS: readonly Contender[] = [
  { name: OURS, checks: true, gated: true, start: site => startHookwarden(site) },
  baseline(FLOOR),
  baseline('fastify-undici'),
  baseline('fastify-http-proxy'),
  baseline('http-proxy-checked'),
  baseline('http-proxy-unchecked', false),
  { name: 'nginx-njs', checks: true, gated: false, start: startNginx },
  { name: 'haproxy', checks: true, gated: false, start: startHaproxy },
]

/** Starts a contender; a string says why it cannot take part. */
export async function run(contender: Contender, site: Site): Promise<Running | string> {
  try {
    const started = await contender.start(site)
    if (started === undefined) return 'not installed'
    const { child, port } = started
    const probed = child.process.send !== undefined
    return {
      contender,
      port,
      pid: child.pid,
      gc: async () => (probed ? (await ask<{ gc: number }>(child, 'gc')).gc : undefined),
      stop: () => stop(child),
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
