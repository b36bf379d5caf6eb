import type { Delivery } from './delivery.ts'

/** A signature as it stands in a delivery. */
export interface Spelling {
  readonly text: string
  readonly kind: 'hex' | 'base64' | 'base64url' | 'base64+hex' | 'shown'
  /** Writes other bytes in the same way. */
  readonly spell: (bytes: Buffer) => string
  /** The delivery with another text in that place. */
  readonly put: (text: string) => Delivery
}

type Spell = Spelling['spell']

const KINDS: readonly (readonly [Spelling['kind'], Spell])[] = [
  ['hex', bytes => bytes.toString('hex')],
  ['hex', bytes => bytes.toString('hex').toUpperCase()],
  ['base64', bytes => bytes.toString('base64')],
  ['base64url', bytes => bytes.toString('base64url')],
  ['base64+hex', bytes => Buffer.from(bytes.toString('hex')).toString('base64')],
  ['shown', bytes => bytes.toString('latin1')],
]

/** Finds a signature in headers, target or body; undefined where none of its spellings stands there. */
export function findSpelling(delivery: Delivery, signature: Buffer): Spelling | undefined {
  if (signature.length === 0) return undefined
  for (const [kind, spell] of KINDS) {
    const text = spell(signature)
    for (const put of places(delivery, text)) return { text, kind, spell, put }
  }
  return undefined
}

function* places(delivery: Delivery, text: string): Generator<Spelling['put']> {
  const { headers, target, body } = delivery
  const header = headers.findIndex(([, value]) => value.includes(text))
  if (header !== -1) {
    yield other => ({
      ...delivery,
      headers: headers.map(([name, value], i) => [
        name,
        i === header ? replaceLast(value, text, other) : value,
      ]),
    })
  }
  if (target.includes(text)) {
    yield other => ({ ...delivery, target: replaceLast(target, text, other) })
  }
  for (const write of [(plain: string) => plain, encodeURIComponent, withinJson]) {
    const written = write(text)
    const latin1 = body.toString('latin1')
    if (!latin1.includes(written)) continue
    yield other => ({
      ...delivery,
      body: Buffer.from(replaceLast(latin1, written, write(other)), 'latin1'),
    })
  }
}

function withinJson(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

function replaceLast(text: string, part: string, other: string): string {
  const at = text.lastIndexOf(part)
  return text.slice(0, at) + other + text.slice(at + part.length)
}
