/**
 * Builds tap with the plugins that `.taprc` leaves, unless that is what is there: it takes as long as many tests, and
 * `tap` alone notices only after it has chosen its loaders. `overrides` in package.json have it compiled by this project's
 * TypeScript, which takes a fifth of the time that the one it names does.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'

const BUILT = 'node_modules/@tapjs/test/test-built/dist/esm/index.js'
const STAMP = '.tap/plugins/built-from'

/** What the built one depends on; installing or building again changes the time. */
const state = () =>
  `${statSync(BUILT, { throwIfNoEntry: false })?.ctimeMs}\n${readFileSync('.taprc', 'utf8')}`

if (!existsSync(STAMP) || readFileSync(STAMP, 'utf8') !== state()) {
  const { status } = spawnSync(process.execPath, ['node_modules/.bin/tap', 'build'], {
    stdio: 'inherit',
  })
  if (status === 0) writeFileSync(STAMP, state())
  process.exitCode = status ?? 1
}
