import { FLOOR, OURS } from './contenders.ts'
import { type Judgement, least, ratio } from './judge.ts'
import type { Measured } from './measure.ts'

const COLUMNS = ['contender', 'CPU us', 'to floor', 'ours to it', 'GC ms/1000', 'p99 ms'] as const

/** One table for each row of the bench. */
export function tableOf(measured: Measured, note = ''): string {
  const lines = [COLUMNS.map(String)]
  for (const [name, rounds] of measured.rounds) {
    lines.push([
      name,
      shown(least(rounds, 'cpu'), 1),
      shown(ratio(measured, name, FLOOR), 2),
      shown(ratio(measured, OURS, name), 2),
      shown(least(rounds, 'gc'), 1),
      shown(least(rounds, 'p99'), 1),
    ])
  }
  const missing = [...measured.missing].map(([name, why]) => `  ${name}: not measured, ${why}\n`)
  return `\n${measured.row.says}${note}\n${aligned(lines)}\n${missing.join('')}`
}

export function verdictsOf(judgements: readonly Judgement[]): string {
  const lines = judgements.map(({ row, says, state, gated }) => [
    state === 'not measured' ? state : state.toUpperCase(),
    row,
    gated ? says : `${says} (reported, not gated)`,
  ])
  return `\nbudgets\n${aligned(lines)}\n`
}

function shown(value: number | undefined, digits: number): string {
  return value === undefined ? '-' : value.toFixed(digits)
}

function aligned(lines: readonly (readonly string[])[]): string {
  const width = (column: number): number =>
    Math.max(...lines.map(line => line[column]?.length ?? 0))
  return lines
    .map(line => line.map((cell, column) => cell.padEnd(width(column))).join('  '))
    .map(line => `  ${line.trimEnd()}`)
    .join('\n')
}
