import { timingSafeEqual } from 'node:crypto'
import { CLEAN, type Verdict } from '../reasons.ts'
import type { Equality, SignedBytes } from './compiled.ts'
import type { Issues } from './issue.ts'
import type { Scope } from './names.ts'
import type { Reading } from './reading.ts'
import { covers } from './signed.ts'
import { needsBody, type Part, parseTemplate } from './template.ts'

/** What stands for all of the body. */
const WHOLE: ReadonlySet<Part['source']> = new Set(['body', 'sorted-form', 'sns'])

/** Reads `require`: pairs of templates. */
export function parseRequire(
  pairs: readonly (readonly [string, string])[],
  scope: Scope,
  sign: SignedBytes,
  claimInBody: boolean,
  issues: Issues,
): Equality[] {
  return pairs.map((pair, index) => {
    const [left = [], right = []] = pair.map((text, side) =>
      parseSide(text, `require[${index}][${side}]`, scope, issues),
    )
    checkPin(left, right, `require[${index}][1]`, sign, issues)
    checkPin(right, left, `require[${index}][0]`, sign, issues)
    const inBody = [...left, ...right].some(
      part => needsBody(part) || (claimInBody && part.source === 'variable'),
    )
    return { left, right, inBody }
  })
}

function parseSide(text: string, key: string, scope: Scope, issues: Issues): Part[] {
  const parts = parseTemplate(text, key, scope, issues)
  for (const { source, column } of parts) {
    if (source === 'secret') issues.add(key, column, 'a secret is compared nowhere but in a token')
  }
  return parts
}

/**
 * A digest of the body says nothing about it unless what it is compared with is signed. That a header may be listed as
 * signed is not enough: whoever repeats a delivery writes the list.
 */
function checkPin(
  side: readonly Part[],
  other: readonly Part[],
  key: string,
  sign: SignedBytes,
  issues: Issues,
): void {
  if (!side.some(({ source }) => WHOLE.has(source))) return
  const always: SignedBytes = {
    ...sign,
    before: sign.before.filter(isAlways),
    after: sign.after.filter(isAlways),
  }
  const loose = other.find(part => !covers(always, part))
  if (loose === undefined) return
  const message = "this is not part of 'sign', so it would prove nothing about the body"
  issues.add(key, loose.column, message)
}

function isAlways({ source }: Part): boolean {
  return source !== 'signed-headers'
}

/** Whether both sides of every pair are there and the same; `inBody` picks the pairs. */
export function judgeRequire(
  pairs: readonly Equality[],
  reading: Reading,
  inBody: boolean,
): Verdict {
  for (let i = 0; i < pairs.length; i++) {
    const pair = pairs[i] as Equality
    if (pair.inBody !== inBody) continue
    const left = reading.render(pair.left, 'signature_missing')
    if (left === undefined) return reading.refused
    const right = reading.render(pair.right, 'signature_missing')
    if (right === undefined) return reading.refused
    if (!sameText(left, right)) return 'signature_mismatch'
  }
  return CLEAN
}

/** Compares bytes in latin-1 text in a time that tells only their length. */
export function sameText(a: string, b: string): boolean {
  return (
    a.length === b.length && timingSafeEqual(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1'))
  )
}
