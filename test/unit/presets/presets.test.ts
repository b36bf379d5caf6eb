import { readFileSync } from 'node:fs'
import t from 'tap'
import { PRESETS, type Preset } from '../../../src/presets/presets.ts'
import { formatMillis } from '../../../src/units.ts'
import { compileScheme } from '../../../src/verify/compile.ts'
import { SIGNERS } from '../../signers/signers.ts'

const NAMES = Object.keys(PRESETS)

t.test('every preset compiles, cites its page and has an independent signer', async t => {
  t.equal(NAMES.length, 9)
  t.same([...NAMES, 'acme-erp'].sort(), Object.keys(SIGNERS).sort())
  for (const [name, { scheme, page }] of Object.entries(PRESETS)) {
    t.notOk(Array.isArray(compileScheme(scheme)), name)
    t.match(page.url, /^https:/)
  }
})

t.test('what an object has of its own accord is no preset', async t => {
  for (const name of ['constructor', 'toString', '__proto__'])
    t.equal(PRESETS[name], undefined, name)
})

t.test('the table of presets in the docs says what the code has', async t => {
  const docs = readFileSync('docs/schemes.md', 'utf8')
  const rows = docs.split('\n').filter(line => line.startsWith('| ['))
  t.same(rows, Object.entries(PRESETS).map(row))
})

function row([name, { scheme, page, timeout }]: [string, Preset]): string {
  const signed = scheme.sign === undefined ? '-' : `\`${scheme.sign}\``
  const tolerance = scheme.timestamp?.tolerance ?? '-'
  const waits = timeout === undefined ? 'not said' : formatMillis(timeout)
  return `| [${name}](${page.url}) | ${scheme.alg} | \`${scheme.from}\` | ${signed} | ${tolerance} | ${waits} |`
}
