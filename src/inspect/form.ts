import { type Flaw, malformed } from './flaw.ts'

/**
 * Automatisch's parser of forms takes time by the square of how many objects the names make, such as two of
 * `a[b][c]=1`: a form of 1 MiB can hold it up for half a minute. This many take it some milliseconds.
 */
const MOST_NESTED = 4096
/** With more parameters it refuses by itself. */
const MOST_PARAMETERS = 1000

const DEEP = malformed(`the names of the form have more than ${MOST_NESTED} brackets`)
const BRACKETS = ['[', '%5B', '%5b']
/** Where a name ends for it: at the first of these, or else at the first `=`. */
const ENDS = [']=', '%5D=', '%5d=']

/** Whether a form would hold Automatisch up. */
export function formFlaw(body: Buffer): Flaw | undefined {
  if (bracketsIn(body) <= MOST_NESTED) return undefined // values may have as many as they like
  let found = 0
  let at = 0
  for (let i = 0; i < MOST_PARAMETERS && at < body.length; i++) {
    const and = body.indexOf('&', at)
    const end = and === -1 ? body.length : and
    const pair = body.subarray(at, end)
    found += bracketsIn(pair.subarray(0, nameEnd(pair)))
    if (found > MOST_NESTED) return DEEP
    at = end + 1
  }
  return undefined
}

/** Up to more than what may be, in time linear in the body. */
function bracketsIn(bytes: Buffer): number {
  let found = 0
  for (const bracket of BRACKETS) {
    let at = bytes.indexOf(bracket)
    while (at !== -1 && found <= MOST_NESTED) {
      found++
      at = bytes.indexOf(bracket, at + bracket.length)
    }
  }
  return found
}

function nameEnd(pair: Buffer): number {
  const end = Math.max(...ENDS.map(mark => pair.indexOf(mark)))
  return end === -1 ? pair.indexOf('=') >>> 0 : end
}
