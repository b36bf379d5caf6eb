import { EVIDENCE } from '../presets/preset.ts'
import { PRESETS } from '../presets/presets.ts'
import { type Row, selftest as run, type Subject } from '../selftest/selftest.ts'
import { readVectors } from '../selftest/vector.ts'
import { bindVerifier } from '../verify/bind.ts'
import { compileScheme } from '../verify/compile.ts'
import { type Command, readArguments } from './command.ts'
import { processTerminal, type Terminal } from './terminal.ts'

export const command: Command = {
  help: `hookwarden selftest [--json]

Tries every preset against signatures that were not made by this program: those that senders publish, and those that
signers of the project's tests recorded from the senders' pages. Then it does to each what forgers do (a bit flipped,
another case, a blank, a header twice, the right signature second, stale, future, another body, …) and sees that every
one is refused. Needs no network, no map and no secret.

  --json  for machines

Example: hookwarden selftest --json
Exit codes: 0 all pass, 1 a fault.`,

  async main(args) {
    const { json } = readArguments(args, { json: { type: 'boolean', default: false } })
    return selftest(OURS, json, processTerminal)
  },
}

/** This program as it is. */
export const OURS: Subject = {
  schemes: Object.fromEntries(Object.entries(PRESETS).map(([name, { scheme }]) => [name, scheme])),
  compileScheme,
  bindVerifier,
}

/** Tests a machine and says what came of it; gives the exit code. */
export function selftest(subject: Subject, json: boolean, terminal: Terminal): number {
  const rows = run(subject, readVectors())
  const faulty = rows.filter(({ faults }) => faults.length > 0)
  const code = faulty.length === 0 ? 0 : 1
  if (json) {
    const presets = rows.map(row => ({ ...row, evidence: PRESETS[row.name]?.evidence ?? null }))
    terminal.out(JSON.stringify({ pass: code === 0, presets }, null, 2))
    return code
  }
  const width = Math.max(...rows.map(({ name }) => name.length))
  const line = (...cells: string[]) =>
    cells
      .map((cell, i) => cell.padEnd([width, 22, 9, 8, 6][i] ?? 0))
      .join('  ')
      .trimEnd()
  terminal.out(
    terminal.paint('bold', line('preset', 'evidence', 'published', 'recorded', 'checks', 'result')),
  )
  for (const row of rows) {
    const { name, published, recorded, checks } = row
    const result =
      row.faults.length === 0 ? terminal.paint('green', 'pass') : terminal.paint('red', 'FAULT')
    terminal.out(line(name, evidenceOf(name), `${published}`, `${recorded}`, `${checks}`, result))
  }
  for (const { name, faults } of faulty) {
    terminal.out('')
    for (const fault of faults) terminal.out(`${terminal.paint('red', name)}: ${fault}`)
  }
  terminal.out(`\n${terminal.paint(code === 0 ? 'green' : 'red', summary(rows, faulty.length))}`)
  return code
}

/** On what the preset rests; rows about the language itself have none. */
function evidenceOf(name: string): string {
  const evidence = PRESETS[name]?.evidence
  return evidence === undefined ? '-' : `${evidence} (${EVIDENCE[evidence].status})`
}

function summary(rows: readonly Row[], faulty: number): string {
  const presets = rows.filter(({ name }) => PRESETS[name] !== undefined).length
  const published = rows.filter(row => row.published > 0).length
  const checks = rows.reduce((sum, row) => sum + row.checks, 0)
  const what = `${presets} presets, ${published} of them with a published vector, ${checks} checks`
  return faulty === 0 ? `${what}: all pass` : `${what}: faults in ${faulty}`
}
