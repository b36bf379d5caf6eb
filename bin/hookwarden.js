#!/usr/bin/env node
// Plain JavaScript, so that an old Node reads it and can say what it lacks, and so that the cache is on before the
// first source file is: then no type is stripped, and nothing compiled, a second time.
import * as modules from 'node:module'
import { fileURLToPath } from 'node:url'

/** What the sources need: type stripping, and decoding of hex and base64 by the language. */
const OLDEST_NODE = 24

const { node } = process.versions
if (Number(node.split('.')[0]) < OLDEST_NODE) {
  console.error(
    `hookwarden needs Node ${OLDEST_NODE} or later and this is ${node}: run it through npm ` +
      '(`npm run hookwarden -- …` after `npm ci`), so that the pinned Node is used.',
  )
  process.exit(2)
}
// where nothing can be written it is done without
modules.enableCompileCache(
  fileURLToPath(new URL('../node_modules/.cache/hookwarden', import.meta.url)),
)
await import('../src/cli.ts')
