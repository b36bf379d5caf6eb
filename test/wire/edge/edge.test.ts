import t from 'tap'
import { FRAMING } from './framing.ts'
import { runTable } from './run.ts'

const GROUPS = { framing: FRAMING }

for (const [group, tables] of Object.entries(GROUPS)) {
  for (const table of tables) {
    t.test(`${group}: ${table.name}`, t => runTable(t, table))
  }
}
