import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Child, startNode, stop } from './child.ts'
import { environment, FLOW, freePort, type Site } from './site.ts'

const ROOT = join(import.meta.dirname, '..')

/** Everything on; nothing ever refuses or delays, but all of it is computed. */
const AMPLE = '100000000/1s'

/** Hookwarden as the image starts it, and how long that took. */
export interface Served {
  readonly child: Child
  readonly port: number
  /** From the start of the process to the first 200 of `/readyz`, in milliseconds. */
  readonly took: number
}

/** Starts Hookwarden with `providers` providers and waits until it is ready. `store` is as the map has it. */
export async function startHookwarden(
  site: Site,
  providers = 1,
  store = 'memory',
): Promise<Served> {
  const program = built(site)
  const port = await freePort()
  const admin = await freePort()
  const file = join(site.folder, `hookwarden-${port}.yaml`)
  writeFileSync(file, mapOf(site, { port, admin, providers, store }))
  const begun = performance.now()
  const log = join(site.folder, `hookwarden-${port}.log`)
  const child = startNode([program, 'run', '--config', file], environment(site), log)
  try {
    await Promise.race([untilReady(admin), child.ended])
  } catch (cause) {
    await stop(child)
    throw new Error(`does not start: ${lastLine(log)}`, { cause })
  }
  return { child, port, took: performance.now() - begun }
}

/** Builds the program as the image has it, once for a site. Throws where it cannot be built. */
function built({ folder }: Site): string {
  const program = join(folder, 'bin/hookwarden.js')
  if (existsSync(program)) return program
  const build = join(ROOT, 'deploy/package/build.ts')
  execFileSync(process.execPath, [build, '--whole', '--to', join(folder, 'dist')])
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'))
  cpSync(join(ROOT, 'bin'), join(folder, 'bin'), { recursive: true })
  return program
}

function lastLine(log: string): string {
  return readFileSync(log, 'utf8').trim().split('\n').at(-1) ?? ''
}

async function untilReady(admin: number): Promise<void> {
  const end = performance.now() + 20_000
  for (;;) {
    try {
      const { status } = await fetch(`http://127.0.0.1:${admin}/readyz`)
      if (status === 200) return
    } catch {
      // not listening yet
    }
    if (performance.now() > end) throw new Error('not ready within 20 s')
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

function mapOf(
  site: Site,
  of: { port: number; admin: number; providers: number; store: string },
): string {
  const { port, admin, providers, store } = of
  return `version: 1
store: ${store}
upstream: ${site.upstream}
listen:
  https: 127.0.0.1:${port}
  tls: [{ cert: ${site.certFile}, key: ${site.keyFile} }]
  admin: 127.0.0.1:${admin}
defaults:
  limits: { per_address: ${AMPLE}, per_provider: ${AMPLE}, concurrency: 10000 }
limits: { connections_per_address: 2000, verified: ${AMPLE} }
providers:
${Array.from({ length: providers }, (_, i) => providerOf(i)).join('')}`
}

function providerOf(index: number): string {
  const flow = index === 0 ? FLOW : `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`
  return `  github-${index}:
    preset: github
    secret: env:BENCH_SECRET
    flows: [${flow}]
`
}
