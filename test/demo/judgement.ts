import { createHash } from 'node:crypto'
import type { Delivery as Arrived } from '../support/automatisch.ts'
import type { Delivery } from './deliveries.ts'

/** What became of one delivery. */
export interface Result {
  readonly delivery: Delivery
  /** 0 when the connection was closed without an answer. */
  readonly status: number
  /** Reasons whose count moved meanwhile. */
  readonly reasons: readonly string[]
  readonly arrived: boolean
}

/** The metrics that must move, and by how much: nothing else of these three may. */
export const WATCHED = /^hookwarden_(?:requests|rejections|verified)_total\{/

/** Everything that is not as it must be, one sentence each; empty when all is well. */
export function complaints(
  results: readonly Result[],
  arrived: readonly Arrived[],
  moved: ReadonlyMap<string, number>,
): string[] {
  return [
    ...results.flatMap(result => wrongAnswer(result)),
    ...wrongArrivals(results, arrived),
    ...wrongMoves(results, moved),
  ]
}

/** A series with its labels in alphabetical order. */
function inOrder(series: string): string {
  const [name = '', labels = ''] = series.split(/[{}]/)
  return `${name}{${labels.split(',').sort().join(',')}}`
}

function wrongAnswer({ delivery, status, reasons, arrived }: Result): string[] {
  const { provider, says, reason } = delivery
  const expected = reason === undefined ? [] : [reason]
  const wrong: string[] = []
  if (status !== delivery.status) wrong.push(`was answered ${status}, not ${delivery.status}`)
  if (reasons.join() !== expected.join()) {
    wrong.push(`was refused for "${reasons.join()}", not for "${expected.join()}"`)
  }
  if (arrived !== (reason === undefined)) {
    wrong.push(arrived ? 'reached the upstream' : 'did not reach the upstream')
  }
  return wrong.map(what => `${provider}, ${says}: ${what}`)
}

function wrongArrivals(results: readonly Result[], arrived: readonly Arrived[]): string[] {
  const genuine = results.filter(({ delivery }) => delivery.reason === undefined)
  const expected = genuine.map(({ delivery }) => hashOf(delivery.body)).sort()
  const got = arrived.map(({ sha256 }) => sha256 ?? 'no body').sort()
  return got.join() === expected.join()
    ? []
    : [
        `the upstream saw ${got.length} bodies, not the ${expected.length} genuine ones byte for byte`,
      ]
}

function wrongMoves(results: readonly Result[], moved: ReadonlyMap<string, number>): string[] {
  const expected = new Map<string, number>()
  const count = (series: string): void => {
    expected.set(inOrder(series), (expected.get(inOrder(series)) ?? 0) + 1)
  }
  for (const { delivery } of results) {
    const { provider, reason } = delivery
    const outcome = reason === undefined ? 'accepted' : 'rejected'
    count(`hookwarden_requests_total{provider="${provider}",outcome="${outcome}"}`)
    if (reason === undefined) {
      count(`hookwarden_verified_total{provider="${provider}",secret="current"}`)
    } else {
      count(`hookwarden_rejections_total{provider="${provider}",reason="${reason}",mode="enforce"}`)
    }
  }
  const got = new Map([...moved].map(([series, by]) => [inOrder(series), by]))
  return [...new Set([...expected.keys(), ...got.keys()])]
    .filter(series => expected.get(series) !== got.get(series))
    .map(
      series => `${series} moved by ${got.get(series) ?? 0}, not by ${expected.get(series) ?? 0}`,
    )
}

function hashOf(body: string): string {
  return createHash('sha256').update(body).digest('hex')
}
