import { CLEAN } from '../reasons.ts'
import type { Scheme } from '../verify/scheme.ts'
import { judge, type Machine } from './delivery.ts'
import { meets, mutations } from './mutations.ts'
import type { Vector } from './vector.ts'

/** What one preset came to. */
export interface Row {
  readonly name: string
  /** Vectors that its sender published, and that a signer of ours recorded. */
  readonly published: number
  readonly recorded: number
  readonly checks: number
  /** What was not as it has to be, in one sentence each. */
  readonly faults: readonly string[]
}

/** What is tested: schemes by the names of their presets. */
export interface Subject extends Machine {
  readonly schemes: Readonly<Record<string, Scheme>>
}

/** Tries every vector, and what may be done to it, against its preset. Pure. */
export function selftest(subject: Subject, vectors: readonly Vector[]): Row[] {
  const byName = Map.groupBy(vectors, ({ name }) => name)
  const names = [...new Set([...Object.keys(subject.schemes), ...byName.keys()])].sort()
  return names.map(name => rowOf(name, subject, byName.get(name) ?? []))
}

function rowOf(name: string, subject: Subject, vectors: readonly Vector[]): Row {
  const faults = vectors.some(({ source }) => source === 'recorded')
    ? []
    : ['it has no recorded vector']
  let checks = 0
  for (const vector of vectors) {
    const scheme = vector.scheme ?? subject.schemes[name]
    if (scheme === undefined) faults.push('a vector names it, and there is no such preset')
    else {
      const tried = tryAll(vector, scheme, subject)
      checks += tried.checks
      faults.push(...tried.faults)
    }
  }
  const published = vectors.filter(({ source }) => source !== 'recorded').length
  return { name, published, recorded: vectors.length - published, checks, faults }
}

function tryAll(vector: Vector, scheme: Scheme, machine: Machine): Pick<Row, 'checks' | 'faults'> {
  const faults: string[] = []
  let checks = 0
  for (const mutation of mutations(vector, scheme)) {
    checks++
    const verdict = judge(machine, scheme, mutation.delivery)
    if (typeof verdict === 'object') faults.push(`${mutation.name}: ${verdict.broken}`)
    else if (!meets(verdict, mutation)) {
      const { expect } = mutation
      faults.push(`${mutation.name}: ${word(verdict)}, expected ${word(expect)}`)
    }
  }
  return { checks, faults }
}

function word(verdict: string | typeof CLEAN): string {
  return verdict === CLEAN ? 'accepted' : verdict
}
