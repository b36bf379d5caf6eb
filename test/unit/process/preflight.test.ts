import t from 'tap'
import { preflight } from '../../../src/process/preflight.ts'

const NOW = Date.UTC(2026, 10, 26)

t.test(
  'options that undo what the listener promises are refused, however they are spelt',
  async t => {
    const refused: readonly (readonly [readonly string[], string | undefined, string])[] = [
      [['--insecure-http-parser'], undefined, '--insecure-http-parser in the command line of Node'],
      [[], '--insecure-http-parser', '--insecure-http-parser in NODE_OPTIONS'],
      [[], ' --no-warnings  "--insecure_http_parser" ', '--insecure-http-parser in NODE_OPTIONS'],
      [['--max-http-header-size', '65536'], '', '--max-http-header-size in the command line'],
      [[], '--max-http-header-size=65536', '--max-http-header-size in NODE_OPTIONS'],
      [['--max_http_header_size=65536'], undefined, '--max-http-header-size in the command line'],
      [['--http-parser=legacy'], undefined, '--http-parser in the command line'],
      [[], '--security-revert=CVE-2023-46809', '--security-revert in NODE_OPTIONS'],
    ]
    for (const [execArgv, nodeOptions, says] of refused) {
      t.throws(
        () => preflight({ execArgv, nodeOptions, wall: NOW }),
        { code: 'unsafe_option', message: new RegExp(`^${says}.*: take it out and start again$`) },
        says,
      )
    }
  },
)

t.test('any other option may stay', async t => {
  const execArgv = ['--import', './probe.ts', '--max-semi-space-size=4', '--enable-source-maps']
  preflight({ execArgv, nodeOptions: '--no-insecure-http-parser --inspect', wall: NOW })
  preflight({ execArgv: [], nodeOptions: undefined, wall: NOW })
  t.pass('nothing was thrown')
})

t.test('a clock that cannot be right is refused', async t => {
  for (const year of [1970, 2025, 2100, 2106]) {
    const wall = Date.UTC(year, 11, 31)
    t.throws(
      () => preflight({ execArgv: [], nodeOptions: undefined, wall }),
      { code: 'clock', message: new RegExp(`^the clock says ${year}-12-31T.*start again$`) },
      `${year}`,
    )
  }
})
