import type { Delivery } from './deliveries.ts'
import type { Result } from './judgement.ts'
import type { Stage } from './stage.ts'

/** Columns under each other. */
function aligned(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map(line => line[column]?.length ?? 0)),
  )
  return lines
    .map(line => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .map(line => `  ${line.trimEnd()}`)
    .join('\n')
}

export function resultsTable(results: readonly Result[]): string {
  return aligned([
    ['sender', 'delivery', 'answer', 'reason', 'reached Automatisch'],
    ...results.map(({ delivery, status, reasons, arrived }) => [
      delivery.provider,
      delivery.says,
      String(status),
      reasons.join(' ') || '-',
      arrived ? 'yes' : 'no',
    ]),
  ])
}

export function movedTable(moved: ReadonlyMap<string, number>): string {
  return aligned([...moved].sort().map(([series, by]) => [series, `+${by}`]))
}

/** Lines to paste into a terminal: a delivery that passes, the same one forged, and what was counted. */
export function linesToTry(
  stage: Stage,
  { genuine, forged }: { readonly genuine: Delivery; readonly forged: Delivery },
): string {
  const { https, admin } = stage
  return `Try by hand:

  # signed by GitHub's secret: 204 the first time, then 200, because it was delivered already
  ${curl(https, genuine)}

  # the same signature over another body: 401
  ${curl(https, forged)}

  # a flow that nobody named: 404
  curl -ik https://127.0.0.1:${https}/webhooks/flows/00000000-0000-4000-8000-000000000000 -d '{}'

  # what was counted, what the stand-in for Automatisch received, who is ready
  curl -s http://127.0.0.1:${admin}/metrics | grep -E 'hookwarden_(requests|rejections|verified)_total.* [1-9]'
  curl -s ${stage.automatisch.control}/__seen
  curl -s http://127.0.0.1:${admin}/readyz
`
}

function curl(port: number, { path, headers, body }: Delivery): string {
  const given = headers.map(([name, value]) => ` \\\n    -H '${name}: ${value}'`)
  return `curl -ik https://127.0.0.1:${port}${path}${given.join('')} \\\n    -d '${body}'`
}
