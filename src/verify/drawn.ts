import type { CompiledScheme, Each, Equality, SignedBytes } from './compiled.ts'
import type { DigestName } from './digest.ts'
import { digestOf } from './filters.ts'
import type { Issues } from './issue.ts'
import { jsonTree } from './json.ts'
import type { JsonTree } from './json-scanner.ts'
import { type Place, parsePath } from './place.ts'
import type { Scheme } from './scheme.ts'
import { SNS_FIELDS } from './sns.ts'
import type { Part } from './template.ts'

/** What of a scheme draws on a delivery. */
export interface Drawn {
  readonly sign: SignedBytes
  readonly time: CompiledScheme['time']
  readonly require: readonly Equality[]
  readonly jwt: CompiledScheme['jwt']
  readonly from: readonly Place[]
}

/** Every part of every template but those of the key. */
function partsOf({ sign, time, require, jwt }: Drawn): Part[] {
  return [
    ...sign.before,
    ...sign.after,
    ...(time?.from ?? []),
    ...require.flatMap(({ left, right }) => [...left, ...right]),
    ...(jwt?.claims.flatMap(({ is }) => is) ?? []),
  ]
}

/** Digests that have to run over the body beside what is signed. */
export function digestsOf(drawn: Drawn): DigestName[] {
  const names = partsOf(drawn).flatMap(({ source, filters }) => {
    const name = source === 'body' ? digestOf(filters[0]) : undefined
    return name === undefined ? [] : [name]
  })
  return [...new Set(names)]
}

/** What is read of a JSON body; undefined where nothing is. */
export function jsonOf(drawn: Drawn): JsonTree | undefined {
  const parts = partsOf(drawn)
  const named = [...parts, ...drawn.from].filter(({ source }) => source === 'json')
  const paths = new Set(named.map(({ name }) => name))
  if (parts.some(({ source }) => source === 'sns')) for (const name of SNS_FIELDS) paths.add(name)
  return paths.size === 0 ? undefined : treeOf([...paths], [])
}

/** Reads `each` and `item`. The fields of a batch are those of its elements. */
export function parseEach({ each, item }: Scheme, drawn: Drawn, issues: Issues): Each | undefined {
  if (each === undefined) return undefined
  const array = parsePath(each, 'each', 1, issues)
  const within = item === undefined ? [] : parsePath(item, 'item', 1, issues)
  if (array === undefined || within === undefined) return undefined
  const fields = jsonOf(drawn)
  if (fields === undefined) {
    issues.add('each', 1, "nothing is read of an element: name a field, such as '{json:id}'")
    return undefined
  }
  return { array: jsonTree([{ path: EACH, steps: array }]), fields: below(within, fields) }
}

/** The path by which the array of a batch is found again. */
export const EACH = ''

function treeOf(paths: readonly string[], within: readonly string[]): JsonTree {
  return jsonTree(paths.map(path => ({ path, steps: [...within, ...path.split('.')] })))
}

function below(steps: readonly string[], tree: JsonTree): JsonTree {
  return steps.reduceRight<JsonTree>(
    (inner, step) => ({ path: undefined, below: new Map([[step, inner]]) }),
    tree,
  )
}
