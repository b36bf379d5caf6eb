import type { Scheme } from '../verify/scheme.ts'
import { type Hypothesis, headersOf, type Scene, signatureHeaders } from './scene.ts'
import { keyOf } from './subject.ts'
import type { Trial } from './trial.ts'

/** More are not tried: each costs a pass over the body. */
const MOST_PRESETS = 32
const MOST_OTHERS = 256
/** More names are not told: the first ones say what the header belongs to. */
const MOST_NAMES = 3

/** Other senders' schemes with the provider's own secret: those first whose header is another. */
export function* supposePreset(scene: Scene, base: Trial): Generator<Hypothesis> {
  yield* supposeOthers(scene, base)
  const own = signatureHeaders(base.scheme)
  const other = ({ scheme }: Named) => !signatureHeaders(scheme).some(name => own.includes(name))
  const present = presentIn(scene).filter(({ scheme }) => !alike(scheme, base.scheme))
  const ordered = [...present.filter(other), ...present.filter(one => !other(one))]
  for (const { scheme, names } of ordered.slice(0, MOST_PRESETS)) {
    const detail = `signed as the preset ${listed(names)} has it`
    yield { code: 'wrong_preset', detail, trial: { ...base, scheme } }
  }
}

/** Other providers of the map, with their own secrets: the delivery came to the wrong path. */
function* supposeOthers({ others }: Scene, base: Trial): Generator<Hypothesis> {
  for (const { name, scheme, options, keys } of others.slice(0, MOST_OTHERS)) {
    if (alike(scheme, base.scheme)) continue
    const detail = `signed as the provider ${name} of the map signs, with its secret`
    yield {
      code: 'wrong_preset',
      detail,
      trial: { ...base, scheme, options, keys: keys.map(keyOf) },
    }
  }
}

/** Whose header is there, while the provider's own is not; undefined where nobody's is. */
export function presetsOfHead(scene: Scene): string | undefined {
  const own = headersOf(scene.subject.scheme)
  const foreign = presentIn(scene).filter(
    ({ scheme }) => !signatureHeaders(scheme).some(name => own.includes(name) || COMMON.has(name)),
  )
  const [first] = foreign
  if (first === undefined) return undefined
  const [header = ''] = signatureHeaders(first.scheme).filter(name => has(scene, name))
  return `${header} is there, which the preset ${listed(foreign.flatMap(({ names }) => names))} signs with`
}

/** Headers that say nothing of who sent them. */
const COMMON: ReadonlySet<string> = new Set([
  'authorization',
  'x-api-key',
  'x-auth-token',
  'x-token',
])

interface Named {
  readonly scheme: Scheme
  readonly names: string[]
}

/** Presets all of whose headers are there; those that sign alike are one. */
function presentIn(scene: Scene): Named[] {
  const found = new Map<string, Named>()
  for (const [name, scheme] of Object.entries(scene.presets)) {
    const signature = signatureHeaders(scheme)
    if (signature.length === 0 || !signature.some(header => has(scene, header))) continue
    const rest = headersOf(scheme).filter(header => !signature.includes(header))
    if (!rest.every(header => has(scene, header))) continue
    const key = JSON.stringify(scheme)
    const known = found.get(key)
    if (known === undefined) found.set(key, { scheme, names: [name] })
    else known.names.push(name)
  }
  return [...found.values()]
}

function has({ head }: Scene, header: string): boolean {
  return head.only(header) !== undefined
}

function alike(a: Scheme, b: Scheme): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).join(', ')
  return names.length > MOST_NAMES ? `${shown}, …` : shown
}
