import t from 'tap'
import { FRAMING } from './framing.ts'
import { HEADERS } from './headers.ts'
import { LIMITS } from './limits.ts'
import { runTable, runTogether } from './run.ts'
import { SIGNATURE } from './signature.ts'
import { LONG_WAITS, SLOW } from './slow.ts'
import { TARGET } from './target.ts'
import { HANDSHAKE_COUNT, runHandshakes } from './tls.ts'
import { UPSTREAM } from './upstream.ts'

const GROUPS = {
  framing: FRAMING,
  target: TARGET,
  headers: HEADERS,
  signature: SIGNATURE,
  limits: LIMITS,
  slow: SLOW,
  upstream: UPSTREAM,
}

for (const [group, tables] of Object.entries(GROUPS)) {
  for (const table of tables) t.test(`${group}: ${table.name}`, t => runTable(t, table))
}
t.test(`slow: ${LONG_WAITS.name}`, t => runTogether(t, LONG_WAITS))
t.test('tls: handshakes', runHandshakes)

t.test('no group is small, and no case has the name of another', async t => {
  let total = HANDSHAKE_COUNT + LONG_WAITS.cases.length
  for (const [group, tables] of Object.entries(GROUPS)) {
    for (const { name, cases } of tables) {
      const names = cases.map(({ what }) => what)
      t.same([...new Set(names)], names, `${group}: ${name}`)
      total += names.length
    }
  }
  t.ok(total >= 450, `${total} cases`)
})
