import t from 'tap'
import { FRAMING } from './framing.ts'
import { HEADERS } from './headers.ts'
import { runTable } from './run.ts'
import { TARGET } from './target.ts'

const GROUPS = { framing: FRAMING, target: TARGET, headers: HEADERS }

for (const [group, tables] of Object.entries(GROUPS)) {
  for (const table of tables) {
    t.test(`${group}: ${table.name}`, t => runTable(t, table))
  }
}
