#!/usr/bin/env node
// Plain JavaScript, so that an old Node reads it and can say what it lacks, and so that the cache is on before the
// first source file is: then no type is stripped, and nothing compiled, a second time.
import { existsSync } from 'node:fs'
import * as modules from 'node:module'
import { fileURLToPath } from 'node:url'

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
// where nothing can be written it is done without
modules.enableCompileCache(
  fileURLToPath(new URL('../node_modules/.cache/hookwarden', import.meta.url)),
)
await import(sources ? '../src/cli.ts' : '../dist/program/cli.js')
