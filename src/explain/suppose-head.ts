import { Head, REPEATED } from '../head.ts'
import { type Hypothesis, headersOf, type Scene, signatureHeaders } from './scene.ts'
import type { Trial } from './trial.ts'

/** What proxies and gateways put before a name, or take from it. */
const ADDED = /^(?:http-|x-amzn-remapped-|x-original-|x-forwarded-|x-)+/

/** Headers that are there twice, or under another name. */
export function* supposeHead(_: Scene, base: Trial): Generator<Hypothesis> {
  const { head } = base
  for (const name of headersOf(base.scheme)) {
    const value = head.only(name)
    if (value === REPEATED) yield* once(name, base)
    if (value === undefined || value === '') yield* renamed(name, base)
  }
}

function* once(name: string, base: Trial): Generator<Hypothesis> {
  const values = base.head.all(name)
  for (const value of new Set([values[0], values.at(-1)])) {
    if (value === undefined) continue
    const raw = [...without(name, base.head.raw), name, value]
    const detail = `${name} comes ${values.length} times`
    yield { code: 'header_repeated', detail, trial: withHeaders(base, raw) }
  }
}

function* renamed(name: string, base: Trial): Generator<Hypothesis> {
  const { raw } = base.head
  for (let i = 0; i < raw.length; i += 2) {
    const given = raw[i] ?? ''
    if (given.toLowerCase() === name || essence(given) !== essence(name)) continue
    const detail = `${name} arrives as ${given}`
    const trial = withHeaders(base, raw.with(i, name))
    yield { code: 'header_renamed', detail, trial }
  }
}

/** What of a name survives a gateway. */
function essence(name: string): string {
  return name.toLowerCase().replaceAll(/[_.]/g, '-').replace(ADDED, '')
}

function without(name: string, raw: readonly string[]): string[] {
  return raw.filter((_, i) => raw[i - (i % 2)]?.toLowerCase() !== name)
}

function withHeaders(base: Trial, raw: readonly string[]): Trial {
  return { ...base, head: new Head(base.head.method, base.head.target, raw) }
}

/** A header of the scheme that is absent; undefined where all are there. The signature's own comes first. */
export function absentHeader({ subject: { scheme }, head }: Scene): string | undefined {
  const absent = (name: string) => head.only(name) === undefined || head.only(name) === ''
  const signature = signatureHeaders(scheme)
  if (signature.length > 0 && signature.every(absent)) return signature[0]
  return headersOf(scheme).find(name => !signature.includes(name) && absent(name))
}
