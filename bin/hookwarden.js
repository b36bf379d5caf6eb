#!/usr/bin/env node
// Plain JavaScript, so that an old Node reads it and can say what it lacks, and so that the cache is on before the
// first source file is: then no type is stripped, and nothing compiled, a second time.
import { existsSync } from 'node:fs'
import * as modules from 'node:module'
import { fileURLToPath } from 'node:url'

/** Megabytes of V8's young generation: a running process cannot change them. See docs/decisions/collector.md. */
const YOUNG = '--max-semi-space-size=4'
/** What decodes hex and base64 by the language: an older one would take every signature for malformed. */
const OLDEST_NODE = 26

const { node } = process.versions
/** A checkout runs its sources, whatever was built from them before; a package and an image have none. */
const sources = existsSync(new URL('../src/cli.ts', import.meta.url))
if (Number(node.split('.')[0]) < OLDEST_NODE) {
  const advice = sources
    ? 'run it through npm (`npm run hookwarden -- …` after `npm ci`), so that the pinned Node is used.'
    : `install that, or put it beside Hookwarden: \`npm install node@${OLDEST_NODE}\`.`
  console.error(`hookwarden needs Node ${OLDEST_NODE} or later and this is ${node}: ${advice}`)
  process.exit(2)
}
if (process.argv[2] === 'run') startWith(YOUNG)
// where nothing can be written it is done without
modules.enableCompileCache(
  fileURLToPath(new URL('../node_modules/.cache/hookwarden', import.meta.url)),
)
await import(sources ? '../src/cli.ts' : '../dist/program/cli.js')

/**
 * Has this very process begin again with an option of Node, where nobody chose another value and it can: Windows cannot,
 * Node's permission model may forbid it, and a parent's channel would not survive it.
 */
function startWith(option) {
  const { execArgv, execPath, argv, env, channel } = process
  const told = [...execArgv, env.NODE_OPTIONS ?? ''].join(' ').replaceAll('_', '-')
  if (told.includes(option.split('=')[0]) || channel !== undefined) return
  try {
    process.execve(execPath, [execPath, option, ...execArgv, ...argv.slice(1)])
  } catch {
    // it takes some 20 MiB more
  }
}
