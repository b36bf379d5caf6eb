import { Fault } from '../errors.ts'
import type { Millis } from '../units.ts'

/** What the process was started with. */
export interface Start {
  /** Options of Node on the command line, as `process.execArgv` has them. */
  readonly execArgv: readonly string[]
  /** NODE_OPTIONS; undefined when it is not set. */
  readonly nodeOptions: string | undefined
  /** What the machine takes the time for. */
  readonly wall: Millis
}

/** Options of Node that undo what the listener promises, and what each would do. */
const UNSAFE: Readonly<Record<string, string>> = {
  'insecure-http-parser': 'makes the HTTP parser accept what another one reads differently',
  'max-http-header-size': 'moves the limit on request heads',
  'http-parser': 'chooses another HTTP parser',
  'security-revert': 'undoes a security fix of Node',
}

/** No clock that is right says less: the first release came later. */
const EARLIEST: Millis = Date.UTC(2026, 0, 1)
const LATEST: Millis = Date.UTC(2100, 0, 1)

/** Refuses to start where nothing could be trusted: under unsafe options of Node, or with an absurd clock. Throws a fault. */
export function preflight({ execArgv, nodeOptions = '', wall }: Start): void {
  for (const [words, where] of [
    [execArgv, 'the command line of Node'],
    [nodeOptions.split(/\s+/), 'NODE_OPTIONS'],
  ] as const) {
    for (const word of words) {
      const option = optionOf(word)
      const does = option === undefined ? undefined : UNSAFE[option]
      if (does === undefined) continue
      const message = `--${option} in ${where} ${does}: take it out and start again`
      throw new Fault('unsafe_option', message)
    }
  }
  if (wall >= EARLIEST && wall < LATEST) return
  const says = new Date(wall).toISOString()
  const message = `the clock says ${says}: no signed time and no certificate can be judged by it; set it (NTP) and start again`
  throw new Fault('clock', message)
}

/** The name of an option as Node reads it: quoted or not, with `_` for `-`, with or without a value. */
function optionOf(word: string): string | undefined {
  const bare = /^["']?--(?<name>[\w-]+)/.exec(word)?.groups?.name
  return bare?.replaceAll('_', '-')
}
